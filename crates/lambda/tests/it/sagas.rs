//! Both sagas through functions alone: the gateway's events, SNS's, the schedule's.

use std::time::Duration;

use kernel::Envelope;
use lambda::Function;
use serde_json::{Value, json};

use crate::functions::{Deployment, by_operator, notification, request};

/// A wallet of the person with 100.00 in it.
async fn wallet(deployment: &Deployment) -> String {
    let opened =
        deployment.call("create_wallet", &request("POST", "/v1/wallet", Some(&json!({})))).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let wallet_id = opened.body["wallet_id"].as_str().unwrap().to_owned();
    let credit = json!({ "amount": "100.00" });
    let event = request("POST", &format!("/v1/wallet/{wallet_id}/credit"), Some(&credit));
    assert_eq!(deployment.call("credit_wallet", &event).await.status, 200);
    wallet_id
}

async fn balance(deployment: &Deployment, wallet_id: &str) -> Value {
    let event = request("GET", &format!("/v1/wallet/{wallet_id}"), None);
    deployment.call("get_wallet", &event).await.body["balance"].clone()
}

async fn pay(deployment: &Deployment, wallet_id: &str, amount: &str) -> Value {
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "books", "amount": amount });
    let mut event = request("POST", "/v1/payment", Some(&body));
    event["headers"]["traceparent"] =
        json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let asked = deployment.call("request_payment", &event).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(asked.body["status"], "PENDING");
    asked.body
}

async fn payment(deployment: &Deployment, payment: &Value) -> Value {
    let id = payment["transaction_id"].as_str().unwrap();
    let event = request("GET", &format!("/v1/payment/{id}"), None);
    deployment.call("get_payment", &event).await.body
}

async fn is_well(deployment: &Deployment) {
    let report = deployment.invoke("verify_ledger", &json!({})).await.unwrap();
    assert_eq!(report["violations"], json!([]));
}

#[tokio::test]
async fn a_payment_is_paid_once_however_often_its_events_come() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    let asked = pay(&deployment, &wallet_id, "25.50").await;
    let said = deployment.settle(0).await;
    assert_eq!(payment(&deployment, &asked).await["status"], "SUCCESSFUL");
    assert_eq!(balance(&deployment, &wallet_id).await, "74.50");

    let events = deployment.memory.said();
    let types: Vec<_> = events.iter().map(|event| event.kind().name()).collect();
    assert_eq!(types, ["PAYMENT_REQUESTED", "PAYMENT_SUCCESSFUL"]);
    let trace = events[1].trace.map(|trace| trace.to_string());
    assert_eq!(trace.as_deref(), Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    assert_eq!(events[0].correlation, events[1].correlation);

    deployment.deliver("process_payment_request", &events[0]).await.unwrap();
    deployment.settle(said).await;
    assert_eq!(balance(&deployment, &wallet_id).await, "74.50");
    is_well(&deployment).await;
}

#[tokio::test]
async fn the_trial_balance_is_that_of_the_last_check() {
    let deployment = Deployment::new();
    let asked = by_operator(request("GET", "/v1/ledger/trial-balance", None));
    let none = deployment.call("get_trial_balance", &asked).await;
    assert_eq!(none.status, 404, "{none:?}");
    assert!(none.body["detail"].as_str().unwrap().contains("run the function verify_ledger"));

    let wallet_id = wallet(&deployment).await;
    deployment.pass(Duration::from_secs(60));
    pay(&deployment, &wallet_id, "25.50").await;
    deployment.settle(0).await;
    is_well(&deployment).await;
    let kept = deployment.call("get_trial_balance", &asked).await.body;
    // What was booked a moment ago may not be there as a whole.
    let class = |class: &str, balance: &str| json!({ "class": class, "currency": "USD", "balance": balance });
    assert_eq!(kept["accounts"], json!([class("wallet", "100.00"), class("world", "-100.00")]));
    assert_eq!(kept["currencies"], json!([{ "currency": "USD", "sum": "0.00" }]));

    deployment.pass(Duration::from_secs(60));
    is_well(&deployment).await;
    let newer = deployment.call("get_trial_balance", &asked).await.body;
    assert!(newer["as_of"].as_str() > kept["as_of"].as_str());
    let wallets = class("wallet", "74.50");
    let all = json!([class("merchant", "25.50"), wallets, class("world", "-100.00")]);
    assert_eq!(newer["accounts"], all);
}

#[tokio::test]
async fn a_payment_that_the_wallet_cannot_bear_fails_with_the_reason() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    let asked = pay(&deployment, &wallet_id, "100.01").await;
    deployment.settle(0).await;
    let failed = payment(&deployment, &asked).await;
    assert_eq!(
        (&failed["status"], &failed["reason"]),
        (&json!("FAILED"), &json!("insufficient-funds"))
    );
    is_well(&deployment).await;
}

#[tokio::test]
async fn an_approved_loan_is_funded() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    let body = json!({ "wallet_id": wallet_id, "amount": "1000.00", "loan_term_months": 12 });
    let applied =
        deployment.call("apply_for_loan", &request("POST", "/v1/loan", Some(&body))).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let loan_id = applied.body["loan_id"].as_str().unwrap();
    let path = format!("/v1/loan/{loan_id}/approve");
    let approve = request("POST", &path, Some(&json!({})));
    assert_eq!(deployment.call("approve_loan", &approve).await.status, 403);
    assert_eq!(deployment.call("approve_loan", &by_operator(approve)).await.status, 202);
    deployment.settle(0).await;
    assert_eq!(balance(&deployment, &wallet_id).await, "1100.00");
    is_well(&deployment).await;
}

#[tokio::test]
async fn what_waits_speaks_again_when_the_schedule_comes() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    // More than a page of a partition: all of them must be found.
    for cent in 1..=60 {
        pay(&deployment, &wallet_id, &format!("0.{cent:02}")).await;
    }
    let schedule: Value = serde_json::from_str(include_str!("../events/schedule.json")).unwrap();
    let tick = deployment.invoke("say_payments_again", &schedule).await.unwrap();
    assert_eq!(tick["records"], 0, "nothing is due yet");

    deployment.pass(Duration::from_secs(3600));
    let tick = deployment.invoke("say_payments_again", &schedule).await.unwrap();
    assert_eq!(tick["records"], 60);
    assert_eq!(deployment.memory.said().len(), 120);
    let tick = deployment.invoke("say_payments_again", &schedule).await.unwrap();
    assert_eq!(tick["records"], 0, "each has spoken");
}

#[tokio::test]
async fn every_due_is_a_function() {
    let deployment = Deployment::new();
    for function in Function::all().filter(|function| matches!(function, Function::Due(_))) {
        let tick = deployment.invoke(&function.name(), &json!({})).await.unwrap();
        assert_eq!(tick["records"], 0, "{}", function.name());
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_heard_fails_with_the_reason() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    pay(&deployment, &wallet_id, "1.00").await;
    let event: Envelope = deployment.memory.said()[0].clone();
    let json = serde_json::to_value(&event).unwrap();
    let with = |field: &str, value: Value| {
        let mut json = json.clone();
        json[field] = value;
        json.to_string()
    };
    let cases = [
        ("process_payment_request", with("type", json!("PAYMENT_LOST")), "unknown here"),
        (
            "process_payment_request",
            with("dataschema", json!("x/PAYMENT_REQUESTED/2.json")),
            "schema version 2",
        ),
        ("process_payment_request", with("data", json!({})), "missing field"),
        ("process_payment_request", "what".to_owned(), "malformed"),
        ("process_payment_capture", json.to_string(), "does not hear PAYMENT_REQUESTED"),
    ];
    for (function, message, reason) in cases {
        let failure = deployment.invoke(function, &notification(&message)).await.unwrap_err();
        assert_eq!(failure.kind(), "UnprocessableEvent", "{reason}");
        assert!(failure.to_string().contains(reason), "{failure}");
    }
    assert_eq!(deployment.memory.said().len(), 1, "nothing was decided");
}

#[tokio::test]
async fn the_answer_to_a_saga_is_counted_the_first_time_that_it_is_heard() {
    let deployment = Deployment::new();
    let wallet_id = wallet(&deployment).await;
    pay(&deployment, &wallet_id, "25.50").await;
    let asked = deployment.memory.said().last().unwrap().clone();
    deployment.deliver("process_payment_request", &asked).await.unwrap();
    let answer = deployment.memory.said().last().unwrap().clone();
    for answered in [1, 0, 0] {
        let heard = deployment.deliver("update_transaction_status", &answer).await.unwrap();
        assert_eq!(heard, json!({ "answered": answered }));
    }
    is_well(&deployment).await;
}
