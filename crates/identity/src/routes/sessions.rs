//! A session goes on, or ends. How one begins is not here.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_api::{App, Body, ClientAddress, Problem, Visit, answer};

use super::sign_in::given;
use super::{AtDesk, cookie, to_its_end, unstored};
use crate::bodies::{LogOutAsked, LoggedOut, RefreshAsked, Secret, TokensShown};
use crate::decide::{LogOut, Reach, RefreshSession, SignInRefused};
use crate::secrets::RefreshToken;

/// Goes on with a session: another access token, and the next refresh token in place of this one.
///
/// A refresh token is good once. One that is shown a second time, more than ten seconds later or from
/// another network, ends the session, for two have it; sooner and from the same one it is refused, and
/// the session goes on. A page that asked for a cookie at log-in sends that, and no token, with
/// `Content-Type: application/json`. In the one program alone; on AWS Cognito does this.
#[utoipa::path(post, path = "/auth/refresh", tag = "identity", request_body = RefreshAsked,
    responses((status = 200, body = TokensShown, description = "The next tokens of the session.")))]
pub(super) async fn refresh_session(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    headers: HeaderMap,
    body: Body<RefreshAsked>,
) -> Result<Response, Problem> {
    let secure = desk.settings.secure_cookies;
    let (shown, is_cookie) = token(body.value.refresh_token, &headers, secure)?;
    let shown = shown.ok_or(SignInRefused::Over)?;
    to_its_end(async move {
        let next = shown.next()?;
        let decision = RefreshSession {
            session_id: shown.session_id,
            family_hash: shown.family_hash(),
            shown_hash: shown.token_hash(),
            next_hash: next.token_hash(),
            from: visit.from.map(ClientAddress::network),
        };
        match app.store.decide(decision, visit.context).await? {
            Ok((user, session)) => given(&desk, (&user, &session), &next, is_cookie),
            Err(refused) => {
                if refused == SignInRefused::Reused {
                    desk.end(shown.session_id);
                }
                Err(refused.into())
            }
        }
    })
    .await
}

/// Ends a session, or every one of its user.
///
/// What was given in it is good no longer, at once. A token of no session, or of one that is over, is
/// answered alike; everywhere counts even where this one is over by itself. The token may come as a cookie, as at
/// `POST /v1/auth/refresh`. In the one program alone; on AWS Cognito does this.
#[utoipa::path(post, path = "/auth/logout", tag = "identity", request_body = LogOutAsked,
    responses((status = 200, body = LoggedOut, description = "It is over.")))]
pub(super) async fn log_out(
    State(app): State<App>,
    Extension(desk): AtDesk,
    visit: Visit,
    headers: HeaderMap,
    body: Body<LogOutAsked>,
) -> Result<Response, Problem> {
    let LogOutAsked { refresh_token, everywhere } = body.value;
    let secure = desk.settings.secure_cookies;
    let (shown, is_cookie) = token(refresh_token, &headers, secure)?;
    if let Some(shown) = shown {
        let reach = if everywhere { Reach::Everywhere } else { Reach::Here };
        let session_id = shown.session_id;
        let decision = LogOut { session_id, family_hash: shown.family_hash(), reach };
        to_its_end(async move {
            if let Some(user) = app.store.decide(decision, visit.context).await? {
                desk.end(session_id);
                desk.take_back_from(&user);
                if everywhere {
                    desk.forget_proved(&user);
                }
            }
            Ok(())
        })
        .await?;
    }
    let mut response = unstored(answer::ok(&LoggedOut { everywhere }));
    if is_cookie {
        cookie::forget(&mut response, secure);
    }
    Ok(response)
}

/// The refresh token, and whether it came as a cookie. One in the body wins.
fn token(
    in_body: Option<Secret>,
    headers: &HeaderMap,
    secure: bool,
) -> Result<(Option<RefreshToken>, bool), Problem> {
    match in_body {
        Some(text) => Ok((RefreshToken::read(&text.0), false)),
        None => Ok((cookie::read(headers, secure)?, true)),
    }
}
