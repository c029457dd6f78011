//! What a caller over HTTP is told while the disk is full or fails: 503 and when to come back, never
//! anything false.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use http_api::{Deployment, Front, Hosts, LocalOperator, OpenGate, Settings, app};
use kernel::time::System;
use serde_json::Value;
use store_embedded::Durability;
use store_embedded::files::faulty::Faults;
use tower::ServiceExt as _;

use super::machine::{Bug, Machine};
use super::running::{Running, Setup};

/// How long it may take to go on once it can, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn slug(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default()
    }
}

/// The wallet service over a store.
struct Service(Router);

impl Service {
    fn over(running: &Running) -> Self {
        let (store, events) = (running.store.clone(), running.opened.clone());
        let deployment = Deployment { store, events, settings: Settings::new([7; 32]) };
        let authenticator = Arc::new(LocalOperator::new());
        let front = Front {
            authenticator,
            hosts: Hosts::Any,
            gate: Arc::new(OpenGate),
            ids: Arc::new(System),
        };
        Self(app(wallet::routes(), Router::new(), Arc::new(deployment), front))
    }

    async fn ask(&self, line: &str, key: Option<&str>, body: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap() }
    }

    async fn credit(&self, wallet: &str, key: &str) -> Answer {
        let line = format!("POST /v1/wallet/{wallet}/credit");
        self.ask(&line, Some(key), r#"{"amount": "1.00"}"#).await
    }

    async fn balance(&self, wallet: &str) -> String {
        let answer = self.ask(&format!("GET /v1/wallet/{wallet}"), None, "").await;
        assert_eq!(answer.status, 200, "what was acknowledged can be read: {}", answer.body);
        answer.body["balance"].as_str().unwrap().to_owned()
    }
}

/// Credits until it was not done; says how often it was, and what was said then.
async fn credit_until_refused(service: &Service, wallet: &str, name: &str) -> (u32, Answer) {
    let mut done = 0;
    loop {
        let answer = service.credit(wallet, &format!("{name}-{done}")).await;
        if answer.status >= 300 {
            return (done, answer);
        }
        done += 1;
        assert!(done < 5_000, "it is never refused");
    }
}

/// Repeats a request until it is done.
async fn credit_until_done(service: &Service, wallet: &str, key: &str) {
    let start = Instant::now();
    while service.credit(wallet, key).await.status >= 300 {
        assert!(start.elapsed() < PATIENCE, "it does not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn assert_told(answer: &Answer, slug: &str) {
    assert_eq!((answer.status, answer.slug()), (503, slug), "{}", answer.body);
    let header = |name: &str| answer.headers[name].to_str().unwrap();
    assert_eq!(header("retry-after"), "1");
    assert_eq!(header("content-type"), "application/problem+json");
}

async fn check(durability: Durability) {
    let machine = Machine::new(3);
    let running = Running::open(machine.start(Bug::None), Setup::of(durability)).unwrap();
    let service = Service::over(&running);
    let opened = service.ask("POST /v1/wallet", None, r#"{"currency": "USD"}"#).await;
    let wallet = opened.body["wallet_id"].as_str().unwrap().to_owned();

    machine.set_room(Some(0));
    let (mut done, full) = credit_until_refused(&service, &wallet, "full").await;
    assert_told(&full, "unavailable");
    assert_eq!(service.balance(&wallet).await, format!("{done}.00"));
    machine.set_room(None);
    credit_until_done(&service, &wallet, &format!("full-{done}")).await;
    done += 1;

    // Everything that syncs fails: whether it was done, nobody knows.
    let syncs = Faults { failed_syncs: 1_000, ..Faults::default() };
    for disk in [&machine.journal, &machine.data] {
        disk.set_faults(syncs);
    }
    let (none, failed) = credit_until_refused(&service, &wallet, "failed").await;
    assert_eq!(none, 0);
    assert_told(&failed, "outcome-unknown");
    assert_eq!(service.balance(&wallet).await, format!("{done}.00"));
    for disk in [&machine.journal, &machine.data] {
        disk.set_faults(Faults::default());
    }
    for _ in 0..2 {
        credit_until_done(&service, &wallet, "failed-0").await;
    }
    done += 1;
    assert_eq!(service.balance(&wallet).await, format!("{done}.00"), "it was done once");
    running.close().await;
}

#[test]
fn callers_are_told_to_come_back_and_nothing_false() {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
    for durability in [Durability::Journal, Durability::Sqlite] {
        runtime.block_on(check(durability));
    }
}
