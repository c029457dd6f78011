//! Users of a data folder that no server has open: for whoever may use the folder, and for an operator who
//! cannot sign in any more. The audit trail says that it was the local operator, who signs in nowhere: no
//! route of users is open to him.

use std::path::Path;
use std::sync::Arc;

use identity::bodies::UserShown;
use identity::decide::{Change, ChangeRefused, ChangeUser, CreateUser};
use identity::manifest::CREATE_USER;
use identity::records::{LoginName, Right, Rights, User, UserKind};
use identity::{Made, find};
use kernel::time::System;
use kernel::{Caller, Context, Known, Store, SubId};
use serde_json::Value;
use store_embedded::EmbeddedStore;

use super::{Act, Named, Outcome, nobody, taken};
use crate::end::Failure;
use crate::way_back::{users, way_back};
use crate::{folder, output};

/// All of them, newest first.
pub(super) async fn list(data: &Path) -> Result<Vec<Value>, Failure> {
    let store = Store::new(folder::snapshot(data)?);
    users(&store).await?.iter().map(|user| shown(&UserShown::from(user))).collect()
}

/// Does it.
pub(super) async fn act(act: &Act<'_>, data: &Path) -> Result<Outcome, Failure> {
    let opened = folder::open_existing(data, Arc::new(System)).await?;
    let store = Store::new(Arc::<EmbeddedStore>::clone(&opened));
    let done = act_in(act, &store).await;
    let way_back = way_back(&store, data).await;
    folder::close(opened).await;
    match way_back {
        Ok(Some(commands)) => {
            output::tell(format_args!(
                "There is no operator who can sign in any more; this makes one: {commands}"
            ));
        }
        Ok(None) => {}
        // What was done is told all the same.
        Err(error) => {
            output::tell(format_args!("Whether there is an operator cannot be read: {error}"));
        }
    }
    done
}

async fn act_in(act: &Act<'_>, store: &Store) -> Result<Outcome, Failure> {
    let (whom, change) = match act {
        Act::Add { kind, name, rights } => return add(store, *kind, name, rights).await,
        Act::ResetPassword(whom) => return reset(store, whom).await,
        Act::Grant(whom, right) => (whom, Change::Grant((*right).clone())),
        Act::Revoke(whom, right) => (whom, Change::Revoke((*right).clone())),
        Act::Disable(whom) => (whom, Change::Disable),
        Act::Enable(whom) => (whom, Change::Enable),
    };
    let Some(user) = named(store, whom).await? else { return Ok(nobody(whom)) };
    let changed = changed(store, user.sub, change).await?;
    outcome(changed, |user| shown(&UserShown::from(&user)))
}

async fn add(
    store: &Store,
    kind: UserKind,
    name: &LoginName,
    rights: &[Right],
) -> Result<Outcome, Failure> {
    let rights = match Rights::new(rights) {
        Ok(rights) => rights,
        Err(refused) => return Ok(Outcome::Refused(format!("rights: {refused}"))),
    };
    let made = Made::new(kind).map_err(Failure::cannot_run)?;
    let decision = CreateUser {
        operation: CREATE_USER.name,
        kind,
        name: name.clone(),
        proof: made.proof.clone(),
        proof_state: made.proof_state(),
        rights,
        caller: Some(Caller::local()),
        key: None,
    };
    let added = store.decide(decision, Context::own(&System)).await.map_err(Failure::cannot_run)?;
    if matches!(added, Err(ChangeRefused::NameTaken)) {
        return Ok(taken(name));
    }
    outcome(added.map(|(user, _)| user), |user| shown(&made.shown(&user, false)))
}

async fn reset(store: &Store, whom: &Named) -> Result<Outcome, Failure> {
    let Some(user) = named(store, whom).await? else { return Ok(nobody(whom)) };
    let made = Made::new(user.kind).map_err(Failure::cannot_run)?;
    let reset = changed(store, user.sub, Change::Reset(made.proof.clone())).await?;
    outcome(reset, |user| shown(&made.shown(&user, false)))
}

async fn changed(
    store: &Store,
    sub: SubId,
    change: Change,
) -> Result<Result<User, ChangeRefused>, Failure> {
    let decision = ChangeUser { caller: Caller::local(), sub, change, key: None };
    let changed =
        store.decide(decision, Context::own(&System)).await.map_err(Failure::cannot_run)?;
    Ok(changed.map(|(user, _)| user))
}

async fn named(store: &Store, named: &Named) -> Result<Option<Known<User>>, Failure> {
    let found = match named {
        Named::Sub(sub) => store.get::<User>(*sub).await,
        Named::Name(name) => find(store, name).await,
    };
    found.map_err(Failure::cannot_run)
}

fn outcome(
    done: Result<User, ChangeRefused>,
    show: impl FnOnce(User) -> Result<Value, Failure>,
) -> Result<Outcome, Failure> {
    match done {
        Ok(user) => show(user).map(Outcome::Done),
        Err(refused) => Ok(Outcome::Refused(refused.to_string())),
    }
}

fn shown(what: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(what).map_err(Failure::cannot_run)
}
