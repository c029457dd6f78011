//! Bad input: every mistake is a problem that names its field, and nothing is half done.

use wallet::records::Entry;

use super::service::Service;

/// Each line must fail so, and leave nothing behind.
async fn check(lines: &[(&str, &str, &str)]) {
    let service = Service::new();
    let before = service.bank.store.records::<Entry>();
    for (line, body, expected) in lines {
        let answer = match line.strip_prefix("GET ") {
            Some(line) => service.get(line).await,
            None => service.post(line, body).await,
        };
        assert_eq!(answer.short(), *expected, "{line} {body}: {}", answer.body);
    }
    assert_eq!(service.bank.store.records::<Entry>(), before);
}

#[tokio::test]
async fn amounts_are_plain_decimals() {
    let service = Service::new();
    for amount in [
        r#""5.001""#,
        "5.001",
        r#""0""#,
        r#""0.00""#,
        r#""-0""#,
        r#""-5.00""#,
        "-5",
        "0",
        r#"" 5""#,
        r#""5 ""#,
        r#""1e3""#,
        "1e3",
        r#""NaN""#,
        r#""""#,
        r#""٥""#,
        "true",
        "[]",
        r#""1000000000000000000000000000000""#,
        "1000000000000000000000000000000",
        r#""5,00""#,
        r#""90071992547409.92""#,
    ] {
        for operation in ["alice A/credit", "alice A/debit"] {
            let body = format!(r#"{{"amount": {amount}}}"#);
            let answer = service.post(operation, &body).await;
            assert_eq!(answer.short(), "400 malformed amount", "{operation} {body}");
        }
    }
    assert_eq!(service.bank.entries("A").len(), 1);
    // The wallet's own currency says how many decimals there are.
    assert_eq!(service.post("alice J/credit", r#"{"amount": "5"}"#).await.short(), "200");
    let answer = service.post("alice J/credit", r#"{"amount": "5.0"}"#).await;
    assert_eq!(answer.short(), "400 malformed amount");
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    check(&[
        ("alice A/credit", "", "400 malformed amount"),
        ("alice A/credit", "{}", "400 malformed amount"),
        ("alice A/credit", r#"{"amount": null}"#, "400 malformed amount"),
        ("alice A/credit", r#"{"amount": "1", "amount": "1"}"#, "400 malformed amount"),
        ("alice A/credit", r#"{"amount": "1", "amout": "1"}"#, "400 malformed amout"),
        ("alice A/credit", r#"{"amount": "1", "currency": "usd"}"#, "400 malformed currency"),
        ("alice A/credit", r#"{"amount": "1", "currency": "XAU"}"#, "400 malformed currency"),
        ("alice A/credit", r#"{"amount": "1", "reference": ""}"#, "400 malformed reference"),
        (
            "alice A/credit",
            "{\"amount\": \"1\", \"reference\": \"a\\u202Eb\"}",
            "400 malformed reference",
        ),
        (
            "alice A/credit",
            "{\"amount\": \"1\", \"description\": \"a\\u0000b\"}",
            "400 malformed description",
        ),
        ("alice A/credit", "{", "400 malformed body"),
        ("alice A/credit", "[]", "400 malformed body"),
        ("alice /v1/wallet", r#"{"currency": "ZZZ"}"#, "400 malformed currency"),
        ("alice /v1/wallet", r#"{"currency": 5}"#, "400 malformed currency"),
        ("alice /v1/wallet", r#"{"balance": "5"}"#, "400 malformed balance"),
        ("olga A/freeze", r#"{"cause": "x"}"#, "400 malformed cause"),
        (
            "alice A/transfer",
            r#"{"amount": "1", "to_wallet_id": "loan_00000000-0000-0000-0000-000000000001"}"#,
            "400 malformed to_wallet_id",
        ),
        ("alice A/transfer", r#"{"amount": "1"}"#, "400 malformed to_wallet_id"),
    ])
    .await;
    let long = format!(r#"{{"amount": "1", "reference": "{}"}}"#, "x".repeat(65));
    check(&[("alice A/credit", &long, "400 malformed reference")]).await;
}

#[tokio::test]
async fn ids_of_a_path_are_there_or_not() {
    let other = "/v1/wallet/loan_00000000-0000-0000-0000-000000000001";
    let none = "/v1/wallet/wal_00000000-0000-0000-0000-00000000ffff";
    let amount = r#"{"amount": "1"}"#;
    for (place, operation, body) in [
        (other, "", ""),
        (none, "", ""),
        ("/v1/wallet/nonsense", "", ""),
        (none, "/credit", amount),
    ] {
        let line = format!("olga {place}{operation}");
        let line = if body.is_empty() { format!("GET {line}") } else { line };
        check(&[(&line, body, "404 not-found")]).await;
    }
    let reason = r#"{"reason": "x"}"#;
    let payment = "olga A/transactions/pay_00000000-0000-0000-0000-000000000001/reverse";
    let nothing = "olga A/transactions/trf_00000000-0000-0000-0000-00000000ffff/reverse";
    check(&[(payment, reason, "404 not-found"), (nothing, reason, "404 not-found")]).await;
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    check(&[
        ("GET alice A?at=yesterday", "", "400 malformed at"),
        ("GET alice A?when=2026-01-01T00:00:00Z", "", "400 malformed when"),
        ("GET alice A/transactions?type=HOLD", "", "400 malformed type"),
        ("GET alice A/transactions?type=credit", "", "400 malformed type"),
        ("GET alice A/transactions?from=2026-01-01", "", "400 malformed from"),
        ("GET alice A/transactions?limit=0", "", "400 malformed limit"),
        ("GET alice A/transactions?limit=101", "", "400 malformed limit"),
        ("GET alice A/transactions?cursor=AAAA", "", "400 malformed cursor"),
        ("GET alice A/transactions?page=2", "", "400 malformed page"),
        ("GET alice A/transactions?reference=", "", "400 malformed reference"),
        (
            "GET alice A/transactions?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "",
            "400 malformed to",
        ),
        (
            "GET alice A/statement?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "",
            "400 malformed to",
        ),
        ("GET alice A/statement?limit=5", "", "400 malformed limit"),
        ("GET alice /v1/wallet?owner=bob", "", "400 malformed owner"),
    ])
    .await;
}
