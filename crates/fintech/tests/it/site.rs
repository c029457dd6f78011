//! The application in this process, with callers of every role, over the durable store in a folder of
//! its own. Every answer is held against the OpenAPI document. The same site, samples and cases are
//! asked through the gateway's events, by the tests of `lambda`.
//! Not in here: how a request gets to the routes, see `transport`; what is asked, see `samples`.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_api::Settings;
use kernel::audit::AuditLine;
use kernel::manifest::{Subscription, Unprocessable};
use kernel::operators::{DeliveryState, EventQuery, EventsPort};
use kernel::store::StorePort;
use kernel::{Caller, EventKind, Kind, Record, Role, Subject, Topic};
use serde_json::Value;
use store_embedded::bus::Subscriber;
use store_embedded::{EmbeddedStore, Options};
use tempfile::TempDir;

use crate::contract::Contract;
use crate::services;
use crate::transport::Transport;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Without a token.
    Nobody,
    /// A customer to whom nothing belongs that a sample is about.
    Other,
    /// The customer to whom all of it belongs.
    Owner,
    Operator,
    /// A service with the scope `payments`.
    Payments,
    /// A service with another scope.
    Reports,
}

impl Actor {
    /// In the order of the columns of tables.
    pub(crate) const ALL: [Self; 6] =
        [Self::Nobody, Self::Other, Self::Owner, Self::Operator, Self::Payments, Self::Reports];

    /// His `sub`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Other => "ben",
            Self::Owner => "ada",
            Self::Operator => "olga",
            Self::Payments => "terminal",
            Self::Reports => "printer",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|actor| actor.name() == name).unwrap()
    }

    pub(crate) fn caller(self) -> Caller {
        let service = |scope: &str| Role::Service { scopes: Arc::from([Box::from(scope)]) };
        let role = match self {
            Self::Nobody | Self::Other | Self::Owner => Role::Customer,
            Self::Operator => Role::Operator,
            Self::Payments => service("payments"),
            Self::Reports => service("reports"),
        };
        Caller { sub: Subject::new(self.name()).unwrap(), role }
    }
}

/// The header by which an actor is known here.
pub(crate) const CALLER: &str = "x-caller";

/// Hears rejected loans and cannot, so that there are dead letters.
const DEAF: Subscription = Subscription {
    name: "deaf",
    topic: Topic::Loan,
    hears: &[EventKind::LoanRejected],
    react: |_| Err(Unprocessable("the test says so".to_owned())),
    writes: &[],
};

pub(crate) struct Site {
    transport: Transport,
    store: Arc<EmbeddedStore>,
    pub(crate) contract: Contract,
    /// Goes with the site.
    _folder: TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.store.close();
    }
}

impl Site {
    /// Customers may credit their own wallets, as where `serve` is tried out.
    pub(crate) fn new() -> Self {
        Self::with(Settings { self_funding: true, ..Settings::new([7; 32]) })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut subscribers = services::subscribers().unwrap();
        subscribers.push(Subscriber::of(&DEAF).unwrap());
        let options = Options::new(folder.path(), services::kinds(), subscribers);
        let store = EmbeddedStore::open(options).unwrap();
        let transport = Transport::new(&store, settings);
        Self { transport, store, contract: Contract::new(), _folder: folder }
    }

    /// Asks, and waits for the end of a saga.
    pub(crate) async fn ask(&self, actor: Actor, asked: &str, body: &Value) -> Answer {
        self.send(&Asked::of(actor, asked, body)).await
    }

    /// Tokens that prove nobody, each with what is bad about it.
    pub(crate) fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        self.transport.bad_tokens()
    }

    pub(crate) async fn send(&self, asked: &Asked) -> Answer {
        let (status, headers, text) = self.transport.send(asked).await;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, text, json };
        self.contract.check(asked, &answer);
        answer
    }

    /// Everything that is stored, a line for each record, event, delivery and dead letter, once every
    /// event is delivered.
    pub(crate) async fn state(&self) -> Vec<String> {
        let query = EventQuery { limit: usize::MAX, ..EventQuery::default() };
        let events = self.store.events(query).await.unwrap();
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        let deliveries = loop {
            let found = self.store.deliveries(positions.clone()).await.unwrap();
            let is_under_way =
                |state| matches!(state, DeliveryState::Waiting | DeliveryState::Parked);
            if !found.iter().any(|delivery| is_under_way(delivery.state)) {
                break found;
            }
            tokio::task::yield_now().await;
        };
        let letters = self.store.dead_letters(None, usize::MAX).await.unwrap();
        let mut lines = Vec::new();
        for kind in services::kinds() {
            lines.extend(self.records(kind).await);
        }
        lines.extend(events.iter().map(|event| format!("{event:?}")));
        lines.extend(deliveries.iter().map(|delivery| format!("{delivery:?}")));
        lines.extend(letters.iter().map(|letter| format!("{letter:?}")));
        lines
    }

    /// How many acts are on the audit list.
    pub(crate) async fn audited(&self) -> usize {
        self.records(AuditLine::KIND).await.len()
    }

    async fn records(&self, kind: &'static Kind) -> Vec<String> {
        let mut lines = Vec::new();
        let mut place = None;
        loop {
            let scan = self.store.scan(kind, place, 1000).await.unwrap();
            lines.extend(scan.rows.iter().map(|row| format!("{:?}", row.as_ref().unwrap())));
            place = scan.next;
            if place.is_none() {
                return lines;
            }
        }
    }
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// `METHOD /path`, below `/v1`; a body unless it is null.
    pub(crate) fn of(actor: Actor, asked: &str, body: &Value) -> Self {
        let (method, path) = asked.split_once(' ').unwrap();
        let mut new = Self {
            method: method.to_owned(),
            path: format!("/v1{path}"),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        new = new.with("host", "127.0.0.1:8080").with("prefer", "wait=10");
        if actor != Actor::Nobody {
            new = new.with(CALLER, actor.name());
        }
        if body.is_null() { new } else { new.saying(body.to_string()) }
    }

    /// With that body, as JSON.
    pub(crate) fn saying(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with("content-type", "application/json")
    }

    /// With a header in the place of those of its name.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// With a header beside those of its name.
    pub(crate) fn with_another(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With that after its path.
    pub(crate) fn query(mut self, query: &str) -> Self {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{sign}{query}", self.path);
        self
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A text of its body, by its place: `/wallet/balance`.
    #[track_caller]
    pub(crate) fn at(&self, place: &str) -> String {
        let found = self.json.pointer(place).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {place} in {self:?}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// What it comes to, in one line: the status, and of a failure its kind and fields, of a
    /// resource its status, of a page whether there is something on it.
    pub(crate) fn line(&self) -> String {
        let mut line = self.status.to_string();
        let mut add = |word: &str| {
            line.push(' ');
            line.push_str(word);
        };
        if let Some(kind) = self.json["type"].as_str() {
            add(kind.rsplit('/').next().unwrap());
            let errors = self.json["errors"].as_array().into_iter().flatten();
            errors.for_each(|error| add(error["field"].as_str().unwrap()));
        } else if let Some(status) = self.json["status"].as_str() {
            add(status);
        } else if let Some(items) = self.json["items"].as_array() {
            add(if items.is_empty() { "none" } else { "some" });
        }
        line
    }
}
