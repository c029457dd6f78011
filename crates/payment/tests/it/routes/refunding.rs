//! `POST /payment/{transaction_id}/refund` and the refunds of a payment.

use serde_json::json;

use super::super::world::{refund_failed, refunded};
use super::site::Site;

async fn check(state: &str, body: &str, expected: &str) {
    let site = Site::new();
    let id = site.world.payment_that_is(state);
    let before = site.world.payment(id).refunding_minor;
    let answer = site.ask("olga", &format!("POST /payment/{id}/refund"), body).await;
    let reserved = site.world.payment(id).refunding_minor - before;
    assert_eq!(format!("{}, {reserved}", answer.line()), expected, "{state}, {body}");
    if answer.line() == "202" {
        let refund_id = answer.text("refund_id");
        let place = format!("/v1/payment/{id}/refunds/{refund_id}");
        assert_eq!(answer.header("location"), Some(place.as_str()));
        let polled = site.ask("olga", &format!("GET /payment/{id}/refunds/{refund_id}"), "").await;
        assert_eq!((polled.line(), polled.json), ("200".to_owned(), answer.json));
    }
}

#[tokio::test]
async fn every_way_a_refund_is_answered() {
    check("successful", "", "202, 1000").await;
    check("successful", r#"{"amount": "4.00", "description": "torn"}"#, "202, 400").await;
    check("successful", r#"{"amount": "10.01"}"#, "422 refund-exceeds-capture, 0").await;
    check("refunding 400", "", "202, 600").await;
    check("refunding 400", r#"{"amount": 6.01}"#, "422 refund-exceeds-capture, 0").await;
    check("captured 600", "", "202, 600").await;
    check("captured 600", r#"{"amount": "6.01"}"#, "422 refund-exceeds-capture, 0").await;
    check("refunded", "", "422 refund-exceeds-capture, 0").await;
    check("pending", "", "409 wrong-state, 0").await;
    check("authorized", "", "409 wrong-state, 0").await;
    check("failed", "", "409 wrong-state, 0").await;
    check("voided", "", "409 wrong-state, 0").await;
    check("successful", r#"{"amount": "1e3"}"#, "400 malformed amount, 0").await;
    check("successful", r#"{"amount": true}"#, "400 malformed amount, 0").await;
    check("successful", r#"{"sum": "1.00"}"#, "400 malformed sum, 0").await;
    check("successful", r#"{"reference": ""}"#, "400 malformed reference, 0").await;
}

#[tokio::test]
async fn a_refund_is_shown_as_it_is() {
    let site = Site::new();
    let id = site.world.payment_that_is("successful");
    let (path, wait) = (format!("POST /payment/{id}/refund"), [("prefer", "wait=5")]);
    let body = r#"{"amount": "4.00", "reference": "return-1"}"#;
    let asking = site.ask_with("shop", &path, body, &wait);
    let answer = site.while_the_wallet_answers(asking, refunded).await;
    assert_eq!(answer.line(), "200");
    let expected = json!({
        "refund_id": answer.json["refund_id"], "transaction_id": id, "amount": "4.00",
        "currency": "USD", "status": "SUCCESSFUL", "reason": null, "description": null,
        "reference": "return-1", "requested_by": "shop",
        "created_at": answer.json["created_at"], "updated_at": answer.json["updated_at"],
    });
    assert_eq!(answer.json, expected);
    let asking = site.ask_with("olga", &path, "", &wait);
    let answer = site.while_the_wallet_answers(asking, refund_failed).await;
    assert_eq!((answer.text("status"), answer.text("reason")), ("FAILED", "wallet-closed"));

    let payment = site.ask("anna", &format!("GET /payment/{id}"), "").await;
    assert_eq!((payment.text("status"), payment.text("refunded_amount")), ("SUCCESSFUL", "4.00"));
    let asking = site.ask_with("olga", &path, "", &wait);
    site.while_the_wallet_answers(asking, refunded).await;
    let payment = site.ask("anna", &format!("GET /payment/{id}"), "").await;
    assert_eq!((payment.text("status"), payment.text("refunded_amount")), ("REFUNDED", "10.00"));

    let list = site.ask("anna", &format!("GET /payment/{id}/refunds"), "").await;
    let amounts: Vec<_> = list.json["items"].as_array().unwrap().iter().collect();
    let amounts: Vec<_> = amounts.iter().map(|refund| &refund["amount"]).collect();
    assert_eq!(amounts, ["6.00", "6.00", "4.00"]);
    let first = site.ask("anna", &format!("GET /payment/{id}/refunds?limit=2"), "").await;
    let cursor = first.text("next_cursor");
    let path = format!("GET /payment/{id}/refunds?limit=2&cursor={cursor}");
    let rest = site.ask("anna", &path, "").await;
    assert_eq!(
        (rest.json["items"].as_array().unwrap().len(), &rest.json["next_cursor"]),
        (1, &().into())
    );
}

#[tokio::test]
async fn the_same_key_refunds_once() {
    let site = Site::new();
    let id = site.world.payment_that_is("successful");
    let path = format!("POST /payment/{id}/refund");
    let key = [("idempotency-key", "k-1")];
    let body = r#"{"amount": "4.00"}"#;
    let first = site.ask_with("olga", &path, body, &key).await;
    let again = site.ask_with("olga", &path, body, &key).await;
    assert_eq!((again.line(), again.json), ("202".to_owned(), first.json));
    let other = site.ask_with("olga", &path, r#"{"amount": "5.00"}"#, &key).await;
    assert_eq!(other.line(), "422 idempotency-key-reused");
    site.world.hear(refunded(&site.world));
    let again = site.ask_with("olga", &path, body, &key).await;
    assert_eq!((again.line().as_str(), again.text("status")), ("202", "SUCCESSFUL"));
    assert_eq!(site.world.payment(id).refunded_minor, 400);
}

#[tokio::test]
async fn a_refund_is_found_by_its_own_payment_alone() {
    let site = Site::new();
    let id = site.world.payment_that_is("refunding 400");
    let refund_id = site.world.last_refund().refund_id;
    let other = site.world.payment_that_is("successful");
    let line = |path: String| {
        let site = &site;
        async move { site.ask("olga", &path, "").await.line() }
    };
    assert_eq!(line(format!("GET /payment/{id}/refunds/{refund_id}")).await, "200");
    assert_eq!(line(format!("GET /payment/{other}/refunds/{refund_id}")).await, "404 not-found");
    assert_eq!(line(format!("GET /payment/{id}/refunds/{other}")).await, "404 not-found");
}
