//! The refresh token as a cookie, for pages in a browser: no script can read it, no other site's page
//! makes a browser send it (`SameSite=Strict`), and it goes to these routes alone. A page of a
//! neighbouring name could make a browser send it still; so what counts on the cookie must say that it
//! is JSON, which a browser lets such a page do only after asking here whether it may, and it may not.
//! Not in here: what a token is good for.

use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_api::{Problem, ProblemKind};
use kernel::Time;

use crate::secrets::RefreshToken;

const NAME: &str = "fintech_refresh";
const PATH: &str = "/v1/auth";

/// The refresh token that a browser sent.
///
/// # Errors
/// 415 where the request does not say that it is JSON.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<RefreshToken>, Problem> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|one| one.split_once('='));
    let found = pairs.find(|(name, _)| name.trim() == NAME);
    let Some(token) = found.and_then(|(_, value)| RefreshToken::read(value.trim())) else {
        return Ok(None);
    };
    if headers.contains_key(CONTENT_TYPE) {
        return Ok(Some(token));
    }
    let detail = "Say `Content-Type: application/json` where the refresh token is a cookie.";
    Err(Problem::new(ProblemKind::UnsupportedMediaType, detail))
}

/// Gives a browser the token to keep until then.
pub(super) fn give(response: &mut Response, token: &str, (now, until): (Time, Time), secure: bool) {
    set(response, token, until.since(now).as_secs(), secure);
}

/// Lets a browser forget it.
pub(super) fn forget(response: &mut Response, secure: bool) {
    set(response, "", 0, secure);
}

fn set(response: &mut Response, value: &str, seconds: u64, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{NAME}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}
