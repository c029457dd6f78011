//! Bad input: each is refused by the name of its field, and nothing is written.

use payment::records::Payment;

use super::site::{Site, WALLET, order};

async fn check(body: &str, expected: &str) {
    let site = Site::new();
    let answer = site.ask("anna", "POST /payment", body).await;
    assert_eq!(answer.line(), expected, "{body}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.text("detail").ends_with('.'), "{}", answer.json);
    assert_eq!((site.world.count::<Payment>(), site.world.said().len()), (0, 0), "{body}");
}

/// With the payment's usual fields, and these.
async fn check_field(more: &str, field: &str) {
    check(&order(more), &format!("400 malformed {field}")).await;
}

#[tokio::test]
async fn bad_amounts_are_named() {
    for amount in [
        r#""5.001""#,
        r#""0""#,
        r#""0.00""#,
        r#""-0""#,
        r#""-5.00""#,
        r#"" 5""#,
        r#""1e3""#,
        "1e3",
        "-1",
        "0",
        "5.001",
        r#""NaN""#,
        "true",
        "{}",
        "[]",
        r#""""#,
        r#""5,00""#,
        "1000000000000000000000000000000",
        r#""90071992547409.92""#,
    ] {
        let body = order("").replace(r#""10.00""#, amount);
        check(&body, "400 malformed amount").await;
    }
    check(&order("").replace(r#""10.00""#, "null"), "400 malformed amount").await;
    check_field(r#""currency": "JPY", "amount": "1.5""#, "amount").await;
}

#[tokio::test]
async fn bad_fields_are_named() {
    for currency in [r#""usd""#, r#""XXX""#, r#""""#, "1", r#""DOLLAR""#] {
        check_field(&format!(r#""currency": {currency}"#), "currency").await;
    }
    for wallet_id in [r#""""#, r#""wal_1""#, r#""pay_00000000-0000-0000-0000-000000000005""#, "5"] {
        check_field(&format!(r#""wallet_id": {wallet_id}"#), "wallet_id").await;
    }
    let long = "x".repeat(65);
    for text in [r#""""#, r#""  ""#, r#""a\u0000b""#, r#""a\u202Eb""#, "7", &format!("\"{long}\"")]
    {
        check_field(&format!(r#""merchant_id": {text}"#), "merchant_id").await;
        check_field(&format!(r#""reference": {text}"#), "reference").await;
    }
    let long = "x".repeat(257);
    check_field(&format!(r#""description": "{long}""#), "description").await;
    check_field(r#""capture": "later""#, "capture").await;
    check_field(r#""capture": null"#, "capture").await;
    check_field(r#""price": 1"#, "price").await;
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    check("", "400 malformed wallet_id").await;
    check("{}", "400 malformed wallet_id").await;
    let no_merchant = format!(r#"{{"wallet_id": "{WALLET}", "amount": "1.00"}}"#);
    check(&no_merchant, "400 malformed merchant_id").await;
    let no_amount = format!(r#"{{"wallet_id": "{WALLET}", "merchant_id": "books"}}"#);
    check(&no_amount, "400 malformed amount").await;
    let twice = order("").replacen('{', r#"{"amount": "1.00", "#, 1);
    check(&twice, "400 malformed amount").await;
    check("[]", "400 malformed body").await;
    check("{", "400 malformed body").await;
    check(&"[".repeat(10_000), "400 malformed body").await;
    check(&order(&format!(r#""description": "{}""#, "x".repeat(70_000))), "413 body-too-large")
        .await;
}

#[tokio::test]
async fn right_to_left_and_foreign_letters_are_welcome() {
    let site = Site::new();
    let body = order(r#""description": "كتابان", "merchant_id": "כותב", "currency": "KWD""#);
    let answer = site.ask("anna", "POST /payment", &body.replace("10.00", "1.005")).await;
    assert_eq!((answer.line().as_str(), answer.text("amount")), ("202", "1.005"));
    assert_eq!((answer.text("description"), answer.text("merchant_id")), ("كتابان", "כותב"));
}

#[tokio::test]
async fn a_bad_key_is_refused() {
    let site = Site::new();
    let long = "k".repeat(256);
    for key in ["", "a b", "é", long.as_str()] {
        let headers = [("idempotency-key", key)];
        let answer = site.ask_with("anna", "POST /payment", &order(""), &headers).await;
        assert_eq!(answer.line(), "400 malformed Idempotency-Key", "{key}");
    }
    assert_eq!(site.world.count::<Payment>(), 0);
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let site = Site::new();
    let headers = [("content-type", "text/plain")];
    let answer = site.ask_with("anna", "POST /payment", &order(""), &headers).await;
    assert!(answer.line().starts_with('4'), "{}", answer.line());
    assert_eq!(site.world.count::<Payment>(), 0);
}

#[tokio::test]
async fn ids_that_lead_nowhere_are_not_found() {
    let site = Site::new();
    for id in [
        "pay_00000000-0000-0000-0000-000000000099",
        "wal_00000000-0000-0000-0000-000000000005",
        "pay_0000",
        "x",
        "%00",
    ] {
        for asked in ["GET /payment/{}", "GET /payment/{}/refunds", "GET /payment/{}/timeline"] {
            let answer = site.ask("olga", &asked.replace("{}", id), "").await;
            assert_eq!(answer.line(), "404 not-found", "{asked} {id}");
        }
        for (asked, body) in [
            ("capture", ""),
            ("capture", r#"{"amount": "1.00"}"#),
            ("void", ""),
            ("refund", ""),
            ("refund", r#"{"amount": "1.00"}"#),
        ] {
            let answer = site.ask("olga", &format!("POST /payment/{id}/{asked}"), body).await;
            assert_eq!(answer.line(), "404 not-found", "{asked} {id} {body}");
        }
    }
}
