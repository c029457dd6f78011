//! Routes that are asked from different addresses: what they make of where a request came from. Not in
//! here: what is decided, see `decide`; everything that no address changes, which the program's tests ask.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue, Request};
use http_api::{ClientAddress, Deployment, Front, Hosts, OpenGate, Settings};
use http_body_util::BodyExt;
use kernel::audit::AuditLine;
use kernel::memory::MemoryStore;
use kernel::rights::OPERATORS;
use kernel::time::System;
use kernel::{Clock, Context, CorrelationId, Id, SessionId, Store};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokens::{Mint, SigningKey, SigningKeys};
use tower::ServiceExt;

use super::{cookie, routes};
use crate::decide::CreateUser;
use crate::desk::{Desk, DeskSettings};
use crate::hashing::poll_once;
use crate::records::{LoginName, ProofState, Right, Rights, Session, User, UserKind};
use crate::secrets::service_proof;

const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

struct Site {
    router: Router,
    store: Store,
    port: Arc<MemoryStore>,
    desk: Arc<Desk>,
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
        let deployment =
            Deployment { store: store.clone(), events: Arc::<MemoryStore>::clone(&port), settings };
        let front = Front {
            authenticator: Arc::new(desk.gate()),
            hosts: Hosts::of_listener("127.0.0.1:8080".parse().unwrap()),
            gate: Arc::new(OpenGate),
            ids: Arc::new(System),
        };
        let router = http_api::bare(routes(&desk), Arc::new(deployment), front);
        Self { router, store, port, desk }
    }

    /// The status and body of what is answered to who asks from that address.
    async fn ask(&self, from: &str, route: &str, body: &Value) -> (u16, Value) {
        self.ask_as("", from, route, body).await
    }

    async fn ask_as(&self, token: &str, from: &str, route: &str, body: &Value) -> (u16, Value) {
        let mut request = Request::post(format!("/v1/auth/{route}"))
            .header("host", "127.0.0.1:8080")
            .header("content-type", "application/json")
            .extension(ClientAddress::new(from.parse().unwrap()));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn user(&self, kind: UserKind, name: LoginName, secret: &str, rights: Rights) -> User {
        let decision = CreateUser {
            operation: "create_user",
            kind,
            name,
            proof: service_proof(secret),
            proof_state: ProofState::Chosen,
            rights,
            caller: None,
            key: None,
        };
        let context = Context::request(CorrelationId(7), None);
        self.store.decide(decision, context).await.unwrap().unwrap().0
    }

    async fn service(&self, secret: &str) -> User {
        let name = LoginName::service("shop").unwrap();
        self.user(UserKind::Service, name, secret, Rights::default()).await
    }

    /// The token of an operator.
    async fn olga(&self) -> String {
        let rights = Rights::default().with(&Right::new(OPERATORS).unwrap()).unwrap();
        let name = LoginName::email("olga@example.org").unwrap();
        let olga = self.user(UserKind::Person, name, "secret", rights).await;
        self.desk.token(&olga, Some(SessionId::from_uuid(7))).unwrap()
    }

    /// How often it is on the trail that somebody was refused.
    async fn refused(&self) -> u64 {
        self.desk.book_refused(&self.store).await.unwrap();
        let lines = self.port.records::<AuditLine>();
        let lines = lines.iter().filter(|line| line.operation.as_str() == "refuse_sign_ins");
        lines.map(|line| line.times).sum()
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

/// A secret that was replaced is known no longer where it was.
#[tokio::test]
async fn what_proved_a_name_is_forgotten_when_it_is_replaced() {
    let site = Site::new();
    let olga = site.olga().await;
    let sub = site.service("secret").await.sub.to_string();
    let body =
        json!({ "grant_type": "client_credentials", "client_id": sub, "client_secret": "secret" });
    assert_eq!(site.ask(HOME, "token", &body).await.0, 200);
    let reset = format!("users/{sub}/reset-password");
    assert_eq!(site.ask_as(&olga, ELSEWHERE, &reset, &json!({})).await.0, 200);
    for number in 0..30 {
        site.ask(&format!("203.0.113.{number}"), "token", &body).await;
    }
    // Were it known, others would take none of its tries. Time goes on: one may be left.
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(site.ask(HOME, "token", &body).await.0);
    }
    assert!(seen.contains(&429), "{seen:?}");
}

/// Whoever guesses where she is at home keeps her out there as little as elsewhere, and does not learn
/// from how he is refused that it is hers.
#[tokio::test]
async fn who_shares_an_address_with_a_guesser_signs_in_there() {
    let site = Site::new();
    let body = |email: &str, password: &str| json!({ "email": email, "password": password });
    let ada = body("ada@example.org", "correct horse battery");
    assert_eq!(site.ask(ELSEWHERE, "signup", &ada).await.0, 201);
    assert_eq!(site.ask(HOME, "login", &ada).await.0, 200);
    // He guesses a service's secret, for no password is hashed for it: until his address has none left.
    let guess = json!({ "grant_type": "client_credentials", "client_secret": "guess",
        "client_id": "usr_00000000-0000-7000-8000-000000000000" });
    let use_up = async || {
        for _ in 0..40 {
            site.ask(HOME, "token", &guess).await;
        }
    };
    use_up().await;
    assert_eq!(site.ask(HOME, "login", &ada).await.0, 200);
    let refused = async |email: &str| {
        for _ in 0..50 {
            use_up().await;
            let (status, told) = site.ask(HOME, "login", &body(email, "wrong horse battery")).await;
            // Time goes on: he may have had another one left.
            if status == 429 {
                return (told["type"].clone(), told["detail"].clone());
            }
        }
        panic!("{email} can be guessed at without end");
    };
    assert_eq!(refused("ada@example.org").await, refused("nobody@example.org").await);

    // Another password is known from where it was chosen.
    let mut changed = ada.clone();
    changed["new_password"] = json!("another horse battery");
    assert_eq!(site.ask(HOME, "password", &changed).await.0, 200);
    use_up().await;
    let newer = body("ada@example.org", "another horse battery");
    assert_eq!(site.ask(HOME, "login", &newer).await.0, 200);
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

/// Strangers who take all the places keep no operator from making users, and a service needs none.
#[tokio::test]
async fn operators_make_users_while_strangers_sign_in() {
    let site = Site::new();
    let olga = site.olga().await;
    let known = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    let strangers: Vec<_> = std::iter::from_fn(|| site.desk.hashing.place().ok()).collect();
    assert_eq!(site.ask(HOME, "signup", &known).await.0, 503);
    let (status, made) =
        site.ask_as(&olga, HOME, "users", &json!({ "email": "ada@example.org" })).await;
    assert_eq!(status, 201, "{made}");
    let reset = format!("users/{}/reset-password", made["user"]["sub"].as_str().unwrap());
    assert_eq!(site.ask_as(&olga, HOME, &reset, &json!({})).await.0, 200);

    let all: Vec<_> = std::iter::from_fn(|| site.desk.hashing.kept_place().ok()).collect();
    assert_eq!(site.ask_as(&olga, HOME, &reset, &json!({})).await.0, 503);
    let (status, made) = site.ask_as(&olga, HOME, "users", &json!({ "service": "shop" })).await;
    assert_eq!(status, 201, "{made}");
    drop((strangers, all));
}

/// For who has gone nothing is hashed, and no session begins.
#[tokio::test]
async fn who_goes_before_his_password_was_compared_is_not_signed_in() {
    let site = Site::new();
    let known = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    assert_eq!(site.ask(HOME, "signup", &known).await.0, 201);
    let until_nobody_waits = async || {
        while site.desk.hashing.waiting() > 0 {
            tokio::task::yield_now().await;
        }
    };
    until_nobody_waits().await;
    // The threads wait for the gate; what comes after it waits for them.
    let (gate, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let busy = (0..23).map(|_| {
        let held = Arc::clone(&held);
        Box::pin(site.desk.hashing.run(move || held.lock().recv().is_err()))
    });
    let mut busy: Vec<_> = busy.collect();
    for one in &mut busy {
        assert!(poll_once(one).await.is_none());
    }
    let mut asked = Box::pin(site.ask(HOME, "login", &known));
    while site.desk.hashing.waiting() == 23 {
        assert!(poll_once(&mut asked).await.is_none());
        tokio::task::yield_now().await;
    }
    drop(asked);
    drop(gate);
    for one in busy {
        one.await.unwrap();
    }
    until_nobody_waits().await;
    assert!(site.port.records::<Session>().is_empty());
}

/// Who may not sign up as often as he wants was not refused at signing in.
#[tokio::test]
async fn a_throttled_sign_up_is_no_refused_sign_in() {
    let site = Site::new();
    let known = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    let mut seen = Vec::new();
    for _ in 0..9 {
        seen.push(site.ask(HOME, "signup", &known).await.0);
    }
    assert!(seen.starts_with(&[201, 409]) && seen.ends_with(&[429]), "{seen:?}");
    assert_eq!(site.refused().await, 0);
    // A log-in that is throttled was, as is a wrong password, and a service's wrong secret.
    assert_eq!(site.ask(HOME, "login", &known).await.0, 429);
    let wrong = json!({ "email": "ben@example.org", "password": "wrong horse battery" });
    assert_eq!(site.ask(HOME, "login", &wrong).await.0, 401);
    let sub = site.service("secret").await.sub.to_string();
    let wrong =
        json!({ "grant_type": "client_credentials", "client_id": sub, "client_secret": "x" });
    assert_eq!(site.ask(HOME, "token", &wrong).await.0, 401);
    assert_eq!(site.refused().await, 3);
    // Who found no place was not.
    let all: Vec<_> = std::iter::from_fn(|| site.desk.hashing.kept_place().ok()).collect();
    assert_eq!(site.ask(ELSEWHERE, "login", &known).await.0, 503);
    drop(all);
    assert_eq!(site.refused().await, 3);
}
