//! A request of nobody in particular, such as one that signs somebody in. Not in here: who calls.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kernel::Context;

use super::{Arrival, ClientAddress};

/// What a route that everybody may call knows of the request.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// What its decisions are made in answer to.
    pub context: Context,
    /// From where it came; none where it came over no network.
    pub from: Option<ClientAddress>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let arrival = Arrival::of(parts);
        Ok(Self { context: arrival.context(), from: arrival.from })
    }
}
