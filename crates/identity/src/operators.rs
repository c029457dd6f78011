//! Whether somebody is left who may make and change users. Not in here: what an operator may do, which
//! the manifests say.

use kernel::record::{Column, Record};
use kernel::store::{Order, Place, Query};
use kernel::{AnyRecord, Store, StoreError};

use crate::records::{User, UserState};

/// How many users are read at once.
const READ_AT_ONCE: usize = 1_000;

/// Whether there is an operator of whom that is true, and who can sign in: he is not disabled, nor is his
/// password one of ours that is over. The oldest users are looked at first,
/// for operators are mostly among them.
///
/// # Errors
/// When the store cannot.
pub async fn has_operator(
    store: &Store,
    is_meant: impl Fn(&User) -> bool,
) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let query = Query {
            kind: User::KIND,
            index: Some("by_state"),
            partition: UserState::Active.to_value().into_owned(),
            from: None,
            to: None,
            after,
            order: Order::OldestFirst,
            limit: READ_AT_ONCE,
        };
        let found = store.list::<User>(query).await?;
        let can = |user: &User| user.is_operator() && !user.is_late(store.now());
        if found.iter().any(|user| can(user) && is_meant(user)) {
            return Ok(true);
        }
        let last = found.last().filter(|_| found.len() == READ_AT_ONCE);
        let Some(last) = last else { return Ok(false) };
        after = Some(Place { sort: last.created_at.micros(), key: last.record.key() });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::memory::MemoryStore;
    use kernel::{Context, CorrelationId};

    use super::*;
    use crate::decide::{Change, ChangeUser, CreateUser};
    use crate::records::{LoginName, ONE_TIME_LIFE, Proof, ProofState, Right, Rights, UserKind};

    struct Site {
        memory: Arc<MemoryStore>,
        store: Store,
    }

    impl Site {
        fn context() -> Context {
            Context::request(CorrelationId(7), None)
        }

        /// Somebody with that right.
        async fn makes(&self, name: &str, right: Option<&str>) -> User {
            let name = LoginName::email(name).or_else(|_| LoginName::service(name)).unwrap();
            let is_person = name.as_str().contains('@');
            let decision = CreateUser {
                operation: "create_user",
                kind: if is_person { UserKind::Person } else { UserKind::Service },
                name,
                proof: Proof::new("first"),
                proof_state: if is_person { ProofState::OneTime } else { ProofState::Chosen },
                rights: Rights::new(right.map(|right| Right::new(right).unwrap()).as_slice())
                    .unwrap(),
                caller: None,
                key: None,
            };
            self.store.decide(decision, Self::context()).await.unwrap().unwrap().0
        }

        async fn changes(&self, user: &User, change: Change) {
            let decision = ChangeUser { caller: user.caller(), sub: user.sub, change, key: None };
            self.store.decide(decision, Self::context()).await.unwrap().unwrap();
        }

        #[track_caller]
        fn check(&self, but: Option<&User>, expected: bool) -> impl Future<Output = ()> {
            let place = std::panic::Location::caller();
            let but = but.map(|user| user.sub);
            async move {
                let found = has_operator(&self.store, |user| Some(user.sub) != but).await.unwrap();
                assert_eq!(found, expected, "{place}");
            }
        }
    }

    #[tokio::test]
    async fn an_operator_is_one_who_can_sign_in() {
        let memory = Arc::new(MemoryStore::new());
        let store = Store::new(Arc::<MemoryStore>::clone(&memory));
        let site = Site { memory, store };
        site.check(None, false).await;
        site.makes("ada@example.org", None).await;
        // Older programs gave such a right to a service.
        let shop = site.makes("shop", Some("payments")).await;
        let operators = Rights::new(&[Right::new("operators").unwrap()]).unwrap();
        site.memory.tamper(User { rights: operators, ..shop });
        site.check(None, false).await;
        let olga = site.makes("olga@example.org", Some("operators")).await;
        site.check(None, true).await;
        site.check(Some(&olga), false).await;
        let omar = site.makes("omar@example.org", Some("operators")).await;
        site.check(Some(&olga), true).await;
        site.changes(&omar, Change::Disable).await;
        site.check(Some(&olga), false).await;
        site.changes(&omar, Change::Enable).await;
        site.check(Some(&olga), true).await;
        // Neither of them has chosen a password of his own.
        site.memory.pass(ONE_TIME_LIFE);
        site.check(None, false).await;
        site.changes(&omar, Change::Reset(Proof::new("second"))).await;
        site.check(Some(&olga), true).await;
    }
}
