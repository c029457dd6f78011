//! The header `Idempotency-Key`: 1 to 255 visible ASCII characters, once.
//! Not in here: what a key seen before means, see `kernel::request`.

use axum::http::HeaderMap;

use crate::problem::Problem;

const NAME: &str = "idempotency-key";

/// The key, if there is one.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<Box<str>>, Problem> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::bad_field("Idempotency-Key", "is there twice; send it once"));
    }
    let bytes = value.as_bytes();
    let is_visible = bytes.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(bytes) {
        Ok(key) if is_visible && (1..=255).contains(&key.len()) => Ok(Some(key.into())),
        _ => Err(Problem::bad_field(
            "Idempotency-Key",
            "must be 1 to 255 visible ASCII characters, without spaces",
        )),
    }
}
