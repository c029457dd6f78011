//! How a request gets to the routes here: as the gateway's event to the function of its operation. The
//! gateway's own part, which paths it knows and what it does with headers, is played here as it is
//! documented; what the program's own transport does otherwise stands in the constants.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::{Routes, Settings};
use kernel::manifest::ServiceManifest;
use kernel::store::StorePort;
use kernel::{Store, Time};
use lambda::{Base, Callers, Function, Handler, Metrics};
use loan::rate::RateTable;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use store_embedded::EmbeddedStore;
use tokens::Family;

use crate::bearer::Issuer;
use crate::contract::operation_of;
use crate::functions::{PublishedKeys, Topics, kept_keys};
use crate::services;
use crate::site::{Actor, Asked, CALLER};

/// Whether a foreign `Host`, or a page of another site, is turned away by the program.
pub(crate) const CHECKS_HOSTS: bool = false;

/// Whether headers that came twice are still two.
pub(crate) const KEEPS_HEADERS_APART: bool = false;

/// Whether paths and methods that there are not are answered by the program, and HEAD like GET.
pub(crate) const ANSWERS_EVERY_PATH: bool = false;

/// What there are functions for.
pub(crate) fn declared() -> Vec<&'static ServiceManifest> {
    services::SERVICES.to_vec()
}

/// The routes of what is served, for what they say of themselves.
pub(crate) fn documented() -> Routes {
    services::routes(RateTable::default())
}

/// The functions, each made when it is first called.
pub(crate) struct Transport {
    store: Arc<EmbeddedStore>,
    settings: Settings,
    issuer: Issuer,
    callers: Arc<Callers>,
    functions: Mutex<HashMap<&'static str, Arc<Handler>>>,
}

impl Transport {
    pub(crate) fn new(store: &Arc<EmbeddedStore>, settings: Settings) -> Self {
        let issuer = Issuer::of(Family::Cognito);
        let kept: Arc<dyn StorePort> = Arc::new(kept_keys(&issuer));
        let callers = Arc::new(Callers::new(issuer.policy(), Store::new(kept)));
        let (store, functions) = (Arc::clone(store), Mutex::default());
        Self { store, settings, issuer, callers, functions }
    }

    /// Tokens that prove nobody, each with what is bad about it.
    pub(crate) fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        self.issuer.bad_tokens()
    }

    /// The status, headers and body of an answer.
    pub(crate) async fn send(&self, asked: &Asked) -> (u16, HeaderMap, String) {
        let Some(operation) = operation_of(asked) else {
            return (404, HeaderMap::new(), json!({ "message": "Not Found" }).to_string());
        };
        let answer =
            self.function(operation.name).handle(&self.event(asked), Time::MAX).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
        let headers = answer["headers"].as_object().unwrap().iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value.as_str().unwrap()).unwrap())
        });
        assert_eq!(answer["isBase64Encoded"], false, "{answer}");
        (status, headers.collect(), answer["body"].as_str().unwrap().to_owned())
    }

    fn function(&self, name: &'static str) -> Arc<Handler> {
        let mut functions = self.functions.lock();
        let made = functions.entry(name).or_insert_with(|| {
            let base = Base {
                store: Store::new(Arc::<EmbeddedStore>::clone(&self.store)),
                events: Arc::<EmbeddedStore>::clone(&self.store),
                prefix: "fintech".to_owned(),
                publisher: Arc::new(Topics::default()),
                callers: Arc::clone(&self.callers),
                keys: Arc::new(PublishedKeys::default()),
                metrics: Arc::new(Metrics::of("fintech")),
                settings: self.settings.clone(),
                loan_rates: RateTable::default(),
                edge: None,
            };
            Arc::new(Handler::new(Function::named(name).unwrap(), base))
        });
        Arc::clone(made)
    }

    /// A documented event with what was asked in it.
    fn event(&self, asked: &Asked) -> String {
        let mut event: Value =
            serde_json::from_str(include_str!("../events/gateway.json")).unwrap();
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["headers"] = Value::Object(headers(asked));
        event["requestContext"]["http"]["method"] = json!(asked.method);
        event["requestContext"]["http"]["path"] = json!(path);
        // By name elsewhere, here by his token.
        if let Some(name) = asked.headers.get(CALLER) {
            let token = self.issuer.token(&Actor::named(name.to_str().unwrap()).caller());
            event["headers"]["authorization"] = json!(format!("Bearer {token}"));
        }
        // Whatever the gateway says that it has proved.
        let operator = json!({ "sub": "olga", "token_use": "access", "username": "olga",
            "cognito:groups": "[operators]" });
        event["requestContext"]["authorizer"]["jwt"]["claims"] = operator;
        let text = std::str::from_utf8(&asked.body).ok().filter(|_| is_text(asked));
        match text {
            Some("") => drop(event.as_object_mut().unwrap().remove("body")),
            Some(text) => event["body"] = json!(text),
            None => event["body"] = json!(STANDARD.encode(&asked.body)),
        }
        event["isBase64Encoded"] = json!(text.is_none());
        event.to_string()
    }
}

/// Names in lower case; what came twice, joined.
fn headers(asked: &Asked) -> Map<String, Value> {
    let names = asked.headers.keys().filter(|name| name.as_str() != CALLER);
    let joined = names.map(|name| {
        let all = asked.headers.get_all(name).iter();
        let all: Vec<_> = all.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.to_string(), Value::String(all.join(",")))
    });
    joined.collect()
}

/// Whether the gateway hands a body on as it is; any other comes in base64.
fn is_text(asked: &Asked) -> bool {
    let media_type = asked.headers.get("content-type").map(HeaderValue::as_bytes);
    asked.body.is_empty()
        || media_type.is_some_and(|media_type| {
            media_type.starts_with(b"text/") || media_type.starts_with(b"application/json")
        })
}
