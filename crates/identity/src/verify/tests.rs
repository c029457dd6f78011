//! Histories of decisions in any order are found right, each way of changing a record past them is found,
//! and so it is where more is decided afterwards.

use std::time::Duration;

use kernel::audit::AuditLine;
use kernel::memory::MemoryStore;
use kernel::record::Hash32;
use kernel::{Caller, Context, CorrelationId, Decision, RequestKey};
use proptest::prelude::*;

use super::*;
use crate::decide::{
    Change, ChangeUser, CreateUser, IssueToken, LogIn, LogOut, NewSession, Reach, RefreshSession,
};
use crate::records::{LoginName, Proof, ProofState, Right, Rights, UserKind, UserState};

/// An id that nothing has.
const NOBODY: u128 = 1 << 100;

/// One thing that is asked for; of whom, where there are so many, by his number.
#[derive(Debug, Clone)]
enum Step {
    Make { number: u8, rights: Vec<&'static str>, is_keyed: bool },
    Change { number: u8, change: u8, is_keyed: bool },
    LogIn { number: u8, changed: bool, rehashed: bool },
    Refresh { number: u8, token: u8 },
    LogOut { number: u8, reach: Reach },
    IssueToken { number: u8 },
    Pass { hours: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..6_u8;
    let rights = prop_oneof![Just(vec![]), Just(vec!["operators"]), Just(vec!["payments"])];
    let reach = prop_oneof![Just(Reach::Here), Just(Reach::Everywhere)];
    prop_oneof![
        3 => (number.clone(), rights, any::<bool>())
            .prop_map(|(number, rights, is_keyed)| Step::Make { number, rights, is_keyed }),
        4 => (number.clone(), 0..6_u8, any::<bool>())
            .prop_map(|(number, change, is_keyed)| Step::Change { number, change, is_keyed }),
        4 => (number.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(number, changed, rehashed)| Step::LogIn { number, changed, rehashed }),
        2 => (number.clone(), 0..4_u8).prop_map(|(number, token)| Step::Refresh { number, token }),
        2 => (number.clone(), reach).prop_map(|(number, reach)| Step::LogOut { number, reach }),
        1 => number.prop_map(|number| Step::IssueToken { number }),
        1 => (0..200_u8).prop_map(|hours| Step::Pass { hours }),
    ]
}

#[derive(Default)]
struct World {
    store: MemoryStore,
    drawn: u8,
}

impl World {
    fn of(steps: &[Step]) -> Self {
        let mut world = Self::default();
        steps.iter().for_each(|step| world.take(step));
        world
    }

    fn run<D: Decision>(&self, decision: &D) -> D::Outcome {
        let context = Context::request(CorrelationId(7), None);
        *self.store.run(decision, context).unwrap().downcast().unwrap()
    }

    fn draw(&mut self) -> Hash32 {
        self.drawn = self.drawn.wrapping_add(1);
        Hash32([self.drawn; 32])
    }

    /// Whoever is the number'th, if there is anybody.
    fn nth<R: Record>(&self, number: u8) -> Option<R> {
        let all = self.store.records::<R>();
        let place = usize::from(number).checked_rem(all.len())?;
        Some(R::clone(&all[place]))
    }

    fn key(&mut self, is_keyed: bool) -> Option<RequestKey> {
        let body = self.draw();
        is_keyed.then(|| RequestKey { uuid: NOBODY | u128::from(self.drawn), body })
    }

    fn make(&mut self, number: u8, rights: &[&str], key: Option<RequestKey>) {
        let kind = if number.is_multiple_of(2) { UserKind::Person } else { UserKind::Service };
        let name = match kind {
            UserKind::Person => LoginName::email(&format!("user{number}@example.org")),
            UserKind::Service => LoginName::service(&format!("shop{number}")),
        };
        let rights: Vec<_> = rights.iter().map(|right| Right::new(right).unwrap()).collect();
        let is_alone = rights.is_empty() && kind == UserKind::Person;
        let decision = CreateUser {
            operation: if is_alone { SIGN_UP.name } else { CREATE_USER.name },
            kind,
            name: name.unwrap(),
            proof: Proof::new("first"),
            proof_state: ProofState::Chosen,
            rights: Rights::new(&rights).unwrap(),
            caller: (!is_alone).then(Caller::local),
            key,
        };
        let _refused = self.run(&decision);
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Make { number, rights, is_keyed } => {
                let key = self.key(*is_keyed);
                self.make(*number, rights, key);
            }
            Step::Change { number, change, is_keyed } => {
                let Some(user) = self.nth::<User>(*number) else { return };
                let right = |text| Right::new(text).unwrap();
                let change = match change {
                    0 => Change::Grant(right("operators")),
                    1 => Change::Grant(right("metrics")),
                    2 => Change::Revoke(right("operators")),
                    3 => Change::Disable,
                    4 => Change::Enable,
                    _ => Change::Reset(Proof::new(&self.draw().to_string())),
                };
                let key = self.key(*is_keyed);
                let _refused =
                    self.run(&ChangeUser { caller: Caller::local(), sub: user.sub, change, key });
            }
            Step::LogIn { number, changed, rehashed } => {
                let Some(user) = self.nth::<User>(*number) else { return };
                let mut proof = || Proof::new(&self.draw().to_string());
                let (changed, rehashed) = (changed.then(&mut proof), rehashed.then(&mut proof));
                let session = NewSession {
                    session_id: SessionId::from_uuid(u128::from(self.drawn) + 1_000),
                    family_hash: self.draw(),
                    token_hash: Hash32([0; 32]),
                };
                let compared = user.proof;
                let _refused =
                    self.run(&LogIn { sub: user.sub, compared, rehashed, changed, session });
            }
            Step::Refresh { number, token } => {
                let Some(session) = self.nth::<Session>(*number) else { return };
                let shown = if *token == 0 { self.draw() } else { session.token_hash };
                let decision = RefreshSession {
                    session_id: session.session_id,
                    family_hash: session.family_hash,
                    shown_hash: shown,
                    next_hash: self.draw(),
                    from: None,
                };
                let _refused = self.run(&decision);
            }
            Step::LogOut { number, reach } => {
                let Some(session) = self.nth::<Session>(*number) else { return };
                let Session { session_id, family_hash, .. } = session;
                let _nobody = self.run(&LogOut { session_id, family_hash, reach: *reach });
            }
            Step::IssueToken { number } => {
                let Some(user) = self.nth::<User>(*number) else { return };
                let _refused = self.run(&IssueToken { sub: user.sub, shown: user.proof });
            }
            Step::Pass { hours } => {
                self.store.pass(Duration::from_secs(u64::from(*hours) * 3_600));
            }
        }
    }

    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut tell = |sentence| found.push(sentence);
        runtime.block_on(verify(&self.store, &mut tell)).unwrap();
        found
    }

    fn take_away<R: Record>(&self, record: &R) {
        self.store.remove::<R>(record.key());
    }
}

/// Every way to change a user past the decisions.
fn tamper_user(world: &World, user: &User, how: u8) {
    let rights = |text| Rights::new(&[Right::new(text).unwrap()]).unwrap();
    let (is_active, sub) = (user.state == UserState::Active, SubId::from_uuid(NOBODY));
    let state = if is_active { UserState::Disabled } else { UserState::Active };
    let changed = match how {
        0 => User { rights: rights("staff"), ..user.clone() },
        1 => User { state, ..user.clone() },
        2 => user.in_next_epoch(user.updated_at),
        3 => User { proof: Proof::new("put in"), ..user.clone() },
        4 => User { proof_made_at: None, ..user.clone() },
        5 if user.kind == UserKind::Person => {
            User { name: LoginName::email("eve@example.org").unwrap(), ..user.clone() }
        }
        5 | 6 => User { sub, ..user.clone() },
        _ => return world.take_away(user),
    };
    world.store.tamper(changed);
}

fn tamper_name(world: &World, name: &TakenName, how: u8) {
    let (login_name_id, sub) = (LoginNameId::from_uuid(NOBODY), SubId::from_uuid(NOBODY));
    match how {
        0 => world.store.tamper(TakenName { sub, ..name.clone() }),
        1 => world.store.tamper(TakenName { login_name_id, ..name.clone() }),
        _ => world.take_away(name),
    }
}

fn tamper_session(world: &World, session: &Session, how: u8) {
    let state = match session.state {
        SessionState::Active | SessionState::Reused => SessionState::Ended,
        SessionState::Ended => SessionState::Active,
    };
    let changed = match how {
        0 => Session { state, ..session.clone() },
        1 => Session { epoch: session.epoch.saturating_add(1), ..session.clone() },
        2 => Session { family_hash: Hash32([255; 32]), ..session.clone() },
        3 => Session { sub: SubId::from_uuid(NOBODY), ..session.clone() },
        4 => Session { session_id: SessionId::from_uuid(NOBODY), ..session.clone() },
        _ => return world.take_away(session),
    };
    world.store.tamper(changed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_decisions_did_is_right(steps in prop::collection::vec(step(), 0..60)) {
        prop_assert_eq!(World::of(&steps).found(), Vec::<String>::new());
    }

    #[test]
    fn what_was_done_past_them_is_found_whatever_is_decided_later(
        (before, after) in (prop::collection::vec(step(), 1..40), prop::collection::vec(step(), 0..20)),
        (number, how) in (0..20_u8, 0..8_u8),
    ) {
        let mut world = World::of(&before);
        let Some(user) = world.nth::<User>(number) else { return Ok(()) };
        tamper_user(&world, &user, how);
        after.iter().for_each(|step| world.take(step));
        prop_assert_ne!(world.found(), Vec::<String>::new());
    }

    #[test]
    fn what_was_done_to_names_and_sessions_is_found(
        before in prop::collection::vec(step(), 1..40),
        (number, how) in (0..20_u8, 0..6_u8),
    ) {
        let world = World::of(&before);
        if let Some(session) = world.nth::<Session>(number) {
            tamper_session(&world, &session, how);
            prop_assert_ne!(world.found(), Vec::<String>::new());
        }
        let world = World::of(&before);
        if let Some(name) = world.nth::<TakenName>(number) {
            tamper_name(&world, &name, how % 3);
            prop_assert_ne!(world.found(), Vec::<String>::new());
        }
    }
}

/// Ada and a shop, and one session of hers.
fn small() -> World {
    World::of(&[
        Step::Make { number: 0, rights: vec![], is_keyed: false },
        Step::Make { number: 1, rights: vec!["payments"], is_keyed: false },
        Step::LogIn { number: 0, changed: false, rehashed: false },
    ])
}

fn ada(world: &World) -> User {
    let users = world.store.records::<User>();
    User::clone(users.iter().find(|user| user.kind == UserKind::Person).unwrap())
}

#[track_caller]
fn check(world: &World, expected: &[&str]) {
    let session_id = world.nth::<Session>(0).map(|session| session.session_id.to_string());
    let name = |text: String| {
        let users = world.store.records::<User>();
        users.iter().fold(text, |text, user| {
            let name = if user.kind == UserKind::Person { "ADA" } else { "SHOP" };
            let text = text.replace(&user.sub.to_string(), name);
            session_id.iter().fold(text, |text, id| text.replace(id, "SESSION"))
        })
    };
    assert_eq!(world.found().into_iter().map(name).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_wrong_is_named() {
    let operators = || Rights::new(&[Right::new("operators").unwrap()]).unwrap();
    let world = small();
    check(&world, &[]);
    world.store.tamper(User { rights: operators(), ..ada(&world) });
    check(&world, &["User ADA is not as audit line identity/0 left him."]);

    // What hides it in the newest line stands there as found.
    let mut world = world;
    world.take(&Step::LogOut { number: 0, reach: Reach::Everywhere });
    check(
        &world,
        &[
            "Audit line identity/3 found user ADA otherwise than audit line identity/0 had left him.",
        ],
    );

    let world = small();
    let session = world.nth::<Session>(0).unwrap();
    world.store.tamper(session.ended(SessionState::Ended, session.created_at));
    check(&world, &["Session SESSION says ENDED, the lines of the audit trail ACTIVE."]);

    let world = small();
    world.store.records::<AuditLine>().iter().for_each(|line| world.take_away(&**line));
    let mut found = world.found();
    found.sort();
    assert!(
        found[0].starts_with("Session ses_")
            && found[0].ends_with("by no line of the audit trail.")
    );
    assert!(found[1..].iter().all(|one| one.ends_with(" was made by no line of the audit trail.")));
    assert_eq!(found.len(), 3, "{found:?}");
}

/// Whoever was put in with a name stays one whom nobody made, whatever is decided about him.
#[test]
fn who_was_put_in_is_found_after_acts_too() {
    let world = small();
    let name = LoginName::email("eve@example.org").unwrap();
    let eve = User { sub: SubId::from_uuid(NOBODY), name, ..ada(&world) };
    world.store.tamper(TakenName { login_name_id: eve.name.id(), sub: eve.sub });
    world.store.tamper(eve.clone());
    let made_by_none = format!("User {} was made by no line of the audit trail.", eve.sub);
    assert_eq!(world.found(), [&*made_by_none]);
    let change = Change::Grant(Right::new("operators").unwrap());
    let decision = ChangeUser { caller: Caller::local(), sub: eve.sub, change, key: None };
    world.run(&decision).unwrap();
    assert_eq!(world.found(), [made_by_none]);
}

/// What an older program wrote says no hashes: it is right as far as it goes, and followed from the next
/// line on.
#[test]
fn lines_of_an_older_program_tell_who_was_made() {
    let mut world = small();
    for line in world.store.records::<AuditLine>() {
        let line = AuditLine { found: None, left: None, began: None, ..AuditLine::clone(&line) };
        world.store.tamper(line);
    }
    check(&world, &[]);
    world.take(&Step::LogOut { number: 0, reach: Reach::Everywhere });
    check(&world, &[]);
    world.store.tamper(User { state: UserState::Disabled, ..ada(&world) });
    check(&world, &["User ADA is not as audit line identity/3 left him."]);
    let eve = User { sub: SubId::from_uuid(NOBODY), ..ada(&world) };
    world.store.tamper(eve.clone());
    assert!(
        world
            .found()
            .contains(&format!("User {} was made by no line of the audit trail.", eve.sub))
    );
}
