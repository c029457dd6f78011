//! Problem documents (RFC 9457): every answer that is not a success is one.
//! Not in here: which rule says no; services know that and name a kind.

mod kind;
mod page;
#[cfg(feature = "document")]
mod schema;

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::StoreError;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub use kind::ProblemKind;
pub use page::page;

/// The media type of problem documents.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was not answered with a success.
///
/// `detail` is a sentence that says what to do. It holds nothing secret and no text of a library's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    more: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    cause: Option<String>,
    challenge: &'static str,
    instance: Option<String>,
    request_id: Option<String>,
}

/// One field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field, parameter or header; nested fields with dots: `debts[0].balance`.
    pub field: Cow<'static, str>,
    /// A sentence that goes on after the field's name: `must be more than zero`.
    pub message: Cow<'static, str>,
}

impl Problem {
    /// Of a kind, with a sentence that says what to do.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            more: Vec::new(),
            retry_after: None,
            cause: None,
            challenge: "Bearer",
            instance: None,
            request_id: None,
        }))
    }

    /// 400: a field, parameter or header that is malformed. `message` goes on after its name:
    /// `must be more than zero`.
    pub fn bad_field(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (field, message) = (field.into(), message.into());
        let mut problem = Self::new(ProblemKind::Malformed, format!("`{field}` {message}."));
        problem.0.errors.push(FieldError { field, message });
        problem
    }

    /// 404: what is not there, or not the caller's. `what` is a noun: `wallet`.
    pub fn not_found(what: &str) -> Self {
        let detail = format!("There is no such {what}, or it is not yours; check the id.");
        Self::new(ProblemKind::NotFound, detail)
    }

    /// 409: the state does not allow it.
    pub fn conflict(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        assert_eq!(kind.status(), StatusCode::CONFLICT, "{} is no conflict", kind.slug());
        Self::new(kind, detail)
    }

    /// 422: a rule said no.
    pub fn rule(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        assert_eq!(
            kind.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{} is no refusal by a rule",
            kind.slug()
        );
        Self::new(kind, detail)
    }

    /// 422: the same idempotency key came with another body.
    pub fn key_reused() -> Self {
        Self::rule(
            ProblemKind::IdempotencyKeyReused,
            "This Idempotency-Key was used with another body; draw a new key for a new request.",
        )
    }

    /// 403: not for the caller's role. A whole sentence.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// 401: no token. A whole sentence.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Unauthorized, detail)
    }

    /// 401: a token that proves nobody, which the challenge says too (RFC 6750, section 3.1). A whole
    /// sentence.
    pub fn bad_token(detail: impl Into<Cow<'static, str>>) -> Self {
        let mut problem = Self::unauthorized(detail);
        problem.0.challenge = r#"Bearer error="invalid_token""#;
        problem
    }

    /// 500: a bug of ours. `cause` goes to the log alone.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "Something broke here; tell an operator the request id.";
        Self::new(ProblemKind::Internal, detail).because(cause)
    }

    /// With what only the log may know.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// With a member more in the document, such as `available`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.more.push((name, value.into()));
        self
    }

    /// With `Retry-After`, in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// The sentence that says what to do.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What only the log may know.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The fields that are wrong.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The whole document, for a request of that path and id.
    pub(crate) fn document(mut self, path: &str, request_id: &str) -> Vec<u8> {
        self.0.instance = Some(path.to_owned());
        self.0.request_id = Some(request_id.to_owned());
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Inner { kind, detail, errors, more, instance, request_id, .. } = &*self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &format_args!("{}{}", ProblemKind::BASE, kind.slug()))?;
        map.serialize_entry("title", kind.title())?;
        map.serialize_entry("status", &kind.status().as_u16())?;
        map.serialize_entry("detail", detail)?;
        if let Some(instance) = instance {
            map.serialize_entry("instance", instance)?;
        }
        if let Some(request_id) = request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        if !errors.is_empty() {
            map.serialize_entry("errors", errors)?;
        }
        for (name, value) in more {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl IntoResponse for Problem {
    /// The document without `instance` and request id, and the problem itself in the answer's
    /// extensions, from which the outermost layer adds both.
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.0.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.0.kind.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(self.0.challenge));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Rounded up, so that whoever comes then is not too early; at least one.
fn whole_seconds(wait: Duration) -> u64 {
    let part = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(part).max(1)
}

/// How soon a caller should come back when the store cannot answer now.
const RETRY: Duration = Duration::from_secs(1);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = error.to_string();
        let problem = match error {
            StoreError::Busy => {
                Self::new(ProblemKind::Busy, "Too much is waiting; try again in a moment.")
            }
            StoreError::Unavailable(_) => {
                Self::new(ProblemKind::Unavailable, "Nothing was done; try again in a moment.")
            }
            StoreError::OutcomeUnknown(_) => Self::new(
                ProblemKind::OutcomeUnknown,
                "It may or may not have been done; repeat the request with the same Idempotency-Key.",
            ),
            StoreError::Broken(_) => return Self::internal(cause),
        };
        problem.because(cause).retry_after(RETRY)
    }
}
