//! The first start of a program that has no users: it makes an operator, who makes the others. Not in
//! here: how he is told his password.

use http_api::Problem;
use kernel::record::{Column, Hash32, Record};
use kernel::request::RequestKey;
use kernel::store::{Order, Query};
use kernel::time::System;
use kernel::{Context, CorrelationId, Ids, Store, StoreError};

use crate::decide::CreateUser;
use crate::desk::Desk;
use crate::made::Made;
use crate::records::{LoginName, OPERATORS, Right, Rights, User, UserKind, UserState};

/// The name of the first operator.
pub const FIRST_OPERATOR: &str = "operator@localhost";

/// Under which name it goes to the audit list.
const OPERATION: &str = "first_operator";

/// Makes the first operator where there are no users; his password for one time, which nobody is told
/// again. None where there are users.
///
/// # Errors
/// When the store cannot.
pub async fn first_operator(desk: &Desk, store: &Store) -> Result<Option<String>, Problem> {
    if has_users(store).await? {
        return Ok(None);
    }
    let made = desk.hashing.run(|| Made::new(UserKind::Person)).await??;
    let (Ok(name), Ok(operators)) = (LoginName::email(FIRST_OPERATOR), Right::new(OPERATORS))
    else {
        unreachable!("names of ours are names")
    };
    // Named, so that of two starts one makes him.
    let body = Hash32([0; 32]);
    let decision = CreateUser {
        operation: OPERATION,
        kind: UserKind::Person,
        name,
        proof: made.proof.clone(),
        proof_state: made.proof_state(),
        rights: Rights::default().with(&operators).unwrap_or_default(),
        key: Some(RequestKey { uuid: kernel::id::named_uuid(&[OPERATION]), body }),
        caller: None,
    };
    let context = Context::request(CorrelationId(System.draw()), None);
    let (user, is_repeated) = store.decide(decision, context).await??;
    Ok(made.shown(&user, is_repeated).one_time_password)
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
        if !store.list::<User>(query).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
