//! What was said, through the functions that ask for it: there is no log, only the records.

use serde_json::{Value, json};

use crate::functions::{Answer, Deployment, by_operator, request};

/// A payment of 25.50 from a wallet with 100.00, all of it heard. Its id.
async fn paid(deployment: &Deployment) -> String {
    let opened =
        deployment.call("create_wallet", &request("POST", "/v1/wallet", Some(&json!({})))).await;
    let wallet_id = opened.body["wallet_id"].as_str().unwrap();
    let credit = json!({ "amount": "100.00" });
    let event = request("POST", &format!("/v1/wallet/{wallet_id}/credit"), Some(&credit));
    assert_eq!(deployment.call("credit_wallet", &event).await.status, 200);
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "books", "amount": "25.50" });
    let asked =
        deployment.call("request_payment", &request("POST", "/v1/payment", Some(&body))).await;
    deployment.settle(0).await;
    asked.body["transaction_id"].as_str().unwrap().to_owned()
}

async fn events(deployment: &Deployment, query: &str) -> Answer {
    let mut event = by_operator(request("GET", "/v1/events", None));
    event["rawQueryString"] = json!(query);
    deployment.call("list_events", &event).await
}

/// One field of each item.
fn each<'a>(answer: &'a Answer, field: impl Fn(&'a Value) -> &'a Value) -> Vec<&'a str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    items.iter().map(|item| field(item).as_str().unwrap()).collect()
}

const SAID: [&str; 2] = ["PAYMENT_REQUESTED", "PAYMENT_SUCCESSFUL"];

#[tokio::test]
async fn a_timeline_shows_what_was_said_and_answered() {
    let deployment = Deployment::new();
    let payment_id = paid(&deployment).await;
    let event = request("GET", &format!("/v1/payment/{payment_id}/timeline"), None);
    let timeline = deployment.call("get_payment_timeline", &event).await;
    assert_eq!(each(&timeline, |item| &item["event"]["type"]), SAID);
    assert_eq!(each(&timeline, |item| &item["said_by"]), ["payment", "wallet"]);
    assert_eq!(timeline.body["items"][0]["deliveries"], json!([]), "attempts stand in no record");
}

#[tokio::test]
async fn events_are_listed_by_what_they_are_about() {
    let deployment = Deployment::new();
    let payment_id = paid(&deployment).await;
    let said = events(&deployment, &format!("subject={payment_id}")).await;
    let published: Vec<Value> =
        deployment.memory.said().iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    assert_eq!(said.body["items"], json!(published), "as they were published");

    let first = events(&deployment, &format!("subject={payment_id}&limit=1")).await;
    assert_eq!(each(&first, |item| &item["type"]), SAID[..1]);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = events(&deployment, &format!("subject={payment_id}&limit=1&cursor={cursor}")).await;
    assert_eq!(each(&rest, |item| &item["type"]), SAID[1..]);
    assert_eq!(rest.body["next_cursor"], Value::Null);

    let some = events(&deployment, &format!("subject={payment_id}&type=PAYMENT_SUCCESSFUL")).await;
    assert_eq!(each(&some, |item| &item["type"]), SAID[1..]);
    let none = events(&deployment, &format!("subject={payment_id}&topic=loan_events")).await;
    assert!(each(&none, |item| &item["type"]).is_empty());
}

#[tokio::test]
async fn without_what_they_are_about_it_is_asked_for() {
    let deployment = Deployment::new();
    for query in ["", "topic=payment_events", "type=LOAN_FUNDED"] {
        let refused = events(&deployment, query).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.body["errors"][0]["field"], "subject", "{refused:?}");
    }
}
