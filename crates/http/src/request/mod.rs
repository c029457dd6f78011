//! What a route knows of the request beside its path and body: who calls, the trace, and the headers
//! that change how it is answered. Not in here: the middleware that sets it up, see `serve`.

mod address;
mod arrival;
mod key;
mod prefer;
mod visit;

use std::time::Duration;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header::IF_NONE_MATCH};
use kernel::record::Hash32;
use kernel::{Caller, Context, RequestKey, Role};

pub use address::ClientAddress;
pub(crate) use arrival::Arrival;
pub use visit::Visit;

use crate::deployment::Settings;
use crate::etag;
use crate::problem::Problem;
use crate::wait::Wait;

/// The request, for a handler. Without a caller it is 401; `Option<Request>` is none then, for
/// routes that nobody in particular may call.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// What its decisions are made in answer to.
    pub context: Context,
    /// From where it came; none where it came over no network, as in a test of a bare router.
    pub from: Option<ClientAddress>,
    key: Option<Box<str>>,
    wait: Option<Duration>,
    if_none_match: Option<Box<HeaderMap>>,
}

impl Request {
    /// The idempotency key, if the caller sent one. `operation` is its name and the ids in its path:
    /// `["capture_payment", "pay_…"]`; `body` is the hash of the body.
    pub fn key(&self, operation: &[&str], body: Hash32) -> Option<RequestKey> {
        let key = self.key.as_deref()?;
        Some(RequestKey::new(&self.caller.sub, operation, key, body))
    }

    /// How long the caller is willing to wait for a saga's end; none if he is not, or the deployment
    /// does not wait.
    pub fn wait(&self, settings: &Settings) -> Option<Wait> {
        let at_most = self.wait?.min(settings.wait_max);
        let counted = || match self.caller.role {
            Role::Customer => Some(self.caller.sub.clone()),
            Role::Operator | Role::Service { .. } => None,
        };
        (!at_most.is_zero()).then(|| Wait {
            at_most,
            counted: counted(),
            waiting: settings.waiting.clone(),
        })
    }

    /// Whether `If-None-Match` says that the caller has what this tag is of.
    pub(crate) fn has_already(&self, tag: &HeaderValue) -> bool {
        self.if_none_match.as_ref().is_some_and(|headers| etag::is_named(headers, tag))
    }

    fn read(parts: &Parts, caller: Caller) -> Result<Self, Problem> {
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        let if_none_match = reads && parts.headers.contains_key(IF_NONE_MATCH);
        let arrival = Arrival::of(parts);
        Ok(Self {
            caller,
            context: arrival.context(),
            from: arrival.from,
            key: if reads { None } else { key::read(&parts.headers)? },
            wait: prefer::wait(&parts.headers),
            if_none_match: if_none_match.then(|| Box::new(parts.headers.clone())),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Request {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(caller) => Self::read(parts, caller.clone()),
            None => Err(Problem::unauthorized("Send a valid bearer token in `Authorization`.")),
        }
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Request {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(|caller| Self::read(parts, caller)).transpose()
    }
}
