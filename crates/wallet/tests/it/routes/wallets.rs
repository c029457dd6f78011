//! What each route answers when all is well, and when a rule says no.

use serde_json::{Value, json};

use super::service::Service;

/// The body without what differs from run to run, which must be there.
fn fixed(mut body: Value, varies: &[&str]) -> Value {
    for path in varies {
        let pointer = format!("/{}", path.replace('.', "/"));
        let found = body.pointer_mut(&pointer).unwrap_or_else(|| panic!("no {path}"));
        assert!(found.is_string(), "{path}");
        *found = Value::from("…");
    }
    body
}

#[tokio::test]
async fn a_new_wallet_is_empty() {
    let service = Service::new();
    let answer = service.post("alice /v1/wallet", r#"{"currency": "JPY"}"#).await;
    assert_eq!(answer.status, 201);
    let id = answer.body["wallet_id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/v1/wallet/{id}"));
    let expected = json!({
        "wallet_id": id, "balance": "0", "available": "0", "held": "0", "currency": "JPY",
        "status": "ACTIVE", "created_at": "…",
    });
    assert_eq!(fixed(answer.body.clone(), &["created_at"]), expected);
    let read = service.get(&format!("alice /v1/wallet/{id}")).await;
    assert_eq!((read.status, read.body), (200, answer.body));
    // Without a body, and with an empty one, it is in the deployment's currency.
    for body in ["", "{}"] {
        let answer = service.post("alice /v1/wallet", body).await;
        assert_eq!(answer.body["currency"], "USD");
    }
}

#[tokio::test]
async fn a_movement_is_answered_with_what_it_left() {
    let service = Service::new();
    let body = r#"{"amount": 25.50, "description": "Salary", "reference": "r-7"}"#;
    let answer = service.post("alice A/credit", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let wallet_id = service.bank.id("A").to_string();
    let expected = json!({
        "transaction": {
            "transaction_id": "…", "sequence": 1, "type": "CREDIT", "amount": "25.50",
            "currency": "USD", "balance_after": "25.50", "counterparty": "world",
            "related_id": null, "description": "Salary", "reference": "r-7", "reason": null,
            "reverses": null, "reversed_by": null, "effective_at": "…", "booked_at": "…",
        },
        "wallet": {
            "wallet_id": wallet_id, "currency": "USD", "balance": "25.50", "available": "25.50",
            "held": "0.00",
        },
    });
    let varies =
        ["transaction.transaction_id", "transaction.effective_at", "transaction.booked_at"];
    assert_eq!(fixed(answer.body, &varies), expected);

    service.bank.pay("A", 1_000, kernel::event::Capture::Manual);
    let answer = service.post("alice A/debit", r#"{"amount": "5.5"}"#).await;
    assert_eq!(answer.body["transaction"]["amount"], "-5.50");
    assert_eq!(answer.body["transaction"]["sequence"], 3, "the hold left a gap");
    let wallet = &answer.body["wallet"];
    assert_eq!(
        (&wallet["balance"], &wallet["available"], &wallet["held"]),
        (&json!("20.00"), &json!("10.00"), &json!("10.00"))
    );
}

#[tokio::test]
async fn what_a_rule_refuses_says_so() {
    let service = Service::new();
    service.bank.credit("A", 6_000);
    let answer = service.post("alice A/debit", r#"{"amount": "60.01"}"#).await;
    assert_eq!(answer.short(), "422 insufficient-funds");
    assert_eq!(answer.body["available"], "60.00");
    let wallet_id = service.bank.id("A");
    let detail = format!(
        "Only 60.00 USD is available in wallet {wallet_id}; add funds first, or move at most that."
    );
    assert_eq!(answer.body["detail"], detail);

    let to = |name: &str| {
        format!(r#"{{"amount": "1.00", "to_wallet_id": "{}"}}"#, service.bank.id(name))
    };
    let transfer = async |name| service.post("alice A/transfer", &to(name)).await.short();
    assert_eq!(transfer("A").await, "422 same-wallet");
    assert_eq!(transfer("X").await, "422 wallet-not-found");
    assert_eq!(transfer("J").await, "422 currency-mismatch");
    let euros = r#"{"amount": "1.00", "currency": "EUR"}"#;
    assert_eq!(service.post("alice A/credit", euros).await.short(), "422 currency-mismatch");
    let most = r#"{"amount": "90071992547409.91"}"#;
    let answer = service.post("alice A/credit", most).await;
    let detail = format!(
        "Wallet {wallet_id} would have more than 90071992547409.91 USD, the most that it can; move less."
    );
    assert_eq!(
        (answer.short().as_str(), &answer.body["detail"]),
        ("422 balance-limit", &json!(detail))
    );
    let answer = service.post("olga A/close", "").await;
    let detail = format!(
        "Wallet {wallet_id} still has 60.00 USD, of which 0.00 USD is held; empty it first."
    );
    assert_eq!(
        (answer.short().as_str(), &answer.body["detail"]),
        ("422 wallet-not-empty", &json!(detail))
    );
    assert_eq!(service.post("olga A/freeze", "").await.short(), "200");
    let answer = service.post("olga A/freeze", "").await;
    let detail = "The wallet is FROZEN; only one that is ACTIVE can be frozen.";
    assert_eq!(
        (answer.short().as_str(), &answer.body["detail"]),
        ("409 wrong-state", &json!(detail))
    );
    let one = r#"{"amount": "1.00"}"#;
    assert_eq!(service.post("alice A/debit", one).await.short(), "422 wallet-frozen");
    assert_eq!(service.post("alice A/credit", one).await.short(), "200");
    assert_eq!(service.post("olga B/close", "").await.body["status"], "CLOSED");
    assert_eq!(service.post("bob B/credit", one).await.short(), "422 wallet-closed");
}

#[tokio::test]
async fn a_transfer_shows_in_both_wallets() {
    let service = Service::new();
    service.bank.credit("A", 6_000);
    let to = service.bank.id("B");
    let body = format!(r#"{{"amount": "10.00", "to_wallet_id": "{to}", "description": "rent"}}"#);
    let answer = service.post("alice A/transfer", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["wallet"]["balance"], "50.00");
    let seen = service.get("bob B/transactions").await;
    let theirs = &seen.body["items"][0];
    let ours = &answer.body["transaction"];
    assert_eq!(theirs["transaction_id"], ours["transaction_id"]);
    assert_eq!((&theirs["type"], &theirs["amount"]), (&json!("TRANSFER_IN"), &json!("10.00")));
    assert_eq!(theirs["description"], "rent");
    assert_eq!(theirs["counterparty"], format!("wallet:{}", service.bank.id("A")));
    assert_eq!(ours["counterparty"], format!("wallet:{to}"));
}

#[tokio::test]
async fn a_reversal_is_linked_both_ways_and_made_once() {
    let service = Service::new();
    service.bank.credit("A", 6_000);
    let credit = service.bank.last_transfer("A");
    let line = format!("olga A/transactions/{credit}/reverse");
    let answer = service.post(&line, r#"{"reason": "Wrong wallet"}"#).await;
    assert_eq!(answer.status, 200);
    let reversal = &answer.body["transaction"];
    assert_eq!((&reversal["type"], &reversal["amount"]), (&json!("REVERSAL"), &json!("-60.00")));
    assert_eq!(
        (&reversal["reverses"], &reversal["reason"]),
        (&json!(credit.to_string()), &json!("Wrong wallet"))
    );
    let seen = service.get("alice A/transactions").await;
    assert_eq!(seen.body["items"][1]["reversed_by"], reversal["transaction_id"]);
    let again = service.post(&line, r#"{"reason": "Wrong wallet"}"#).await;
    assert_eq!(again.short(), "409 already-reversed");
    let line = format!("olga A/transactions/{}/reverse", service.bank.last_transfer("A"));
    assert_eq!(service.post(&line, r#"{"reason": "x"}"#).await.short(), "409 not-reversible");
    assert_eq!(service.post(&line, "{}").await.short(), "400 malformed reason");
}

#[tokio::test]
async fn an_unchanged_wallet_is_not_sent_twice() {
    let service = Service::new();
    let first = service.get("alice A").await;
    let tag = first.header("etag").to_owned();
    let unchanged = service.send("GET alice A", &[("if-none-match", &tag)], "").await;
    assert_eq!((unchanged.status, unchanged.body), (304, Value::from("")));
    service.bank.credit("A", 1);
    let changed = service.send("GET alice A", &[("if-none-match", &tag)], "").await;
    assert_eq!((changed.status, &changed.body["balance"]), (200, &json!("0.01")));
}

#[tokio::test]
async fn a_callers_wallets_come_in_pages() {
    let service = Service::new();
    for _ in 0..4 {
        service.post("carol /v1/wallet", "").await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/wallet?limit=3".to_owned();
    for _ in 0..10 {
        let page = service.get(&format!("carol {path}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(
            page.body["items"].as_array().unwrap().iter().map(|item| item["created_at"].clone()),
        );
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/v1/wallet?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.windows(2).all(|pair| pair[0].as_str() > pair[1].as_str()), "newest first");
}
