//! The refresh token as a cookie, for pages in a browser: no script can read it, no other site's page
//! makes a browser send it (`SameSite=Strict`). A page of a
//! neighbouring name could make a browser send it still; so what counts on the cookie must say that it
//! is JSON, which a browser lets such a page do only after asking here whether it may, and it may not.
//!
//! | where | name | path |
//! | --- | --- | --- |
//! | over TLS | `__Host-fintech_refresh` (RFC 6265bis, section 4.1.3.2) | `/`, as the prefix wants |
//! | on loopback | `fintech_refresh` | `/v1/auth` |
//!
//! The prefix makes browsers take it from this very host over TLS alone, so that no neighbour puts one of
//! its own there. It needs `Secure`, which not every browser takes over http from loopback.
//! Not in here: what a token is good for.

use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_api::{Problem, ProblemKind};
use kernel::Time;

use crate::secrets::RefreshToken;

/// How it is called, where it goes, and what more is said, if cookies go over TLS alone.
const OVER_TLS: [&str; 3] = ["__Host-fintech_refresh", "/", "; Secure"];
/// The same on loopback.
const ON_LOOPBACK: [&str; 3] = ["fintech_refresh", "/v1/auth", ""];

fn form(secure: bool) -> [&'static str; 3] {
    if secure { OVER_TLS } else { ON_LOOPBACK }
}

/// The refresh token that a browser sent.
///
/// # Errors
/// 415 where the request does not say that it is JSON; 400 where there are two, of which one may be
/// somebody else's.
pub(super) fn read(headers: &HeaderMap, secure: bool) -> Result<Option<RefreshToken>, Problem> {
    let [name, ..] = form(secure);
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|one| one.split_once('='));
    let mut named = pairs.filter(|(known, _)| known.trim() == name);
    let found = named.next();
    if named.next().is_some() {
        let both = "holds two refresh tokens; remove the cookies of this site, and sign in again";
        return Err(Problem::bad_field("Cookie", both));
    }
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
    let [name, path, secure] = form(secure);
    let cookie = format!(
        "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}
