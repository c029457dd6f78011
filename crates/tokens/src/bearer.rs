//! Takes the token from the headers: one header, one scheme, one token. Not in here: the token.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::refused::Refused;

/// The most characters that a token may have. Providers that list every role come to some 4,000.
pub(crate) const TOKEN_LENGTH_MAX: usize = 8_192;

const SCHEME: &str = "bearer";

/// The token; none where nobody claims to be anybody.
pub(crate) fn token(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refused::NoBearer);
    }
    let text = value.to_str().map_err(|_| Refused::NoBearer)?;
    let (scheme, token) = text.split_once(' ').ok_or(Refused::NoBearer)?;
    let token = token.trim_start_matches(' ');
    let is_sized = (1..=TOKEN_LENGTH_MAX).contains(&token.len());
    if !scheme.eq_ignore_ascii_case(SCHEME) || !is_sized {
        return Err(Refused::NoBearer);
    }
    Ok(Some(token))
}
