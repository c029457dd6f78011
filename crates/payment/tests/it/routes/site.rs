//! The service's routes over a store in memory, as the program lays them, and callers by their names.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_api::{App, Authenticator, Deployment, Front, Hosts, OpenGate, Problem, Settings};
use http_body_util::BodyExt;
use kernel::event::Capture;
use kernel::store::StorePort;
use kernel::{Caller, EventData, PaymentId, Store};
use payment::decide::Heard;
use serde_json::Value;
use tower::ServiceExt;

use super::super::world::{World, customer, operator, service};

pub(crate) struct Site {
    pub(crate) world: World,
    router: Router,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// The status, and of a failure the last part of its type and the fields that it names.
    pub(crate) fn line(&self) -> String {
        let mut line = self.status.as_u16().to_string();
        if let Some(kind) = self.json["type"].as_str() {
            line.push(' ');
            line.push_str(kind.rsplit('/').next().unwrap());
            for error in self.json["errors"].as_array().into_iter().flatten() {
                line.push_str(&format!(" {}", error["field"].as_str().unwrap()));
            }
        }
        line
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.json))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Takes the caller's word for who he is.
struct ByName;

impl Authenticator for ByName {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let name = headers.get("x-name").map(|name| name.to_str().unwrap());
        Ok(name.map(|name| match name {
            "olga" => operator(),
            "shop" => service("payments"),
            "printer" => service("reports"),
            name => customer(name),
        }))
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        let world = World::default();
        let port: Arc<dyn StorePort> = Arc::<kernel::memory::MemoryStore>::clone(&world.store);
        let app: App = Arc::new(Deployment {
            store: Store::new(port),
            events: Arc::<kernel::memory::MemoryStore>::clone(&world.store),
            settings: Settings::new([7; 32]),
        });
        let front = Front {
            authenticator: Arc::new(ByName),
            hosts: Hosts::Any,
            gate: Arc::new(OpenGate),
            ids: Arc::<kernel::memory::MemoryStore>::clone(&world.store),
        };
        let router = http_api::app(payment::routes(), Router::new(), app, front);
        Self { world, router }
    }

    /// Asks for `METHOD /path`, below `/v1`; a POST with that body.
    pub(crate) async fn ask(&self, caller: &str, asked: &str, body: &str) -> Answer {
        self.ask_with(caller, asked, body, &[]).await
    }

    pub(crate) async fn ask_with(
        &self,
        caller: &str,
        asked: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let (method, path) = asked.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(format!("/v1{path}"));
        if !caller.is_empty() {
            request = request.header("x-name", caller);
        }
        if method == "POST" {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json }
    }

    /// Runs a request that waits, and lets the wallet answer what it has asked meanwhile.
    pub(crate) async fn while_the_wallet_answers<D: Into<EventData>>(
        &self,
        asking: impl Future<Output = Answer>,
        answer: impl FnOnce(&World) -> D,
    ) -> Answer {
        let said = self.world.store.said().len();
        let answering = async {
            while self.world.store.said().len() == said {
                tokio::task::yield_now().await;
            }
            assert_eq!(self.world.hear(answer(&self.world)), Heard::Noted);
        };
        tokio::join!(asking, answering).0
    }

    /// A payment by Anna, still pending.
    pub(crate) fn pending(&self) -> PaymentId {
        self.world.request(Capture::Automatic)
    }
}

/// The wallet of all payments here.
pub(crate) const WALLET: &str = "wal_00000000-0000-0000-0000-000000000005";

/// A request's body with these fields more, or others: `"amount": "1.00"`.
pub(crate) fn order(more: &str) -> String {
    let mut order = serde_json::json!({
        "wallet_id": WALLET, "merchant_id": "books", "amount": "10.00",
    });
    let more: Value = serde_json::from_str(&format!("{{{more}}}")).unwrap();
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order.to_string()
}
