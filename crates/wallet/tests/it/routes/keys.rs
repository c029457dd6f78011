//! Idempotency keys: the first success again, another body refused, a refusal decided again.

use super::service::Service;

/// Sends a keyed request twice, with something else in between; then with another body.
async fn check(line: &str, body: &str, other: &str) {
    let service = Service::new();
    service.bank.credit("A", 10_000);
    let transfer = service.bank.last_transfer("A").to_string();
    let to = service.bank.id("B").to_string();
    let fill = |text: &str| text.replace("{transaction}", &transfer).replace("{B}", &to);
    let (line, body, other) = (fill(line), fill(body), fill(other));
    let first = service.post_keyed(&line, "key-1", &body).await;
    assert!(first.status < 300, "{line}: {first:?}");
    service.post("olga A/credit", r#"{"amount": "7.00"}"#).await;
    let again = service.post_keyed(&line, "key-1", &body).await;
    assert_eq!((again.status, again.body), (first.status, first.body), "{line}");
    let reused = service.post_keyed(&line, "key-1", &other).await;
    assert_eq!(reused.short(), "422 idempotency-key-reused", "{line}");
}

#[tokio::test]
async fn a_repeat_gives_the_first_success_again() {
    check("alice /v1/wallet", "", r#"{"currency": "USD"}"#).await;
    let (one, two) = (r#"{"amount": "1.00"}"#, r#"{"amount": "2.00"}"#);
    check("alice A/credit", one, two).await;
    check("alice A/debit", one, two).await;
    let (one, two) = (
        r#"{"amount": "1.00", "to_wallet_id": "{B}"}"#,
        r#"{"amount": "2.00", "to_wallet_id": "{B}"}"#,
    );
    check("alice A/transfer", one, two).await;
    let (one, two) = (r#"{"reason": "a mistake"}"#, r#"{"reason": "another"}"#);
    check("olga A/transactions/{transaction}/reverse", one, two).await;
}

#[tokio::test]
async fn a_movement_that_was_reversed_since_is_answered_as_at_first() {
    let service = Service::new();
    let body = r#"{"amount": "1.00"}"#;
    let first = service.post_keyed("alice A/credit", "key-1", body).await;
    service.bank.reverse("A", service.bank.last_transfer("A"));
    let again = service.post_keyed("alice A/credit", "key-1", body).await;
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn changes_of_status_are_repeated_too() {
    let service = Service::new();
    let first = service.post_keyed("olga A/freeze", "key-1", "").await;
    assert_eq!(first.body["status"], "FROZEN");
    assert_eq!(service.post("olga A/unfreeze", "").await.status, 200);
    let again = service.post_keyed("olga A/freeze", "key-1", "").await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(service.get("alice A").await.body["status"], "ACTIVE");
}

#[tokio::test]
async fn a_refusal_is_decided_again() {
    let service = Service::new();
    let body = r#"{"amount": "1.00"}"#;
    let refused = service.post_keyed("alice A/debit", "key-1", body).await;
    assert_eq!(refused.short(), "422 insufficient-funds");
    service.bank.credit("A", 500);
    let done = service.post_keyed("alice A/debit", "key-1", body).await;
    assert_eq!(done.body["wallet"]["balance"], "4.00");
}

#[tokio::test]
async fn a_key_is_the_callers_the_operations_and_the_wallets() {
    let service = Service::new();
    let body = r#"{"amount": "1.00"}"#;
    for line in ["alice A/credit", "olga A/credit", "bob B/credit", "alice A/debit"] {
        assert_eq!(service.post_keyed(line, "key-1", body).await.status, 200, "{line}");
    }
    assert_eq!(service.get("alice A").await.body["balance"], "1.00");
}
