//! The preference `wait` of the header `Prefer` (RFC 7240): seconds, a whole number. Preferences that
//! are malformed or unknown are ignored, as the RFC asks. Not in here: the waiting itself.

use std::time::Duration;

use axum::http::HeaderMap;

/// How long the caller is willing to wait; the first `wait` counts.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    let seconds = preferences.find_map(|preference| {
        // What follows a semicolon are parameters, of which `wait` has none.
        let preference = preference.split(';').next().unwrap_or_default();
        let (name, value) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    })?;
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    // Digits that do not fit are a very long wait, which is cut to what is allowed.
    is_number.then(|| Duration::from_secs(seconds.parse().unwrap_or(u64::MAX)))
}
