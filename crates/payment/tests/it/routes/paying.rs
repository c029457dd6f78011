//! `POST /payment` and `GET /payment/{transaction_id}`.

use kernel::{EventData, EventKind, PaymentId};
use payment::records::Payment;
use serde_json::{Value, json};

use super::super::world::{World, authorized, failed, successful};
use super::site::{Site, WALLET, order};

fn the_only_payment(world: &World) -> PaymentId {
    let [payment] = &world.store.records::<Payment>()[..] else { panic!("there are several") };
    payment.payment_id
}

#[tokio::test]
async fn a_payment_is_asked_for_and_can_be_polled() {
    let site = Site::new();
    let more = r#""description": "Two novels", "reference": "order-1""#;
    let answer = site.ask("anna", "POST /payment", &order(more)).await;
    assert_eq!(answer.line(), "202");
    let id = answer.text("transaction_id").to_owned();
    assert_eq!(answer.header("location"), Some(format!("/v1/payment/{id}").as_str()));
    let created_at = answer.json["created_at"].clone();
    let expected = json!({
        "transaction_id": id, "wallet_id": WALLET, "merchant_id": "books", "amount": "10.00",
        "currency": "USD", "capture": "automatic", "status": "PENDING", "reason": null,
        "under_way": null, "captured_amount": "0.00", "refunded_amount": "0.00",
        "expires_at": null, "description": "Two novels", "reference": "order-1",
        "requested_by": "anna", "created_at": created_at, "updated_at": created_at,
    });
    assert_eq!(answer.json, expected);
    let polled = site.ask("anna", &format!("GET /payment/{id}"), "").await;
    assert_eq!((polled.line(), polled.json), ("200".to_owned(), expected));

    let [event] = &site.world.store.said()[..] else { panic!("{:?}", site.world.said()) };
    let EventData::PaymentRequested(data) = &event.data else { panic!("{event:?}") };
    let said = serde_json::to_value(data).unwrap();
    let expected = json!({
        "transaction_id": id, "wallet_id": WALLET, "merchant_id": "books", "amount": "10.00",
        "currency": "USD", "capture": "automatic", "requested_by": "anna",
        "requested_as": "customer", "description": "Two novels", "reference": "order-1",
    });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn who_waits_is_shown_the_end() {
    let site = Site::new();
    let wait = [("prefer", "wait=5")];
    let body = order("");
    let asking = site.ask_with("anna", "POST /payment", &body, &wait);
    let answer = site
        .while_the_wallet_answers(asking, |world| successful(world, the_only_payment(world)))
        .await;
    assert_eq!(answer.line(), "200");
    assert_eq!(answer.header("preference-applied"), Some("wait"));
    assert_eq!((answer.text("status"), answer.text("captured_amount")), ("SUCCESSFUL", "10.00"));
}

#[tokio::test]
async fn a_failure_is_an_end_too() {
    let site = Site::new();
    let wait = [("prefer", "wait=5")];
    let body = order("");
    let asking = site.ask_with("anna", "POST /payment", &body, &wait);
    let answer =
        site.while_the_wallet_answers(asking, |world| failed(world, the_only_payment(world))).await;
    assert_eq!(answer.line(), "200");
    assert_eq!((answer.text("status"), answer.text("reason")), ("FAILED", "insufficient-funds"));
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_told_where_to_poll() {
    let site = Site::new();
    let wait = [("prefer", "wait=2")];
    let answer = site.ask_with("anna", "POST /payment", &order(""), &wait).await;
    assert_eq!((answer.line().as_str(), answer.text("status")), ("202", "PENDING"));
    assert_eq!(answer.header("preference-applied"), None);
    assert!(answer.header("location").is_some());
}

#[tokio::test]
async fn the_same_key_is_the_same_payment() {
    let site = Site::new();
    let key = [("idempotency-key", "k-1")];
    let first = site.ask_with("anna", "POST /payment", &order(""), &key).await;
    let again = site.ask_with("anna", "POST /payment", &order(""), &key).await;
    assert_eq!((again.line(), &again.json), ("202".to_owned(), &first.json));
    // What it means is compared, not how it is written.
    let spaced = order("").replace(':', ": ");
    let again = site.ask_with("anna", "POST /payment", &spaced, &key).await;
    assert_eq!(again.json, first.json);
    let other = site.ask_with("anna", "POST /payment", &order(r#""amount": "9.00""#), &key).await;
    assert_eq!(other.line(), "422 idempotency-key-reused");
    // A repeat shows the payment as it is now.
    let id = first.text("transaction_id").parse().unwrap();
    site.world.hear(successful(&site.world, id));
    let again = site.ask_with("anna", "POST /payment", &order(""), &key).await;
    assert_eq!((again.line().as_str(), again.text("status")), ("202", "SUCCESSFUL"));
    let both = [key[0], ("prefer", "wait=1")];
    let again = site.ask_with("anna", "POST /payment", &order(""), &both).await;
    assert_eq!((again.line().as_str(), again.text("status")), ("200", "SUCCESSFUL"));
    // Keys are each caller's own.
    let others = site.ask_with("bob", "POST /payment", &order(""), &key).await;
    assert_ne!(others.json["transaction_id"], first.json["transaction_id"]);
    assert_eq!(site.world.said(), [EventKind::PaymentRequested; 2]);
}

#[tokio::test]
async fn without_a_key_each_request_is_a_payment() {
    let site = Site::new();
    let first = site.ask("anna", "POST /payment", &order("")).await;
    let second = site.ask("anna", "POST /payment", &order("")).await;
    assert_ne!(first.json["transaction_id"], second.json["transaction_id"]);
}

#[tokio::test]
async fn an_unchanged_payment_is_not_sent_again() {
    let site = Site::new();
    let id = site.pending();
    let path = format!("GET /payment/{id}");
    let first = site.ask("anna", &path, "").await;
    let tag = first.header("etag").unwrap().to_owned();
    let has_it = [("if-none-match", tag.as_str())];
    let again = site.ask_with("anna", &path, "", &has_it).await;
    assert_eq!((again.line().as_str(), again.json), ("304", Value::Null));
    site.world.hear(successful(&site.world, id));
    assert_eq!(site.ask_with("anna", &path, "", &has_it).await.line(), "200");
}

#[tokio::test]
async fn a_hold_is_shown_with_its_end() {
    let site = Site::new();
    let body = order(r#""capture": "manual", "amount": 7.5"#);
    let answer = site.ask("anna", "POST /payment", &body).await;
    let id = answer.text("transaction_id").parse().unwrap();
    site.world.hear(authorized(&site.world, id));
    let answer = site.ask("anna", &format!("GET /payment/{id}"), "").await;
    assert_eq!((answer.text("status"), answer.text("capture")), ("AUTHORIZED", "manual"));
    assert_eq!(answer.text("amount"), "7.50");
    assert!(answer.text("expires_at") > answer.text("created_at"));
}
