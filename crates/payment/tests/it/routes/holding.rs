//! `POST /payment/{transaction_id}/capture` and `/void`.

use super::super::world::{authorized, capture_failed, captured, voided};
use super::site::Site;
use kernel::event::VoidReason;

/// In the state, asks for what is said; gives the answer's line and what the payment is then.
async fn check(state: &str, asked: &str, body: &str, expected: (&str, &str)) {
    let site = Site::new();
    let id = site.world.payment_that_is(state);
    let answer = site.ask("olga", &format!("POST /payment/{id}/{asked}"), body).await;
    let payment = site.world.payment(id);
    let asks = payment.asked.map_or("nothing".to_owned(), |asked| {
        let minor = payment.asked_minor.map(|minor| format!(" {minor}")).unwrap_or_default();
        format!("{}{minor}", asked.text())
    });
    assert_eq!((answer.line().as_str(), asks.as_str()), expected, "{state}, {asked}, {body}");
    if answer.line() == "202" {
        assert_eq!(answer.text("status"), "AUTHORIZED");
        assert_eq!(answer.text("under_way"), asked);
        assert_eq!(answer.header("location"), Some(format!("/v1/payment/{id}").as_str()));
    }
}

#[tokio::test]
async fn every_way_a_capture_is_answered() {
    check("authorized", "capture", "", ("202", "capture 1000")).await;
    check("authorized", "capture", "{}", ("202", "capture 1000")).await;
    check("authorized", "capture", r#"{"amount": "6.00"}"#, ("202", "capture 600")).await;
    let too_much = ("422 capture-exceeds-hold", "nothing");
    check("authorized", "capture", r#"{"amount": "10.01"}"#, too_much).await;
    let malformed = ("400 malformed amount", "nothing");
    check("authorized", "capture", r#"{"amount": "0.001"}"#, malformed).await;
    check("authorized", "capture", r#"{"amount": "0"}"#, malformed).await;
    check("authorized", "capture", r#"{"amount": null}"#, malformed).await;
    let malformed = ("400 malformed currency", "nothing");
    check("authorized", "capture", r#"{"currency": "USD"}"#, malformed).await;
    check("overdue", "capture", "", ("422 hold-expired", "nothing")).await;
    check("capturing 600", "capture", "", ("409 wrong-state", "capture 600")).await;
    check("voiding", "capture", "", ("409 wrong-state", "void")).await;
    check("pending hold", "capture", "", ("409 wrong-state", "nothing")).await;
    check("successful", "capture", "", ("409 wrong-state", "nothing")).await;
    check("voided", "capture", "", ("409 wrong-state", "nothing")).await;
}

#[tokio::test]
async fn every_way_a_void_is_answered() {
    check("authorized", "void", "", ("202", "void")).await;
    check("authorized", "void", r#"{"amount": "1.00"}"#, ("400 malformed amount", "nothing")).await;
    check("capturing 600", "void", "", ("409 wrong-state", "capture 600")).await;
    check("captured 600", "void", "", ("409 wrong-state", "nothing")).await;
    check("expired", "void", "", ("409 wrong-state", "nothing")).await;
}

#[tokio::test]
async fn who_waits_for_a_capture_is_shown_what_the_wallet_said() {
    let site = Site::new();
    let id = site.world.payment_that_is("authorized");
    let (path, wait) = (format!("POST /payment/{id}/capture"), [("prefer", "wait=5")]);
    let asking = site.ask_with("shop", &path, r#"{"amount": "6.00"}"#, &wait);
    let answer = site.while_the_wallet_answers(asking, |world| capture_failed(world, id)).await;
    assert_eq!((answer.line().as_str(), answer.text("status")), ("200", "AUTHORIZED"));
    assert_eq!(answer.text("reason"), "wallet-frozen");
    let asking = site.ask_with("shop", &path, r#"{"amount": "6.00"}"#, &wait);
    let answer = site.while_the_wallet_answers(asking, |world| captured(world, id, 600)).await;
    assert_eq!((answer.line().as_str(), answer.text("status")), ("200", "SUCCESSFUL"));
    assert_eq!((answer.text("captured_amount"), &answer.json["reason"]), ("6.00", &().into()));
}

#[tokio::test]
async fn who_waits_for_a_void_is_shown_its_end() {
    let site = Site::new();
    let id = site.world.payment_that_is("authorized");
    let (path, wait) = (format!("POST /payment/{id}/void"), [("prefer", "wait=5")]);
    let asking = site.ask_with("olga", &path, "", &wait);
    let answer = site
        .while_the_wallet_answers(asking, |world| voided(world, id, VoidReason::Requested))
        .await;
    assert_eq!((answer.text("status"), answer.text("reason")), ("VOIDED", "requested"));
}

#[tokio::test]
async fn the_same_key_captures_once() {
    let site = Site::new();
    let id = site.world.payment_that_is("pending hold");
    let path = format!("POST /payment/{id}/capture");
    let key = [("idempotency-key", "k-1")];
    let body = r#"{"amount": "6.00"}"#;
    // A refusal wrote nothing, and is decided again.
    assert_eq!(site.ask_with("olga", &path, body, &key).await.line(), "409 wrong-state");
    site.world.hear(authorized(&site.world, id));
    let said = site.world.said().len();
    let first = site.ask_with("olga", &path, body, &key).await;
    assert_eq!(first.line(), "202");
    let again = site.ask_with("olga", &path, body, &key).await;
    assert_eq!((again.line(), again.json), ("202".to_owned(), first.json));
    let other = site.ask_with("olga", &path, "{}", &key).await;
    assert_eq!(other.line(), "422 idempotency-key-reused");
    assert_eq!(site.world.said().len(), said + 1);
    site.world.hear(captured(&site.world, id, 600));
    let again = site.ask_with("olga", &path, body, &key).await;
    assert_eq!((again.line().as_str(), again.text("status")), ("202", "SUCCESSFUL"));
    // The same key is another one for another operation or payment.
    let void = site.ask_with("olga", &format!("POST /payment/{id}/void"), "", &key).await;
    assert_eq!(void.line(), "409 wrong-state");
}
