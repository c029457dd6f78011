//! The routes behind their front, over a world, and a way to send them requests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_api::{Authenticator, Deployment, Front, Hosts, OpenGate, Problem, Settings, app};
use http_body_util::BodyExt;
use kernel::memory::MemoryStore;
use kernel::operators::EventsPort;
use kernel::{Caller, Role, Store};
use serde_json::Value;
use tower::ServiceExt;

use crate::world::caller;

/// Takes the header `x-caller` for the caller: `olga` is an operator, `shop` a service for payments,
/// whoever else a customer.
struct ByHeader;

impl Authenticator for ByHeader {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(name) = headers.get("x-caller") else { return Ok(None) };
        let name = name.to_str().unwrap();
        let role = match name {
            "olga" => Role::Operator,
            "shop" => Role::Service { scopes: Arc::from([Box::from("payments")]) },
            _ => Role::Customer,
        };
        Ok(Some(caller(name, role)))
    }
}

pub(crate) struct Client {
    router: Router,
}

/// An answer: its status, and its body as JSON (null if there is none).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// One field of each item of a list.
    pub(crate) fn each(&self, field: &str) -> Vec<String> {
        let items = self.body["items"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Client {
    pub(crate) fn new(store: &Arc<MemoryStore>, events: Arc<dyn EventsPort>) -> Self {
        let deployment = Deployment {
            store: Store::new(store.clone()),
            events,
            settings: Settings::new([7; 32]),
        };
        let front = Front {
            authenticator: Arc::new(ByHeader),
            hosts: Hosts::Any,
            gate: Arc::new(OpenGate),
            ids: store.clone(),
        };
        let router = app(operations::routes(), Router::new(), Arc::new(deployment), front);
        Self { router }
    }

    /// Sends `GET /me` or the like as somebody; nobody if that is empty.
    pub(crate) async fn send(&self, who: &str, line: &str, key: Option<&str>) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(format!("/v1{path}"));
        if !who.is_empty() {
            request = request.header("x-caller", who);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("olga", &format!("GET {path}"), None).await
    }

    /// All pages of a list, two items at a time; one field of each item.
    pub(crate) async fn all(&self, path: &str, field: &str) -> Vec<String> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{join}limit=2{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            found.extend(page.each(field));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }
}
