//! Signing up and in, and another password. What a session is, and how a password is compared, is not
//! here.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Problem, ProblemKind, Visit, answer};
use kernel::time::System;
use kernel::{Id, Ids, Known, SessionId};
use tokens::TOKEN_LIFE;

use super::{AtDesk, cookie, to_its_end, unstored};
use crate::bodies::{LogInAsked, PasswordAsked, SignUpAsked, TokenAsked, TokensShown, UserShown};
use crate::decide::{CreateUser, IssueToken, LogIn, NewSession, SignInRefused};
use crate::desk::{Desk, find};
use crate::hashing::HashingPlace;
use crate::manifest::SIGN_UP;
use crate::passwords::{self, BadPassword};
use crate::records::{LoginName, Proof, ProofState, Rights, Session, User, UserKind};
use crate::secrets::{RefreshToken, service_proof};
use crate::throttle::Try;

/// Makes whoever asks a user, who can then log in.
///
/// A taken address is told as such: without a mail to its owner nothing else can be answered. Off
/// unless `--sign-up` says otherwise where the program is reached from other machines. Rights are given
/// by operators. Whoever repeats it finds the name taken, and logs in. In the one program alone.
#[utoipa::path(post, path = "/auth/signup", tag = "identity", request_body = SignUpAsked,
    responses((status = 201, body = UserShown, description = "The user, who can log in by `POST /v1/auth/login`.")))]
pub(super) async fn sign_up(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    body: Body<SignUpAsked>,
) -> Result<Response, Problem> {
    if !desk.settings.sign_up {
        let detail = "Nobody can sign up here; ask an operator, who can make you a user.";
        return Err(Problem::new(ProblemKind::SignUpClosed, detail));
    }
    let name = email(&body.value.email.0)?;
    let password = body.value.password.0;
    passwords::check(&password, name.as_str()).map_err(|bad| bad_password("password", bad))?;
    let attempt = Try { name: name.as_str(), shown: &password, from: visit.from };
    let place = desk.admit_hashing(attempt)?;
    if find(&app.store, &name).await?.is_some() {
        return Err(crate::decide::ChangeRefused::NameTaken.into());
    }
    let proof = place.run(move || passwords::proof(&password)).await??;
    drop(place);
    let decision = CreateUser {
        operation: SIGN_UP.name,
        kind: UserKind::Person,
        name,
        proof,
        proof_state: ProofState::Chosen,
        rights: Rights::default(),
        caller: None,
        key: None,
    };
    let (user, _) = app.store.decide(decision, visit.context).await??;
    Ok(unstored(answer::made(&UserShown::from(&user))))
}

/// Begins a session of whoever proves by his password who he is.
///
/// A wrong name and a wrong password get the same 401 `sign-in-refused`, too many tries 429. A password that
/// was made for one time gets 403 `password-change-required`. Whoever repeats it begins another session. In
/// the one program alone; on AWS Cognito does this.
#[utoipa::path(post, path = "/auth/login", tag = "identity", request_body = LogInAsked,
    responses((status = 200, body = TokensShown, description = "The tokens of his session.")))]
pub(super) async fn log_in(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    body: Body<LogInAsked>,
) -> Result<Response, Problem> {
    let LogInAsked { email, password, cookie } = body.value;
    let begin = Begin { visit, email: email.0, password: password.0, changed: None, cookie };
    begin.at(app, desk).await
}

/// Takes another password, and begins a session; every other one of the user ends.
///
/// This is also how a password is replaced that was made for one time. It needs no token: the password
/// proves who he is, and a wrong one is answered as at log-in. In the one program alone.
#[utoipa::path(post, path = "/auth/password", tag = "identity", request_body = PasswordAsked,
    responses((status = 200, body = TokensShown, description = "The tokens of his new session.")))]
pub(super) async fn change_password(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    body: Body<PasswordAsked>,
) -> Result<Response, Problem> {
    let PasswordAsked { email, password, new_password, cookie } = body.value;
    let bad = |bad| bad_password("new_password", bad);
    passwords::check(&new_password.0, &email.0).map_err(bad)?;
    if new_password.0 == password.0 {
        return Err(bad(BadPassword::Same));
    }
    let changed = Some(new_password.0);
    let begin = Begin { visit, email: email.0, password: password.0, changed, cookie };
    begin.at(app, desk).await
}

/// Gives a service a token for its secret (RFC 6749, section 4.4, in JSON).
///
/// A wrong id and a wrong secret get the same 401 `sign-in-refused`. In the one program alone; on AWS
/// Cognito does this.
#[utoipa::path(post, path = "/auth/token", tag = "identity", request_body = TokenAsked,
    responses((status = 200, body = TokensShown, description = "Its token; there is no session.")))]
pub(super) async fn issue_token(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    body: Body<TokenAsked>,
) -> Result<Response, Problem> {
    let TokenAsked { grant_type, client_id, client_secret } = body.value;
    if grant_type != "client_credentials" {
        return Err(Problem::bad_field("grant_type", "must be `client_credentials`"));
    }
    let name = client_id.to_string();
    let attempt = Try { name: &name, shown: &client_secret.0, from: visit.from };
    let issue = async {
        desk.admit(attempt)?;
        let decision = IssueToken { sub: client_id, shown: service_proof(&client_secret.0) };
        Ok(app.store.decide(decision, visit.context).await??)
    };
    let user: Result<User, Problem> = issue.await;
    let user = user.inspect_err(|why| desk.count_refused(&name, visit.from, why))?;
    desk.remember_proved(attempt);
    let shown = TokensShown {
        access_token: desk.token(&user, None)?,
        token_type: "Bearer",
        expires_in: TOKEN_LIFE.as_secs(),
        refresh_token: None,
        session_expires_at: None,
        sub: user.sub,
    };
    Ok(unstored(answer::ok(&shown)))
}

/// A session that is to begin.
struct Begin {
    visit: Visit,
    email: String,
    password: String,
    /// The password that takes the other's place.
    changed: Option<String>,
    cookie: bool,
}

impl Begin {
    async fn at(self, app: App, desk: Arc<Desk>) -> Result<Response, Problem> {
        let name = email(&self.email)?;
        let (from, counting) = (self.visit.from, Arc::clone(&desk));
        let began = self.begun(app, desk, &name).await;
        began.inspect_err(|why| counting.count_refused(name.as_str(), from, why))
    }

    /// Passwords are hashed for who waits for it; what is decided thereafter is done to its end.
    async fn begun(self, app: App, desk: Arc<Desk>, name: &LoginName) -> Result<Response, Problem> {
        let Visit { from, context } = self.visit;
        let attempt = Try { name: name.as_str(), shown: &self.password, from };
        let place = desk.admit_hashing(attempt)?;
        let user = desk.proved(&app.store, name, &self.password, &place).await?;
        let user = user.ok_or(SignInRefused::Wrong)?;
        let refresh = RefreshToken::first(SessionId::from_uuid(System.draw()))?;
        let decision = self.decision(&place, &user, &refresh).await?;
        drop(place);
        let (name, cookie) = (name.clone(), self.cookie);
        let is_changed = self.changed.is_some();
        let shown = self.changed.unwrap_or(self.password);
        to_its_end(async move {
            let (user, session) = app.store.decide(decision, context).await??;
            desk.take_back_from(&user);
            if is_changed {
                desk.forget_proved(&user);
            }
            desk.remember_proved(Try { name: name.as_str(), shown: &shown, from });
            given(&desk, (&user, &session), &refresh, cookie)
        })
        .await
    }

    async fn decision(
        &self,
        place: &HashingPlace<'_>,
        user: &Known<User>,
        refresh: &RefreshToken,
    ) -> Result<LogIn, Problem> {
        let is_outdated = self.changed.is_none() && passwords::is_outdated(&user.proof);
        let rehashed = if is_outdated { hashed(place, Some(&self.password)).await? } else { None };
        Ok(LogIn {
            sub: user.sub,
            compared: user.proof.clone(),
            rehashed,
            changed: hashed(place, self.changed.as_ref()).await?,
            session: NewSession {
                session_id: refresh.session_id,
                family_hash: refresh.family_hash(),
                token_hash: refresh.token_hash(),
            },
        })
    }
}

async fn hashed(
    place: &HashingPlace<'_>,
    password: Option<&String>,
) -> Result<Option<Proof>, Problem> {
    let Some(password) = password.cloned() else { return Ok(None) };
    Ok(Some(place.run(move || passwords::proof(&password)).await??))
}

/// What somebody is given in a session: tokens, the refresh token in the answer or as a cookie.
pub(super) fn given(
    desk: &Desk,
    (user, session): (&User, &Session),
    refresh: &RefreshToken,
    cookie: bool,
) -> Result<Response, Problem> {
    let until = session.expires_at();
    let shown = TokensShown {
        access_token: desk.token(user, Some(session.session_id))?,
        token_type: "Bearer",
        expires_in: TOKEN_LIFE.as_secs(),
        refresh_token: (!cookie).then(|| refresh.text()),
        session_expires_at: Some(until),
        sub: user.sub,
    };
    let mut response = unstored(answer::ok(&shown));
    if cookie {
        let times = (session.refreshed_at, until);
        cookie::give(&mut response, &refresh.text(), times, desk.settings.secure_cookies);
    }
    Ok(response)
}

/// The name of a person.
pub(super) fn email(text: &str) -> Result<LoginName, Problem> {
    LoginName::email(text).map_err(|bad| Problem::bad_field("email", bad.to_string()))
}

fn bad_password(field: &'static str, bad: BadPassword) -> Problem {
    Problem::bad_field(field, bad.to_string())
}
