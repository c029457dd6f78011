//! The routes of the service: from HTTP to a decision and back. Who may call which is said in the
//! manifest and laid over them by `http-api`; what is decided is not here.

mod cookie;
mod gate;
mod sessions;
mod sign_in;
mod users;

use std::sync::Arc;

use axum::Extension;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use http_api::{Problem, ProblemKind, Routes, routes};

pub use gate::Gate;

use crate::decide::{ChangeRefused, SignInRefused};
use crate::desk::Desk;
use crate::manifest;
use crate::records::BadRight;
use crate::secrets::NoRandomness;

/// The desk, as handlers are given it.
type AtDesk = Extension<Arc<Desk>>;

/// Every route of the service, at that desk.
pub fn routes(desk: &Arc<Desk>) -> Routes {
    let desk = || Extension(Arc::clone(desk));
    Routes::new()
        .add(&manifest::SIGN_UP, routes!(sign_in::sign_up).layer(desk()))
        .add(&manifest::LOG_IN, routes!(sign_in::log_in).layer(desk()))
        .add(&manifest::REFRESH_SESSION, routes!(sessions::refresh_session).layer(desk()))
        .add(&manifest::LOG_OUT, routes!(sessions::log_out).layer(desk()))
        .add(&manifest::CHANGE_PASSWORD, routes!(sign_in::change_password).layer(desk()))
        .add(&manifest::ISSUE_TOKEN, routes!(sign_in::issue_token).layer(desk()))
        .add(&manifest::CREATE_USER, routes!(users::create_user).layer(desk()))
        .add(&manifest::LIST_USERS, routes!(users::list_users).with_query())
        .add(&manifest::GRANT_RIGHT, routes!(users::grant_right).layer(desk()))
        .add(&manifest::REVOKE_RIGHT, routes!(users::revoke_right).layer(desk()))
        .add(&manifest::DISABLE_USER, routes!(users::disable_user).layer(desk()))
        .add(&manifest::ENABLE_USER, routes!(users::enable_user).layer(desk()))
        .add(&manifest::RESET_PASSWORD, routes!(users::reset_password).layer(desk()))
}

/// Does what must be done to its end even when whoever asked has gone: what was taken back in the store
/// and not at the desk would be believed until its token ends.
async fn to_its_end<T: Send + 'static>(
    doing: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::spawn(doing).await;
    done.unwrap_or_else(|panicked| Err(Problem::internal(panicked.to_string())))
}

/// An answer that nobody between may keep.
fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<ChangeRefused> for Problem {
    fn from(refused: ChangeRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            ChangeRefused::NameTaken => Self::conflict(ProblemKind::NameTaken, detail),
            ChangeRefused::LastOperator => Self::conflict(ProblemKind::LastOperator, detail),
            ChangeRefused::NotFound => Self::not_found("user"),
            ChangeRefused::KeyReused => Self::key_reused(),
            ChangeRefused::NoSuchRight => Self::bad_field("right", BadRight::Unknown.to_string()),
            ChangeRefused::TooManyRights => Self::bad_field("right", "would be more than 16"),
        }
    }
}

impl From<SignInRefused> for Problem {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::Wrong => Self::new(
                ProblemKind::SignInRefused,
                "The name or what proves it is wrong; check both.",
            ),
            SignInRefused::Late => Self::new(
                ProblemKind::SignInRefused,
                "This password was for one time, and good for 7 days; ask an operator for another.",
            ),
            SignInRefused::OneTime => Self::new(
                ProblemKind::PasswordChangeRequired,
                "This password is for one time; choose your own by `POST /v1/auth/password`.",
            ),
            SignInRefused::Over | SignInRefused::Reused => {
                Self::new(ProblemKind::SignInRefused, "The session is over; sign in again.")
            }
            SignInRefused::Superseded => Self::new(
                ProblemKind::SignInRefused,
                "Another refresh token has taken this one's place. If you do not have that one, sign in \
                 again, and log out everywhere if you did not ask for it.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
