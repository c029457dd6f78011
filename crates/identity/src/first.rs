//! The first start of a program that has no users: it makes an operator, who makes the others; a later
//! start gives him another password where he has let the first one become too old and no other operator can
//! sign in. The audit trail says that it was the local operator, who starts the program. Not in here: how
//! he is told his password.

use http_api::Problem;
use kernel::record::{Column, Hash32, Record};
use kernel::request::RequestKey;
use kernel::rights::OPERATORS;
use kernel::store::{Order, Query};
use kernel::time::System;
use kernel::{Caller, Context, Store, StoreError, SubId};

use crate::decide::{Change, ChangeUser, CreateUser};
use crate::desk::Desk;
use crate::made::Made;
use crate::operators::has_operator;
use crate::passwords;
use crate::records::{LoginName, ProofState, Right, Rights, User, UserKind, UserState};

/// The name of the first operator.
pub const FIRST_OPERATOR: &str = "operator@localhost";

/// Under which name it goes to the audit list.
pub(crate) const OPERATION: &str = "first_operator";

/// What a start finds of the first operator.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstOperator {
    /// He has a new password for one time, which nobody is told again.
    Made(String),
    /// He has the kept one, and has not changed it yet.
    Waits,
    /// He has another than the kept one, and has not changed it yet: whoever made it was told.
    WaitsForOther(SubId),
    /// The kept one is his, but he may not sign in, or is no operator, until that is undone.
    KeptOut,
    /// He has chosen his own, or others do without him.
    Settled,
}

/// A password that was kept, and how one is.
pub struct Kept<'a> {
    /// The one that is kept now.
    pub password: Option<String>,
    /// Keeps another in its place.
    pub keep: &'a (dyn Fn(&str) -> Result<(), Problem> + Sync),
}

/// Makes the first operator where there are no users; makes another password for him where the first was
/// never changed and is good no longer, unless others do without him. A password is kept before it counts,
/// so that whatever ends the program there is none that nobody knows.
///
/// # Errors
/// When the store cannot, or it cannot be kept.
pub async fn first_operator(
    desk: &Desk,
    store: &Store,
    kept: Kept<'_>,
) -> Result<FirstOperator, Problem> {
    let key = key();
    if has_users(store).await? {
        return again(desk, store, kept, key.id()).await;
    }
    let made = desk.hashing.run(|| Made::new(UserKind::Person)).await??;
    (kept.keep)(made.secret())?;
    let (Ok(name), Ok(operators)) = (LoginName::email(FIRST_OPERATOR), Right::new(OPERATORS))
    else {
        unreachable!("names of ours are names")
    };
    let decision = CreateUser {
        operation: OPERATION,
        kind: UserKind::Person,
        name,
        proof: made.proof.clone(),
        proof_state: made.proof_state(),
        rights: Rights::default().with(&operators).unwrap_or_default(),
        key: Some(key),
        caller: Some(Caller::local()),
    };
    let (user, is_repeated) = store.decide(decision, Context::own(&System)).await??;
    let password = made.shown(&user, is_repeated).one_time_password;
    Ok(password.map_or(FirstOperator::WaitsForOther(user.sub), FirstOperator::Made))
}

/// Names him, so that of two starts one makes him.
fn key() -> RequestKey {
    RequestKey { uuid: kernel::id::named_uuid(&[OPERATION]), body: Hash32([0; 32]) }
}

async fn again(
    desk: &Desk,
    store: &Store,
    kept: Kept<'_>,
    sub: SubId,
) -> Result<FirstOperator, Problem> {
    let user = store.get::<User>(sub).await?;
    let user = user.filter(|user| user.proof_state == ProofState::OneTime);
    let Some(user) = user else { return Ok(FirstOperator::Settled) };
    let is_let_in = user.state == UserState::Active && user.is_operator();
    if !user.is_late(store.now()) {
        let is_kept = is_proved(desk, kept.password, &user).await?;
        return Ok(match (is_let_in, is_kept) {
            (true, true) => FirstOperator::Waits,
            (true, false) => FirstOperator::WaitsForOther(sub),
            (false, true) => FirstOperator::KeptOut,
            (false, false) => FirstOperator::Settled,
        });
    }
    // Late as he is, he is none of them.
    if !is_let_in {
        return Ok(FirstOperator::Settled);
    }
    match has_operator(store, |_| true).await {
        Ok(false) => {}
        // Where somebody's row cannot be read, it may be the one who does without him: no password is made.
        Ok(true) | Err(StoreError::Broken(_)) => return Ok(FirstOperator::Settled),
        Err(error) => return Err(error.into()),
    }
    let made = desk.hashing.run(|| Made::new(UserKind::Person)).await??;
    (kept.keep)(made.secret())?;
    let change = Change::Reset(made.proof.clone());
    let decision = ChangeUser { caller: Caller::local(), sub, change, key: None };
    let (user, is_repeated) = store.decide(decision, Context::own(&System)).await??;
    let password = made.shown(&user, is_repeated).one_time_password;
    Ok(password.map_or(FirstOperator::WaitsForOther(user.sub), FirstOperator::Made))
}

/// Whether the kept password is his.
async fn is_proved(desk: &Desk, kept: Option<String>, user: &User) -> Result<bool, Problem> {
    let Some(password) = kept else { return Ok(false) };
    let proof = user.proof.clone();
    desk.hashing.run(move || passwords::is_proved(&password, &proof)).await
}

/// Whether the first operator has a password for one time that he has not changed yet.
///
/// # Errors
/// When the store cannot.
pub async fn first_operator_waits(store: &Store) -> Result<bool, StoreError> {
    let user = store.get::<User>(key().id()).await?;
    Ok(user.is_some_and(|user| user.proof_state == ProofState::OneTime))
}

async fn has_users(store: &Store) -> Result<bool, StoreError> {
    for state in [UserState::Active, UserState::Disabled] {
        let query = Query {
            kind: User::KIND,
            index: Some("by_state"),
            partition: state.to_value().into_owned(),
            from: None,
            to: None,
            after: None,
            order: Order::NewestFirst,
            limit: 1,
        };
        match store.list::<User>(query).await {
            Ok(found) if found.is_empty() => {}
            // A row that cannot be read is somebody's.
            Ok(_) | Err(StoreError::Broken(_)) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use kernel::Clock;
    use kernel::audit::AuditLine;
    use kernel::memory::MemoryStore;
    use tokens::{Mint, SigningKey, SigningKeys};

    use super::*;
    use crate::decide::{LogIn, NewSession};
    use crate::desk::DeskSettings;
    use crate::records::{ONE_TIME_LIFE, Proof};

    /// A password that was made; fails where none was.
    #[track_caller]
    fn made(found: FirstOperator) -> String {
        let FirstOperator::Made(password) = found else { unreachable!("no password was made") };
        password
    }

    /// What a start finds that keeps nothing but that.
    async fn started(desk: &Desk, store: &Store, password: Option<&str>) -> FirstOperator {
        let kept = Kept { password: password.map(str::to_owned), keep: &|_| Ok(()) };
        first_operator(desk, store, kept).await.unwrap()
    }

    fn opened() -> (Arc<MemoryStore>, Store, Desk) {
        let memory = Arc::new(MemoryStore::new());
        let store = Store::new(Arc::<MemoryStore>::clone(&memory));
        let key = SigningKey::read(&SigningKey::generate().unwrap(), System.now()).unwrap();
        let mint = Mint::new(SigningKeys { newest: key, others: Vec::new() });
        let settings = DeskSettings { sign_up: true, secure_cookies: true };
        (memory, store, Desk::open(mint, settings).unwrap())
    }

    #[tokio::test]
    async fn he_is_made_once_and_has_another_password_when_the_first_is_over() {
        let (memory, store, desk) = opened();
        let start = async |kept: &str| started(&desk, &store, Some(kept)).await;

        let first = made(start("").await);
        assert!(start(&first).await == FirstOperator::Waits);
        memory.pass(ONE_TIME_LIFE.saturating_sub(Duration::from_secs(60)));
        assert!(start(&first).await == FirstOperator::Waits);
        memory.pass(Duration::from_secs(60));
        let second = made(start(&first).await);
        assert_ne!(first, second);
        let booked = memory.records::<AuditLine>();
        let by: Vec<_> = booked.iter().map(|line| (line.operation.as_str(), &line.sub)).collect();
        let local = Some(Caller::local().sub);
        assert_eq!(by, [(OPERATION, &local), ("reset_password", &local)]);
        assert!(start(&second).await == FirstOperator::Waits);
        assert!(first_operator_waits(&store).await.unwrap());

        let name = LoginName::email(FIRST_OPERATOR).unwrap();
        let place = desk.hashing.place().unwrap();
        assert!(desk.proved(&store, &name, &first, &place).await.unwrap().is_none());
        let user = desk.proved(&store, &name, &second, &place).await.unwrap().unwrap();
        let hash = Hash32([1; 32]);
        let session = NewSession {
            session_id: kernel::Id::from_uuid(1),
            family_hash: hash,
            token_hash: hash,
        };
        let changed = Some(Proof::new("chosen"));
        let compared = user.proof.clone();
        let log_in = LogIn { sub: user.sub, compared, rehashed: None, changed, session };
        store.decide(log_in, Context::own(&System)).await.unwrap().unwrap();
        assert!(!first_operator_waits(&store).await.unwrap());
        assert!(start(&second).await == FirstOperator::Settled);
        memory.pass(ONE_TIME_LIFE);
        assert!(start(&second).await == FirstOperator::Settled);
    }

    #[tokio::test]
    async fn a_password_is_kept_before_it_counts() {
        let (memory, store, desk) = opened();
        let refuse = |_: &str| Err(Problem::internal("the disk is full"));
        let refused = first_operator(&desk, &store, Kept { password: None, keep: &refuse }).await;
        assert!(refused.is_err());
        assert_eq!(memory.records::<User>().len(), 0);

        let kept = parking_lot::Mutex::new(String::new());
        let keep = |password: &str| {
            assert_eq!(memory.records::<User>().len(), 0);
            password.clone_into(&mut kept.lock());
            Ok(())
        };
        let found = first_operator(&desk, &store, Kept { password: None, keep: &keep }).await;
        let told = made(found.unwrap());
        assert_eq!(*kept.lock(), told);
    }

    #[tokio::test]
    async fn he_has_no_other_where_he_or_somebody_did_without_him() {
        let check = async |is_revoked: bool, other: Option<ProofState>, is_settled: bool| {
            let (memory, store, desk) = opened();
            made(started(&desk, &store, None).await);
            let (sub, operators) =
                (memory.records::<User>()[0].sub, Right::new(OPERATORS).unwrap());
            if is_revoked {
                let change = Change::Revoke(operators.clone());
                let decision = ChangeUser { caller: Caller::local(), sub, change, key: None };
                store.decide(decision, Context::own(&System)).await.unwrap().unwrap();
            }
            if let Some(proof_state) = other {
                let decision = CreateUser {
                    operation: "create_user",
                    kind: UserKind::Person,
                    name: LoginName::email("olga@example.org").unwrap(),
                    proof: Proof::new("hers"),
                    proof_state,
                    rights: Rights::new(&[operators]).unwrap(),
                    key: None,
                    caller: None,
                };
                store.decide(decision, Context::own(&System)).await.unwrap().unwrap();
            }
            memory.pass(ONE_TIME_LIFE);
            let found = started(&desk, &store, None).await;
            assert_eq!(found == FirstOperator::Settled, is_settled, "{is_revoked} {other:?}");
        };
        check(false, None, false).await;
        check(true, None, true).await;
        check(false, Some(ProofState::Chosen), true).await;
        // Hers is as late as his.
        check(false, Some(ProofState::OneTime), false).await;
    }

    #[tokio::test]
    async fn a_kept_password_is_told_of_only_where_it_is_his_and_he_may_use_it() {
        let (memory, store, desk) = opened();
        let first = made(started(&desk, &store, None).await);
        let sub = memory.records::<User>()[0].sub;
        let operators = Right::new(OPERATORS).unwrap();
        let second = Made::new(UserKind::Person).unwrap();
        let check = async |change: Option<Change>, kept: &str, expected: FirstOperator| {
            if let Some(change) = change {
                let decision = ChangeUser { caller: Caller::local(), sub, change, key: None };
                store.decide(decision, Context::own(&System)).await.unwrap().unwrap();
            }
            let found = started(&desk, &store, Some(kept)).await;
            assert!(found == expected);
        };
        check(None, &first, FirstOperator::Waits).await;
        check(None, "another", FirstOperator::WaitsForOther(sub)).await;
        check(Some(Change::Disable), &first, FirstOperator::KeptOut).await;
        check(Some(Change::Enable), &first, FirstOperator::Waits).await;
        check(Some(Change::Revoke(operators.clone())), &first, FirstOperator::KeptOut).await;
        check(None, "another", FirstOperator::Settled).await;
        check(Some(Change::Grant(operators)), &first, FirstOperator::Waits).await;
        let reset = Change::Reset(second.proof.clone());
        check(Some(reset), &first, FirstOperator::WaitsForOther(sub)).await;
        check(None, second.secret(), FirstOperator::Waits).await;
        check(Some(Change::Disable), &first, FirstOperator::Settled).await;
        memory.pass(ONE_TIME_LIFE);
        check(None, second.secret(), FirstOperator::Settled).await;
    }
}
