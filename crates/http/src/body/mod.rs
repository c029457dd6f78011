//! Bodies of requests: JSON and nothing else, at most 64 KiB, read strictly.
//! Not in here: what the fields mean; types of a body say that with `serde`.

mod read;
mod strict;
mod typed;

pub(crate) use typed::{refused, shown};

use axum::extract::{FromRequest, Request};
use kernel::record::Hash32;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The largest body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// A body as `T`, which must say `#[serde(deny_unknown_fields)]` ([`Routes`](crate::Routes) checks
/// that). An absent body counts as `{}`. Must be the last of a handler's arguments.
#[derive(Debug, Clone)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of what it means: spaces, the order of fields and escapes in texts make no
    /// difference; the digits of a number do.
    pub hash: Hash32,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read::read(request).await?;
        parse(&bytes)
    }
}

/// Reads a whole body.
///
/// # Errors
/// 400 naming the field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    let text = match std::str::from_utf8(bytes) {
        Ok("") => "{}",
        Ok(text) => text,
        Err(_) => return Err(Problem::bad_field("body", "is not UTF-8")),
    };
    let hash = strict::hash(text)?;
    Ok(Body { value: typed::parse(text)?, hash })
}
