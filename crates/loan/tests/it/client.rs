//! The service behind its front, over the reference store, and a way to send it requests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_api::{Authenticator, Deployment, Front, Hosts, OpenGate, Problem, Settings, app};
use http_body_util::BodyExt;
use kernel::memory::MemoryStore;
use kernel::{Caller, Role, Store};
use loan::rate::RateTable;
use serde_json::Value;
use tower::ServiceExt;

use crate::scene::{Scene, caller};

/// Takes the header `x-caller` for the caller: `alice` is a customer, `olga` an operator.
struct ByHeader;

impl Authenticator for ByHeader {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(name) = headers.get("x-caller") else { return Ok(None) };
        let name = name.to_str().unwrap();
        let role = if name == "olga" { Role::Operator } else { Role::Customer };
        Ok(Some(caller(name, role)))
    }
}

pub(crate) struct Client {
    pub(crate) scene: Scene,
    router: Router,
}

/// An answer: its status, headers, and body as JSON (null if there is none).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    /// The last part of a problem's `type`.
    pub(crate) fn problem(&self) -> &str {
        self.text("type").rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let deployment = Deployment {
            store: Store::new(store.clone()),
            events: store.clone(),
            settings: Settings::new([7; 32]),
        };
        let front = Front {
            authenticator: Arc::new(ByHeader),
            hosts: Hosts::Any,
            gate: Arc::new(OpenGate),
            ids: Arc::new(MemoryStore::new()),
        };
        let routes = loan::routes(RateTable::default());
        let router = app(routes, Router::new(), Arc::new(deployment), front);
        Self { scene: Scene { store }, router }
    }

    /// Sends `POST /loan/…` or `GET …` as somebody, with headers `name: value` in lines.
    pub(crate) async fn send(&self, who: &str, line: &str, headers: &str, body: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(format!("/v1{path}"));
        if !who.is_empty() {
            request = request.header("x-caller", who);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for line in headers.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(who, &format!("GET {path}"), "", "").await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: &str) -> Answer {
        self.send(who, &format!("POST {path}"), "", body).await
    }

    /// Applies as alice for 1000.00 USD over 12 months; the loan's id.
    pub(crate) async fn apply(&self) -> String {
        let answer = self.post("alice", "/loan", &application()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("loan_id").to_owned()
    }
}

pub(crate) fn application() -> String {
    let wallet_id = crate::scene::wallet();
    format!(r#"{{"wallet_id": "{wallet_id}", "amount": "1000.00", "loan_term_months": 12}}"#)
}
