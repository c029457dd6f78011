//! Whether somebody is left who may make and change users. Not in here: what an operator may do, which
//! the manifests say.

use kernel::record::{Column, Record};
use kernel::store::{Order, Place, Query};
use kernel::{AnyRecord, Store, StoreError, SubId};

use crate::records::{User, UserState};

/// How many users are read at once.
const READ_AT_ONCE: usize = 1_000;

/// Whether there is an operator who may sign in, that one left out. The oldest users are looked at first,
/// for operators are mostly among them.
///
/// # Errors
/// When the store cannot.
pub async fn has_operator(store: &Store, but: Option<SubId>) -> Result<bool, StoreError> {
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
        if found.iter().any(|user| user.is_operator() && Some(user.sub) != but) {
            return Ok(true);
        }
        let last = found.last().filter(|_| found.len() == READ_AT_ONCE);
        let Some(last) = last else { return Ok(false) };
        after = Some(Place { sort: last.created_at.micros(), key: last.record.key() });
    }
}
