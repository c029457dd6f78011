//! What is said of a store whose disk is bad for a while.

use axum::body::Body;
use axum::http::Request;
use http_api::{Deployment, Front, Hosts, LocalOperator, OpenGate, Settings};
use http_body_util::BodyExt;
use kernel::Store;
use kernel::time::System;
use serde_json::Value;
use store_embedded::files::faulty::{Faults, FaultyFiles};
use store_embedded::journal::{self, Preparing};
use store_embedded::{EmbeddedStore, Options};
use tower::ServiceExt;

use super::*;
use crate::{folder, services};

/// The status and body of what is answered.
async fn ask(router: &axum::Router, request: Request<Body>) -> (u16, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

async fn readiness(router: &axum::Router) -> (u16, Value) {
    ask(router, Request::get("/readyz").body(Body::empty()).unwrap()).await
}

async fn open_wallet(router: &axum::Router) -> u16 {
    let request = Request::post("/v1/wallet").header("content-type", "application/json");
    ask(router, request.body(Body::from("{}")).unwrap()).await.0
}

/// Nobody has to try to write anything for it to be ready again.
async fn check(bad: impl FnOnce(&FaultyFiles), good: impl FnOnce(&FaultyFiles)) {
    let data = tempfile::tempdir().unwrap();
    let disk = FaultyFiles::new(1);
    let options = Options {
        files: Some(Arc::new(disk.clone())),
        journal: journal::Options { segment_bytes: 1 << 16, preparing: Preparing::Ahead },
        ..Options::new(data.path(), folder::kinds(), services::subscribers().unwrap())
    };
    let store = EmbeddedStore::open(options).unwrap();
    let deployment = Deployment {
        store: Store::new(Arc::<EmbeddedStore>::clone(&store)),
        events: Arc::<EmbeddedStore>::clone(&store),
        settings: Settings::new([7; 32]),
    };
    let front = Front {
        authenticator: Arc::new(LocalOperator::new()),
        hosts: Hosts::Any,
        gate: Arc::new(OpenGate),
        ids: Arc::new(System),
    };
    let root = routes(Arc::clone(&store));
    let router = http_api::app(wallet::routes(), root, Arc::new(deployment), front);
    assert_eq!(open_wallet(&router).await, 201);
    assert_eq!(readiness(&router).await.0, 200);

    bad(&disk);
    while open_wallet(&router).await == 201 {}
    for _ in 0..2 {
        let (status, told) = readiness(&router).await;
        assert_eq!(status, 503);
        assert!(told["detail"].as_str().unwrap().contains("the disk is full"), "{told}");
    }
    good(&disk);
    let again = async {
        while readiness(&router).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), again).await.expect("it is never ready again");
    assert_eq!(open_wallet(&router).await, 201);
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_ready_as_long_as_it_can_write() {
    check(|disk| disk.set_room(Some(0)), |disk| disk.set_room(None)).await;
    for faults in [
        Faults { failed_writes: 1_000, ..Faults::default() },
        Faults { failed_syncs: 1_000, ..Faults::default() },
    ] {
        check(|disk| disk.set_faults(faults), |disk| disk.set_faults(Faults::default())).await;
    }
}
