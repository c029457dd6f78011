//! What operators do about users. What it means for their sessions is not here but in `decide`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Id, List, Page, Problem, ProblemKind, Request, answer};
use kernel::SubId;
use kernel::record::{Column, Hash32, Record};
use kernel::store::{Order, Query};

use super::sign_in::email;
use super::{AtDesk, to_its_end, unstored};
use crate::bodies::{NothingAsked, RightAsked, SecretShown, UserAsked, UserFilter, UserShown};
use crate::decide::{Change, ChangeRefused, ChangeUser, CreateUser};
use crate::desk::Desk;
use crate::made::Made;
use crate::manifest::{
    CREATE_USER, DISABLE_USER, ENABLE_USER, GRANT_RIGHT, RESET_PASSWORD, REVOKE_RIGHT,
};
use crate::operators::has_operator;
use crate::records::{BadName, BadRight, LoginName, ProofState, Rights, User, UserKind, UserState};

/// Makes somebody a user: a person, with a password for one time, or a service, with a secret.
///
/// What is made for him is told once, to nobody but in this answer. In the one program alone.
#[utoipa::path(post, path = "/auth/users", tag = "identity", request_body = UserAsked,
    responses((status = 201, body = SecretShown, description = "Tell him; it is not told again.")))]
pub(super) async fn create_user(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    body: Body<UserAsked>,
) -> Result<Response, Problem> {
    let (kind, name) = match (&body.value.email, &body.value.service) {
        (Some(text), None) => (UserKind::Person, email(&text.0)?),
        (None, Some(text)) => {
            let name = LoginName::service(text);
            let bad = |bad: BadName| Problem::bad_field("service", bad.to_string());
            (UserKind::Service, name.map_err(bad)?)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::bad_field("email", "must be there, or `service`, and not both"));
        }
    };
    let rights = Rights::new(&body.value.rights);
    let rights = rights.map_err(|bad| Problem::bad_field("rights", bad.to_string()))?;
    let made = made(&desk, kind).await?;
    let decision = CreateUser {
        operation: CREATE_USER.name,
        kind,
        name,
        proof: made.proof.clone(),
        proof_state: made.proof_state(),
        rights,
        key: request.key(&[CREATE_USER.name], body.hash),
        caller: Some(request.caller),
    };
    let decided = app.store.decide(decision, request.context).await?;
    if decided == Err(ChangeRefused::NoSuchRight) {
        return Err(Problem::bad_field("rights", BadRight::Unknown.to_string()));
    }
    if decided == Err(ChangeRefused::NameTaken) {
        let detail = "There is such a user already; reset his password to make another for him.";
        return Err(Problem::conflict(ProblemKind::NameTaken, detail));
    }
    let (user, is_repeated) = decided?;
    Ok(unstored(answer::made(&made.shown(&user, is_repeated))))
}

/// Who can sign in, newest first.
///
/// In the one program alone.
#[utoipa::path(get, path = "/auth/users", tag = "identity", params(UserFilter),
    responses((status = 200, body = Page<UserShown>, description = "A page of them.")))]
pub(super) async fn list_users(
    State(app): State<App>,
    list: List<UserFilter>,
) -> Result<Response, Problem> {
    let all = [UserState::Active, UserState::Disabled];
    let states = list.filter.state.map_or(all.to_vec(), |state| vec![state]);
    let queries = states.iter().map(|state| Query {
        kind: User::KIND,
        index: Some("by_state"),
        partition: state.to_value().into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::NewestFirst,
        limit: 0,
    });
    let page = list.page_where::<User>(&app.store, queries.collect(), |_| true).await?;
    Ok(answer::ok(&page.map(|known| UserShown::from(&*known.record))))
}

/// Gives somebody a group or a scope more. He signs in again.
///
/// In the one program alone.
#[utoipa::path(post, path = "/auth/users/{sub}/grant", tag = "identity",
    params(("sub" = String, Path, description = "The user.")), request_body = RightAsked,
    responses((status = 200, body = UserShown, description = "As he is now.")))]
pub(super) async fn grant_right(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    Id(sub): Id<SubId>,
    body: Body<RightAsked>,
) -> Result<Response, Problem> {
    let change = Change::Grant(body.value.right);
    let of = Of { name: GRANT_RIGHT.name, sub, body: body.hash, request };
    of.change(app, &desk, change).await
}

/// Takes a group or a scope from somebody, at once. He signs in again.
///
/// The last operator stays one: 409 `last-operator`.
/// In the one program alone.
#[utoipa::path(post, path = "/auth/users/{sub}/revoke", tag = "identity",
    params(("sub" = String, Path, description = "The user.")), request_body = RightAsked,
    responses((status = 200, body = UserShown, description = "As he is now.")))]
pub(super) async fn revoke_right(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    Id(sub): Id<SubId>,
    body: Body<RightAsked>,
) -> Result<Response, Problem> {
    let change = Change::Revoke(body.value.right);
    let of = Of { name: REVOKE_RIGHT.name, sub, body: body.hash, request };
    of.change(app, &desk, change).await
}

/// Keeps somebody out, at once: his tokens and sessions are good no longer.
///
/// The last operator stays in: 409 `last-operator`.
/// In the one program alone.
#[utoipa::path(post, path = "/auth/users/{sub}/disable", tag = "identity",
    params(("sub" = String, Path, description = "The user.")), request_body = NothingAsked,
    responses((status = 200, body = UserShown, description = "As he is now.")))]
pub(super) async fn disable_user(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    Id(sub): Id<SubId>,
    body: Body<NothingAsked>,
) -> Result<Response, Problem> {
    let of = Of { name: DISABLE_USER.name, sub, body: body.hash, request };
    of.change(app, &desk, Change::Disable).await
}

/// Lets somebody sign in again.
///
/// In the one program alone.
#[utoipa::path(post, path = "/auth/users/{sub}/enable", tag = "identity",
    params(("sub" = String, Path, description = "The user.")), request_body = NothingAsked,
    responses((status = 200, body = UserShown, description = "As he is now.")))]
pub(super) async fn enable_user(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    Id(sub): Id<SubId>,
    body: Body<NothingAsked>,
) -> Result<Response, Problem> {
    let of = Of { name: ENABLE_USER.name, sub, body: body.hash, request };
    of.change(app, &desk, Change::Enable).await
}

/// Makes another password for one time for a person, or another secret for a service.
///
/// It is told once, to nobody but in this answer. The former one is good no longer, nor is what was
/// given for it. The last operator keeps his, and may choose another: 409 `last-operator`.
/// In the one program alone.
#[utoipa::path(post, path = "/auth/users/{sub}/reset-password", tag = "identity",
    params(("sub" = String, Path, description = "The user.")), request_body = NothingAsked,
    responses((status = 200, body = SecretShown, description = "Tell him; it is not told again.")))]
pub(super) async fn reset_password(
    State(app): State<App>,
    Extension(desk): AtDesk,
    request: Request,
    Id(sub): Id<SubId>,
    body: Body<NothingAsked>,
) -> Result<Response, Problem> {
    let user = app.store.get::<User>(sub).await?;
    let kind = user.ok_or_else(|| Problem::not_found("user"))?.kind;
    let made = made(&desk, kind).await?;
    let of = Of { name: RESET_PASSWORD.name, sub, body: body.hash, request };
    let (user, is_repeated) = of.decide(app, &desk, Change::Reset(made.proof.clone())).await?;
    Ok(unstored(answer::ok(&made.shown(&user, is_repeated))))
}

/// What somebody is to sign in by. Hashed is only what people have, and no stranger is waited for.
async fn made(desk: &Desk, kind: UserKind) -> Result<Made, Problem> {
    Ok(match kind {
        UserKind::Person => desk.hashing.run(move || Made::new(kind)).await??,
        UserKind::Service => Made::new(kind)?,
    })
}

/// A change of a user that was asked for.
struct Of {
    name: &'static str,
    sub: SubId,
    body: Hash32,
    request: Request,
}

impl Of {
    async fn change(self, app: App, desk: &Arc<Desk>, change: Change) -> Result<Response, Problem> {
        let (user, _) = self.decide(app, desk, change).await?;
        Ok(answer::ok(&UserShown::from(&user)))
    }

    async fn decide(
        self,
        app: App,
        desk: &Arc<Desk>,
        change: Change,
    ) -> Result<(User, bool), Problem> {
        let Self { name, sub, body, request } = self;
        let key = request.key(&[name, &sub.to_string()], body);
        let context = request.context;
        let decision = ChangeUser { caller: request.caller, sub, change, key };
        let desk = Arc::clone(desk);
        to_its_end(async move {
            let _alone = desk.changes_alone().await;
            expect_an_operator_left(&app, &decision).await?;
            let is_over = matches!(decision.change, Change::Reset(_) | Change::Disable);
            let (user, is_repeated) = app.store.decide(decision, context).await??;
            desk.take_back_from(&user);
            if is_over {
                desk.forget_proved(&user);
            }
            Ok((user, is_repeated))
        })
        .await
    }
}

/// Refuses what would leave nobody who can make operators. Whoever has not chosen his password yet is
/// nobody here: he may never do it.
async fn expect_an_operator_left(app: &App, decision: &ChangeUser) -> Result<(), Problem> {
    if !decision.change.ends_operator() {
        return Ok(());
    }
    let user = app.store.get::<User>(decision.sub).await?;
    let is_one = user.is_some_and(|user| user.is_operator() && user.state == UserState::Active);
    let is_other = |user: &User| user.sub != decision.sub && user.proof_state == ProofState::Chosen;
    if is_one && !has_operator(&app.store, is_other).await? {
        return Err(ChangeRefused::LastOperator.into());
    }
    Ok(())
}
