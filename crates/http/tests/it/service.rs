//! The small service behind its front, and a way to send requests to it.
//! Not in here: its routes, see `notes`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_api::{
    Authenticator, ClientAddress, Deployment, Front, Gate, Hosts, Problem, ProblemKind, Settings,
    app,
};
use kernel::memory::MemoryStore;
use kernel::{Caller, Known, Role, Store, Subject};
use serde_json::Value;
use tower::ServiceExt;

use crate::notes::{Note, PutNote, all_routes};

/// Takes the header `x-test-caller` for the caller: `alice`, `operator bob`, `service shop payments`.
pub(crate) struct ByHeader;

impl Authenticator for ByHeader {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(value) = headers.get("x-test-caller") else { return Ok(None) };
        let words: Vec<_> = value.to_str().unwrap().split(' ').collect();
        let (sub, role) = match words.as_slice() {
            ["liar"] => return Err(Problem::unauthorized("The token is not valid; log in again.")),
            ["operator", sub] => (sub, Role::Operator),
            ["service", sub, scopes @ ..] => {
                let scopes = scopes.iter().map(|scope| Box::from(*scope)).collect();
                (sub, Role::Service { scopes })
            }
            [sub] => (sub, Role::Customer),
            other => panic!("no caller: {other:?}"),
        };
        Ok(Some(Caller { sub: Subject::new(sub).unwrap(), role }))
    }
}

/// Lets nobody in who is called `eager`, and nothing from 192.0.2.66.
struct Turnstile;

impl Gate for Turnstile {
    fn pass(&self, from: ClientAddress) -> Result<(), Problem> {
        if from.to_string() == "192.0.2.66" { Err(too_many()) } else { Ok(()) }
    }

    fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        if caller.sub.to_string() == "eager" { Err(too_many()) } else { Ok(()) }
    }
}

fn too_many() -> Problem {
    let detail = "Wait as long as `Retry-After` says.";
    Problem::new(ProblemKind::TooManyRequests, detail).retry_after(Duration::from_millis(1_500))
}

/// The service behind its front.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) router: Router,
}

/// An answer, its body as JSON (null if it is empty).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The last part of the problem's type.
    pub(crate) fn slug(&self) -> &str {
        self.body["type"].as_str().unwrap().rsplit('/').next().unwrap()
    }

    /// The fields that the problem names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["field"].as_str().unwrap()).collect()
    }
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::behind(Hosts::Any)
    }

    pub(crate) fn behind(hosts: Hosts) -> Self {
        let memory = Arc::new(MemoryStore::new());
        let store = Store::new(memory.clone());
        let settings = Settings { wait_max: Duration::from_secs(10), ..Settings::new([7; 32]) };
        let state = Arc::new(Deployment { store: store.clone(), events: memory.clone(), settings });
        let front = Front {
            authenticator: Arc::new(ByHeader),
            hosts,
            gate: Arc::new(Turnstile),
            ids: memory.clone(),
        };
        let root = Router::new().route("/healthz", axum::routing::get(async || "ok"));
        Self { store, memory, router: app(all_routes(), root, state, front) }
    }

    /// Sends a request as the operator bob. Whatever comes back, a failure is a problem document.
    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![("x-test-caller", "operator bob")];
        all.extend_from_slice(headers);
        self.send_as_nobody(line, &all, body.as_bytes()).await
    }

    /// Sends a JSON body as the operator bob.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(&format!("POST {path}"), &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[], "").await
    }

    pub(crate) async fn send_as_nobody(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let is_json = headers
            .get("content-type")
            .is_some_and(|value| value.to_str().unwrap().starts_with("application/"));
        let body = match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::from(""),
            Err(error) => {
                assert!(!is_json, "{line}: {error}");
                Value::from(String::from_utf8_lossy(&bytes))
            }
        };
        let answer = Answer { status, headers, body };
        assert_is_in_order(line, &answer);
        answer
    }

    pub(crate) async fn put(&self, note: Note) -> Known<Note> {
        let context = kernel::Context::request(kernel::CorrelationId(1), None);
        self.store.decide(PutNote(note), context).await.unwrap()
    }
}

/// What holds of every answer.
fn assert_is_in_order(line: &str, answer: &Answer) {
    let request_id =
        answer.header("x-request-id").unwrap_or_else(|| panic!("{line}: no request id"));
    assert!((1..=128).contains(&request_id.len()), "{line}: {request_id}");
    for (name, expected) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), Some(expected), "{line}");
    }
    let is_described = ["/docs", "/v1/openapi.json"].iter().any(|open| line.contains(open));
    let kept = match (is_described, answer.header("etag")) {
        (true, _) => "no-cache",
        // It is asked whether it is as it was, by whoever may read it.
        (false, Some(_)) => "private, no-cache",
        (false, None) => "no-store",
    };
    assert_eq!(answer.header("cache-control"), Some(kept), "{line}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{line}: {policy}");
    if answer.status < 400 {
        return;
    }
    let Answer { status, body, .. } = answer;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{line}: {body}");
    let kind = ProblemKind::from_slug(answer.slug()).unwrap_or_else(|| panic!("{line}: {body}"));
    assert_eq!(kind.status().as_u16(), *status, "{line}: {body}");
    assert_eq!(body["type"], format!("https://fintech.example/problems/{}", kind.slug()));
    assert_eq!(body["status"], *status, "{line}: {body}");
    assert_eq!(body["title"], kind.title(), "{line}: {body}");
    assert_eq!(body["request_id"], request_id, "{line}: {body}");
    let path = line.split(' ').nth(1).unwrap().split('?').next().unwrap();
    assert_eq!(body["instance"], path, "{line}: {body}");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{line}: {body}");
    let names_a_field = !answer.fields().is_empty();
    assert_eq!(names_a_field, *status == 400, "{line}: {body}");
    let is_later = matches!(status, 429 | 503);
    assert_eq!(answer.header("retry-after").is_some(), is_later, "{line}");
    assert_eq!(answer.header("www-authenticate").is_some(), *status == 401, "{line}");
}
