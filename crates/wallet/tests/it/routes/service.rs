//! The wallet service behind its front, over a bank's store, and a way to send it requests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_api::{
    Authenticator, Deployment, Front, Hosts, OpenGate, Problem, ProblemKind, Settings, app,
};
use kernel::{Caller, Role, Scope, Store};
use serde_json::Value;
use tower::ServiceExt;

use crate::bank::{Bank, sub};

/// Takes the header `x-caller` for the caller; `olga` is an operator, `shop` a service.
struct ByHeader;

impl Authenticator for ByHeader {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let name = headers.get("x-caller").and_then(|value| value.to_str().ok());
        Ok(name.map(|name| {
            let role = match name {
                "olga" => Role::Operator,
                "shop" => Role::Service { scopes: Arc::from([Scope::Payments.text().into()]) },
                _ => Role::Customer,
            };
            Caller { sub: sub(name), role }
        }))
    }
}

/// An answer. The body is JSON, or the text if it is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A failure in short words: its status, the last part of its type, the fields that it names.
    pub(crate) fn failure(&self) -> String {
        let Answer { status, body, .. } = self;
        let slug = body["type"].as_str().unwrap().rsplit('/').next().unwrap();
        let fields = body["errors"].as_array().into_iter().flatten();
        let fields: String =
            fields.map(|error| format!(" {}", error["field"].as_str().unwrap())).collect();
        format!("{status} {slug}{fields}")
    }

    /// The status, or a failure in short words.
    pub(crate) fn short(&self) -> String {
        if self.status < 400 { self.status.to_string() } else { self.failure() }
    }
}

/// The service, and the bank whose books it keeps.
pub(crate) struct Service {
    pub(crate) bank: Bank,
    router: Router,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings.self_funding = true)
    }

    pub(crate) fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let bank = Bank::new();
        let mut settings = Settings::new([7; 32]);
        set(&mut settings);
        let store = Store::new(bank.store.clone());
        let state = Arc::new(Deployment { store, events: bank.store.clone(), settings });
        let front = Front {
            authenticator: Arc::new(ByHeader),
            hosts: Hosts::Any,
            gate: Arc::new(OpenGate),
            ids: bank.store.clone(),
        };
        let router = app(wallet::routes(), Router::new(), state, front);
        Self { bank, router }
    }

    /// The path of a wallet and what follows it: `A/credit`.
    pub(crate) fn path(&self, of: &str) -> String {
        let (name, rest) = of.split_at(1);
        format!("/v1/wallet/{}{rest}", self.bank.id(name))
    }

    /// Sends a request as its line says: `GET alice A/statement?from=…`, `POST alice A/credit`. A
    /// path that begins with a slash is taken as it is.
    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let [method, caller, path] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        let path = if path.starts_with('/') { path.to_owned() } else { self.path(path) };
        let mut request = Request::builder().method(method).uri(&path);
        if caller != "nobody" {
            request = request.header("x-caller", caller);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::from(text));
        if status >= 400 {
            let slug = body["type"].as_str().unwrap().rsplit('/').next().unwrap();
            let kind = ProblemKind::from_slug(slug).unwrap();
            assert_eq!(kind.status().as_u16(), status, "{line}: {body}");
        }
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, line: &str) -> Answer {
        self.send(&format!("GET {line}"), &[], "").await
    }

    pub(crate) async fn post(&self, line: &str, body: &str) -> Answer {
        self.send(&format!("POST {line}"), &[], body).await
    }

    pub(crate) async fn post_keyed(&self, line: &str, key: &str, body: &str) -> Answer {
        self.send(&format!("POST {line}"), &[("idempotency-key", key)], body).await
    }
}
