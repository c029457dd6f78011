//! What breaks, and what is said of it outside. Not in here: what a caller did wrong.

use std::collections::BTreeSet;

use axum::response::IntoResponse;
use http_api::{Problem, ProblemKind, problem};
use kernel::StoreError;

use crate::service::Service;

#[tokio::test]
async fn a_panic_ends_one_request_and_tells_nothing() {
    let service = Service::new();
    let answer = service.get("/v1/breaks").await;
    assert_eq!((answer.status, answer.slug()), (500, "internal"));
    assert!(!answer.body.to_string().contains("secret"), "{}", answer.body);
    assert_eq!(service.get("/v1/at").await.status, 200);
}

#[tokio::test]
async fn a_librarys_words_do_not_get_out() {
    let answer = Service::new().get("/v1/library").await;
    assert_eq!((answer.status, answer.slug()), (415, "unsupported-media-type"));
    assert!(!answer.body.to_string().contains("library's own"), "{}", answer.body);
}

#[tokio::test]
async fn a_rule_can_say_more() {
    let answer = Service::new().send("POST /v1/rule", &[], "").await;
    assert_eq!((answer.status, answer.slug()), (422, "insufficient-funds"));
    assert_eq!(answer.body["available"], "60.00");
}

#[test]
fn what_the_store_says_stays_in_the_log() {
    let secret = || "disk /dev/sda7 is full".to_owned();
    for (error, status, slug, retry_after) in [
        (StoreError::Busy, 503, "busy", Some("1")),
        (StoreError::Unavailable(secret()), 503, "unavailable", Some("1")),
        (StoreError::OutcomeUnknown(secret()), 503, "outcome-unknown", Some("1")),
        (StoreError::Broken(secret()), 500, "internal", None),
    ] {
        let problem = Problem::from(error);
        assert_eq!(problem.kind().slug(), slug);
        assert!(problem.cause().is_some());
        let document = serde_json::to_string(&problem).unwrap();
        assert!(!document.contains("sda7"), "{document}");
        let response = problem.into_response();
        assert_eq!(response.status().as_u16(), status);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after);
    }
}

#[test]
fn every_kind_is_in_the_table_once() {
    let page = problem::page();
    let slugs: BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.slug()).collect();
    assert_eq!(slugs.len(), ProblemKind::ALL.len());
    for kind in ProblemKind::ALL {
        let start = format!(
            "| `https://fintech.example/problems/{}` | {} |",
            kind.slug(),
            kind.status().as_u16()
        );
        assert_eq!(page.matches(&start).count(), 1, "{start}");
        assert_eq!(ProblemKind::from_slug(kind.slug()), Some(*kind));
        assert!(kind.status().is_client_error() || kind.status().is_server_error());
        assert!(kind.advice().ends_with('.') && !kind.title().ends_with('.'), "{kind:?}");
    }
    assert_eq!(ProblemKind::from_slug("nonsense"), None);
}

#[test]
#[should_panic(expected = "wrong-state is no refusal by a rule")]
fn a_rule_is_a_rule() {
    drop(Problem::rule(ProblemKind::WrongState, "No."));
}
