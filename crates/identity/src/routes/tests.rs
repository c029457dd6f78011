//! Routes that are asked from different addresses: what they make of where a request came from. Not in
//! here: what is decided, see `decide`; everything that no address changes, which the program's tests ask.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue, Request};
use http_api::{ClientAddress, Deployment, Front, Hosts, OpenGate, Settings};
use http_body_util::BodyExt;
use kernel::memory::MemoryStore;
use kernel::time::System;
use kernel::{Clock, Context, CorrelationId, Store};
use serde_json::{Value, json};
use tokens::{Mint, SigningKey, SigningKeys};
use tower::ServiceExt;

use super::{cookie, routes};
use crate::decide::CreateUser;
use crate::desk::{Desk, DeskSettings};
use crate::records::{LoginName, ProofState, Rights, User, UserKind};
use crate::secrets::service_proof;

const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

struct Site {
    router: Router,
    store: Store,
}

impl Site {
    fn new() -> Self {
        let port = Arc::new(MemoryStore::new());
        let store = Store::new(Arc::<MemoryStore>::clone(&port));
        let key = SigningKey::read(&SigningKey::generate().unwrap(), System.now()).unwrap();
        let mint = Mint::new(SigningKeys { newest: key, others: Vec::new() });
        let settings = DeskSettings { sign_up: true, secure_cookies: true };
        let desk = Arc::new(Desk::open(mint, settings).unwrap());
        let settings = Settings::new([7; 32]);
        let deployment = Deployment { store: store.clone(), events: port, settings };
        let front = Front {
            authenticator: Arc::new(desk.gate()),
            hosts: Hosts::of_listener("127.0.0.1:8080".parse().unwrap()),
            gate: Arc::new(OpenGate),
            ids: Arc::new(System),
        };
        let router = http_api::bare(routes(&desk), Arc::new(deployment), front);
        Self { router, store }
    }

    /// The status and body of what is answered to who asks from that address.
    async fn ask(&self, from: &str, route: &str, body: &Value) -> (u16, Value) {
        let request = Request::post(format!("/v1/auth/{route}"))
            .header("host", "127.0.0.1:8080")
            .header("content-type", "application/json")
            .extension(ClientAddress::new(from.parse().unwrap()))
            .body(Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn service(&self, secret: &str) -> User {
        let decision = CreateUser {
            operation: "create_user",
            kind: UserKind::Service,
            name: LoginName::service("shop").unwrap(),
            proof: service_proof(secret),
            proof_state: ProofState::Chosen,
            rights: Rights::default(),
            caller: None,
            key: None,
        };
        let context = Context::request(CorrelationId(7), None);
        self.store.decide(decision, context).await.unwrap().unwrap().0
    }
}

/// Strangers who guess a service's secret from everywhere do not keep it out where it is at home.
#[tokio::test]
async fn a_service_that_proved_itself_from_an_address_is_not_kept_out_there() {
    let site = Site::new();
    let sub = site.service("secret").await.sub.to_string();
    let body = |secret: &str| json!({ "grant_type": "client_credentials", "client_id": sub, "client_secret": secret });
    assert_eq!(site.ask(HOME, "token", &body("secret")).await.0, 200);
    let mut seen = Vec::new();
    for number in 0..30 {
        let from = format!("203.0.113.{number}");
        seen.push(site.ask(&from, "token", &body("guess")).await.0);
    }
    assert!(seen.starts_with(&[401; 15]) && seen.ends_with(&[429; 5]), "{seen:?}");
    assert_eq!(site.ask(ELSEWHERE, "token", &body("secret")).await.0, 429);
    assert_eq!(site.ask(HOME, "token", &body("secret")).await.0, 200);
}

/// A thief who is first has the session no longer when its owner comes.
#[tokio::test]
async fn a_replaced_refresh_token_from_elsewhere_ends_the_session() {
    let site = Site::new();
    let known = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    assert_eq!(site.ask(HOME, "signup", &known).await.0, 201);
    let check = async |second: &str, is_over: bool| {
        let (_, began) = site.ask(HOME, "login", &known).await;
        let refresh = |session: &Value| json!({ "refresh_token": session["refresh_token"] });
        let (status, newer) = site.ask(ELSEWHERE, "refresh", &refresh(&began)).await;
        assert_eq!(status, 200);
        let (status, refused) = site.ask(second, "refresh", &refresh(&began)).await;
        assert_eq!(status, 401);
        // Where it goes on, its owner alone knows whether that was a second click of his.
        let detail = refused["detail"].as_str().unwrap();
        assert_eq!(detail.contains("log out everywhere"), !is_over, "{detail}");
        let (status, _) = site.ask(ELSEWHERE, "refresh", &refresh(&newer)).await;
        assert_eq!(status, if is_over { 401 } else { 200 }, "{second}");
    };
    check(HOME, true).await;
    check(ELSEWHERE, false).await;
}

/// A browser that sends two would send them again after the next log-in.
#[test]
fn who_sends_two_cookies_is_told_to_remove_them() {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_static("fintech_refresh=a; fintech_refresh=b"));
    let refused = cookie::read(&headers, false).unwrap_err();
    let message = &refused.errors()[0].message;
    assert!(message.contains("remove the cookies of this site"), "{message}");
}
