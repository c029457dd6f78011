//! Decisions over a store in memory: how a session goes on, how long a password for one time is good, and
//! what a service's token leaves behind.

use core::net::IpAddr;
use std::time::Duration;

use kernel::audit::AuditLine;
use kernel::memory::MemoryStore;
use kernel::record::Hash32;
use kernel::{Caller, Context, CorrelationId, Decision, Id, Role, SessionId, SubId, Subject};

use super::*;
use crate::records::{
    LoginName, ONE_TIME_LIFE, Proof, ProofState, Right, Rights, Session, SessionState, User,
    UserKind,
};

const SECOND: Duration = Duration::from_secs(1);

fn run<D: Decision>(store: &MemoryStore, decision: &D) -> D::Outcome {
    let context = Context::request(CorrelationId(7), None);
    *store.run(decision, context).unwrap().downcast().unwrap()
}

fn hash(byte: u8) -> Hash32 {
    Hash32([byte; 32])
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn right(word: &str) -> Right {
    Right::new(word).unwrap()
}

fn made(store: &MemoryStore, kind: UserKind, proof_state: ProofState) -> User {
    run(store, &making(kind, proof_state, Rights::default())).unwrap().0
}

fn making(kind: UserKind, proof_state: ProofState, rights: Rights) -> CreateUser {
    let name = match kind {
        UserKind::Person => LoginName::email("ada@example.org"),
        UserKind::Service => LoginName::service("shop"),
    };
    CreateUser {
        operation: "create_user",
        kind,
        name: name.unwrap(),
        proof: Proof::new("first"),
        proof_state,
        rights,
        caller: None,
        key: None,
    }
}

/// Signs in with the proof that there is; with another in its place if that is wanted.
fn log_in(store: &MemoryStore, sub: SubId, changed: Option<&str>) -> Result<(), SignInRefused> {
    let compared = store.records::<User>()[0].proof.clone();
    let session = NewSession {
        session_id: SessionId::from_uuid(1),
        family_hash: hash(0),
        token_hash: hash(1),
    };
    let changed = changed.map(Proof::new);
    run(store, &LogIn { sub, compared, rehashed: None, changed, session }).map(drop)
}

/// What the trail has, the newest last.
fn booked(store: &MemoryStore) -> Vec<String> {
    let lines = store.records::<AuditLine>();
    lines.iter().map(|line| line.operation.as_str().to_owned()).collect()
}

/// A session of which tokens are shown by their numbers: 1 is the first, each that is taken gives the
/// next number, 0 is made up.
struct Shown {
    store: MemoryStore,
    newest: u8,
}

impl Shown {
    fn new() -> Self {
        let store = MemoryStore::new();
        let sub = made(&store, UserKind::Person, ProofState::Chosen).sub;
        log_in(&store, sub, None).unwrap();
        Self { store, newest: 1 }
    }

    fn next(&self) -> u8 {
        self.newest.checked_add(1).unwrap()
    }

    #[track_caller]
    fn shows(&mut self, (number, from): (u8, Option<IpAddr>), expected: Result<u8, SignInRefused>) {
        let decision = RefreshSession {
            session_id: SessionId::from_uuid(1),
            family_hash: hash(0),
            shown_hash: hash(number),
            next_hash: hash(self.next()),
            from,
        };
        let taken = run(&self.store, &decision);
        if taken.is_ok() {
            self.newest = self.next();
        }
        assert_eq!(taken.map(|_| self.newest), expected);
    }
}

#[test]
fn a_replaced_token_is_a_second_click_for_a_moment_and_from_there_alone() {
    let (home, elsewhere) = (address("192.0.2.1"), address("198.51.100.1"));
    let check = |wait: Duration, again: (u8, Option<IpAddr>), expected| {
        let mut session = Shown::new();
        session.shows((1, home), Ok(2));
        session.store.pass(wait);
        session.shows(again, Err(expected));
        // After a second click it goes on with the newer one; after a theft for nobody.
        let goes_on = expected == SignInRefused::Superseded;
        session.shows((2, home), if goes_on { Ok(3) } else { Err(SignInRefused::Over) });
    };
    check(Duration::ZERO, (1, home), SignInRefused::Superseded);
    check(GRACE.saturating_sub(SECOND), (1, home), SignInRefused::Superseded);
    check(GRACE.saturating_add(SECOND), (1, home), SignInRefused::Reused);
    check(Duration::ZERO, (1, elsewhere), SignInRefused::Reused);
    check(Duration::ZERO, (1, None), SignInRefused::Reused);
    check(Duration::ZERO, (0, home), SignInRefused::Reused);
}

/// Whoever stole a token and comes first has what its owner has not; the owner's next try tells.
#[test]
fn a_thief_who_is_first_is_seen_when_the_owner_comes() {
    let (home, elsewhere) = (address("192.0.2.1"), address("198.51.100.1"));
    let mut session = Shown::new();
    session.shows((1, elsewhere), Ok(2));
    session.shows((1, home), Err(SignInRefused::Reused));
    session.shows((2, elsewhere), Err(SignInRefused::Over));
    assert_eq!(session.store.records::<Session>()[0].state, SessionState::Reused);
    assert_eq!(booked(&session.store).last().unwrap(), "reuse_refresh_token");

    // From behind the same address: when the moment is over, or he went on.
    let mut session = Shown::new();
    session.shows((1, home), Ok(2));
    session.shows((1, home), Err(SignInRefused::Superseded));
    session.store.pass(GRACE.saturating_add(SECOND));
    session.shows((1, home), Err(SignInRefused::Reused));
    session.shows((2, home), Err(SignInRefused::Over));
    let mut session = Shown::new();
    session.shows((1, home), Ok(2));
    session.shows((2, home), Ok(3));
    session.shows((1, home), Err(SignInRefused::Reused));
    session.shows((3, home), Err(SignInRefused::Over));
}

/// Whose session a theft ended logs out everywhere with the token that he still has.
#[test]
fn everywhere_is_everywhere_even_where_the_shown_session_is_over() {
    let check = |is_stolen: bool, reach, (epoch, state): (u64, SessionState), expected: &str| {
        let mut session = Shown::new();
        session.shows((1, None), Ok(2));
        if is_stolen {
            session.store.pass(GRACE.saturating_add(SECOND));
            session.shows((1, None), Err(SignInRefused::Reused));
        }
        let decision = LogOut { session_id: SessionId::from_uuid(1), family_hash: hash(0), reach };
        // A second time it finds everything done.
        for _ in 0..2 {
            let user = run(&session.store, &decision).unwrap();
            assert_eq!(user.epoch, epoch, "{is_stolen} {reach:?}");
            assert_eq!(session.store.records::<Session>()[0].state, state);
            assert_eq!(booked(&session.store).last().unwrap(), expected);
        }
    };
    let (ended, reused) = (SessionState::Ended, SessionState::Reused);
    check(false, Reach::Here, (1, ended), "log_out");
    check(false, Reach::Everywhere, (2, ended), "log_out_everywhere");
    check(true, Reach::Here, (1, reused), "reuse_refresh_token");
    check(true, Reach::Everywhere, (2, reused), "log_out_everywhere");
}

#[test]
fn a_session_whose_time_is_over_ends_no_other() {
    let mut session = Shown::new();
    session.shows((1, None), Ok(2));
    let expires_at = session.store.records::<Session>()[0].expires_at();
    session.store.pass(expires_at.since(kernel::Clock::now(&session.store)));
    let (session_id, family_hash) = (SessionId::from_uuid(1), hash(0));
    for reach in [Reach::Here, Reach::Everywhere] {
        let user = run(&session.store, &LogOut { session_id, family_hash, reach }).unwrap();
        assert_eq!(user.epoch, 1, "{reach:?}");
    }
    assert_eq!(session.store.records::<Session>()[0].state, SessionState::Active);
}

#[test]
fn a_password_for_one_time_is_good_for_a_week() {
    let operator = Caller { sub: Subject::new("olga").unwrap(), role: Role::Operator };
    let check = |proof_state, wait: Duration, expected| {
        let store = MemoryStore::new();
        let sub = made(&store, UserKind::Person, proof_state).sub;
        store.pass(wait);
        assert_eq!(log_in(&store, sub, Some("chosen")), expected, "{proof_state:?} {wait:?}");
    };
    check(ProofState::OneTime, ONE_TIME_LIFE.saturating_sub(SECOND), Ok(()));
    check(ProofState::OneTime, ONE_TIME_LIFE, Err(SignInRefused::Late));
    check(ProofState::Chosen, ONE_TIME_LIFE.saturating_mul(9), Ok(()));

    // A right more makes it no younger; another password does.
    let store = MemoryStore::new();
    let sub = made(&store, UserKind::Person, ProofState::OneTime).sub;
    store.pass(ONE_TIME_LIFE.saturating_sub(SECOND));
    let change = |change| {
        let decision = ChangeUser { caller: operator.clone(), sub, change, key: None };
        run(&store, &decision).unwrap();
    };
    change(Change::Grant(right("operators")));
    store.pass(SECOND);
    assert_eq!(log_in(&store, sub, Some("chosen")), Err(SignInRefused::Late));
    change(Change::Reset(Proof::new("second")));
    assert_eq!(log_in(&store, sub, None), Err(SignInRefused::OneTime));
    assert_eq!(log_in(&store, sub, Some("chosen")), Ok(()));
}

/// Grants or makes with the right; and takes it back from somebody who has it from an older program.
#[test]
fn a_right_that_there_is_not_is_given_to_nobody_and_can_be_taken_back() {
    let check = |kind, word: &str, is_there: bool| {
        let operator = Caller { sub: Subject::new("olga").unwrap(), role: Role::Operator };
        let store = MemoryStore::new();
        let rights = Rights::new(&[right(word)]).unwrap();
        let told = "That right is none that he can have: people can have `operators`, services \
                    `payments` and `metrics`.";
        let refused = run(&store, &making(kind, ProofState::Chosen, rights.clone())).err();
        assert_eq!(refused.map(|why| why.to_string()).as_deref(), (!is_there).then_some(told));
        assert_eq!(store.records::<User>().len(), usize::from(is_there), "{word}");
        let details: Vec<_> =
            store.records::<AuditLine>().iter().map(|line| line.detail.clone()).collect();
        assert_eq!(details.iter().flatten().count(), usize::from(is_there), "{word}");

        let store = MemoryStore::new();
        let user = made(&store, kind, ProofState::Chosen);
        let change = |change| {
            let decision =
                ChangeUser { caller: operator.clone(), sub: user.sub, change, key: None };
            run(&store, &decision).map(|(user, _)| user.rights)
        };
        let granted = change(Change::Grant(right(word)));
        let expected = if is_there { Ok(rights.clone()) } else { Err(ChangeRefused::NoSuchRight) };
        assert_eq!(granted, expected, "{kind:?} {word}");
        let has_it = User { rights, ..store.records::<User>()[0].as_ref().clone() };
        store.tamper(has_it);
        assert_eq!(change(Change::Revoke(right(word))), Ok(Rights::default()), "{word}");
        let details = |name: &str| -> Vec<_> {
            let lines = store.records::<AuditLine>();
            let lines = lines.iter().filter(|line| line.operation.to_string() == name);
            lines.map(|line| line.detail.as_ref().map(ToString::to_string)).collect()
        };
        assert_eq!(details("create_user"), [None], "{word}");
        assert_eq!(details("grant_right"), vec![Some(word.to_owned()); usize::from(is_there)]);
        assert_eq!(details("revoke_right"), [Some(word.to_owned())]);
    };
    use UserKind::{Person, Service};
    check(Person, "operators", true);
    check(Person, "operator", false);
    check(Person, "staff", false);
    check(Person, "payments", false);
    check(Service, "payments", true);
    check(Service, "metrics", true);
    check(Service, "operators", false);
    check(Service, "metric", false);
}

#[test]
fn a_services_token_leaves_a_line_and_a_refused_one_none() {
    let store = MemoryStore::new();
    let sub = made(&store, UserKind::Service, ProofState::Chosen).sub;
    let issue = |shown: &str| run(&store, &IssueToken { sub, shown: Proof::new(shown) });
    assert_eq!(issue("second").unwrap_err(), SignInRefused::Wrong);
    assert_eq!(booked(&store), ["create_user"]);
    assert_eq!(issue("first").unwrap().sub, sub);
    assert_eq!(booked(&store), ["create_user", "issue_token"]);
    let line = &store.records::<AuditLine>()[1];
    assert_eq!(line.sub.as_ref().map(|by| by.as_str().to_owned()), Some(sub.to_string()));
}
