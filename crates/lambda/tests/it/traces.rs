//! A trace goes from the request to the last reaction, and stands with the ids of the saga in every log
//! line of its functions.

use serde_json::{Value, json};

use crate::functions::{by_operator, request};
use crate::wired::Wired;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn traced(mut event: Value) -> Value {
    event["headers"]["traceparent"] = json!(TRACE);
    event["headers"]["x-request-id"] = json!("mine-1");
    event
}

/// A wallet of the person with 100.00 in it.
pub(crate) async fn wallet(wired: &mut Wired) -> String {
    let opened =
        wired.call("create_wallet", &request("POST", "/v1/wallet", Some(&json!({})))).await;
    let wallet_id = opened["wallet_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/wallet/{wallet_id}/credit");
    let credit = request("POST", &path, Some(&json!({ "amount": "100.00" })));
    wired.call("credit_wallet", &credit).await;
    wallet_id
}

/// Everything that was said and logged of a saga that one request began: `expected` are the types of
/// its events, `functions` how many functions took part.
fn expect_one_trace(wired: &Wired, expected: &[&str], functions: usize) {
    let types: Vec<_> = wired.events.iter().map(|event| event.kind().name()).collect();
    assert_eq!(types, expected);
    let mut cause = None;
    for event in &wired.events {
        assert_eq!(event.trace.map(|trace| trace.to_string()).as_deref(), Some(TRACE), "{event:?}");
        assert_eq!(event.correlation, wired.events[0].correlation);
        assert_eq!(event.causation, cause);
        cause = Some(event.id);
    }
    let lines = wired.logged();
    let correlation = wired.events[0].correlation.to_string();
    let of_saga: Vec<_> =
        lines.iter().filter(|line| line["correlation_id"] == *correlation).collect();
    assert_eq!(of_saga.len(), functions, "{lines:#?}");
    for line in &of_saga {
        assert_eq!(line["traceparent"], TRACE, "{line}");
        let is_request = line["message"] == "answered";
        assert_eq!(line["request_id"] == "mine-1", is_request, "{line}");
        assert_eq!(line["event_id"].is_string(), !is_request, "{line}");
    }
}

#[tokio::test]
async fn a_payment_is_one_trace() {
    let Some(mut wired) = Wired::open().await else { return };
    let wallet_id = wallet(&mut wired).await;
    drop(wired.logged());
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "books", "amount": "25.50" });
    wired.call("request_payment", &traced(request("POST", "/v1/payment", Some(&body)))).await;
    wired.settle().await;
    expect_one_trace(&wired, &["PAYMENT_REQUESTED", "PAYMENT_SUCCESSFUL"], 5);
}

#[tokio::test]
async fn a_loans_approval_is_one_trace() {
    let Some(mut wired) = Wired::open().await else { return };
    let wallet_id = wallet(&mut wired).await;
    let body = json!({ "wallet_id": wallet_id, "amount": "1000.00", "loan_term_months": 12 });
    let loan = wired.call("apply_for_loan", &request("POST", "/v1/loan", Some(&body))).await;
    drop(wired.logged());
    let path = format!("/v1/loan/{}/approve", loan["loan_id"].as_str().unwrap());
    let approve = by_operator(traced(request("POST", &path, Some(&json!({})))));
    wired.call("approve_loan", &approve).await;
    wired.settle().await;
    expect_one_trace(&wired, &["LOAN_APPROVED", "LOAN_FUNDED"], 5);
}
