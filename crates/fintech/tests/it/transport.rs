//! How a request gets to the routes here: those that `serve` mounts, without a socket. What is true of
//! this way and not of the gateway's stands in the constants, for the cases that differ.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Request};
use http_api::{Authenticator, Deployment, Front, Hosts, OpenGate, Problem, Routes, Settings};
use http_body_util::BodyExt;
use identity::{Desk, DeskSettings, Gate};
use kernel::manifest::ServiceManifest;
use kernel::time::System;
use kernel::{Caller, Clock, Store};
use store_embedded::EmbeddedStore;
use tokens::{Family, Mint, SigningKey, SigningKeys, Verifier};
use tower::ServiceExt;

use crate::bearer::Issuer;
use crate::secrets::{self, IN_PROCESS};
use crate::services;
use crate::site::{Actor, Asked, CALLER};

/// Whether a foreign `Host`, or a page of another site, is turned away by the program.
pub(crate) const CHECKS_HOSTS: bool = true;

/// Whether headers that came twice are still two.
pub(crate) const KEEPS_HEADERS_APART: bool = true;

/// Whether paths and methods that there are not are answered by the program, and HEAD like GET.
pub(crate) const ANSWERS_EVERY_PATH: bool = true;

/// What is served.
pub(crate) fn declared() -> Vec<&'static ServiceManifest> {
    services::SERVICES.into_iter().chain([services::HERE_ALONE]).collect()
}

/// The routes of what is served, for what they say of themselves.
pub(crate) fn documented() -> Routes {
    static DESK: LazyLock<Arc<Desk>> = LazyLock::new(desk);
    routes(&DESK)
}

fn routes(desk: &Arc<Desk>) -> Routes {
    services::routes(loan::rate::RateTable::default()).merge(identity::routes(desk))
}

/// Who has a token of the tests' provider, so that there can be anybody; or one of the site's own accounts.
#[derive(Debug)]
struct Either(Verifier, Gate);

impl Authenticator for Either {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        self.0.caller(headers).or_else(|_| self.1.caller(headers))
    }
}

/// With a key of its own.
fn desk() -> Arc<Desk> {
    let key = SigningKey::read(&SigningKey::generate().unwrap(), System.now()).unwrap();
    let mint = Mint::new(SigningKeys { newest: key, others: Vec::new() });
    let settings = DeskSettings { sign_up: true, secure_cookies: true };
    Arc::new(Desk::open(mint, settings).unwrap())
}

/// The application, and who says who calls.
pub(crate) struct Transport {
    router: Router,
    issuer: Issuer,
}

impl Transport {
    pub(crate) fn new(store: &Arc<EmbeddedStore>, settings: Settings) -> Self {
        secrets::log_within();
        let deployment = Deployment {
            store: Store::new(Arc::<EmbeddedStore>::clone(store)),
            events: Arc::<EmbeddedStore>::clone(store),
            settings,
        };
        let desk = desk();
        let issuer = Issuer::of(Family::Standard);
        let verifier = Verifier::new(issuer.policy(), Arc::new(System));
        verifier.take_keys(&issuer.forge.jwks()).unwrap();
        let front = Front {
            authenticator: Arc::new(Either(verifier, desk.gate())),
            hosts: Hosts::of_listener("127.0.0.1:8080".parse().unwrap()),
            gate: Arc::new(OpenGate),
            ids: Arc::new(System),
        };
        let routes = routes(&desk);
        let router = http_api::app(routes, Router::new(), Arc::new(deployment), front);
        Self { router, issuer }
    }

    /// Tokens that prove nobody, each with what is bad about it.
    pub(crate) fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        self.issuer.bad_tokens()
    }

    /// The status, headers and body of an answer.
    pub(crate) async fn send(&self, asked: &Asked) -> (u16, HeaderMap, String) {
        let mut request = Request::builder().method(&*asked.method).uri(&asked.path);
        for (name, value) in &asked.headers {
            let shown = String::from_utf8_lossy(value.as_bytes());
            IN_PROCESS.note_header(&format!("{name}: {shown}"));
            request = request.header(name, value);
        }
        IN_PROCESS.note_body(&String::from_utf8_lossy(&asked.body));
        // By name elsewhere, here by his token.
        if let Some(name) = asked.headers.get(CALLER) {
            let token = self.issuer.token(&Actor::named(name.to_str().unwrap()).caller());
            IN_PROCESS.note_header(&format!("authorization: Bearer {token}"));
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(asked.body.clone())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        IN_PROCESS.note_body(&body);
        (parts.status.as_u16(), parts.headers, body)
    }
}
