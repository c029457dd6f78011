//! Looking back: moments, pages of movements, statements as JSON and as CSV.

use kernel::event::Capture;
use kernel::text::{Description, Reference};
use kernel::{Amount, Currency, Time};
use serde_json::{Value, json};
use wallet::decide::{ImportRow, imported_wallet};
use wallet::records::{Direction, Entry};

use super::service::{Answer, Service};
use crate::bank::sub;

/// An imported account of alice's: 100.00 on the 2nd, -30.00 and 5.00 on the 4th of January 1993,
/// 0.50 on the 6th, and today a payment of 10.00, one that was refused, and a hold of 1.00.
fn imported() -> Service {
    let service = Service::new();
    for (reference, day, signed) in
        [("a", 2, 10_000_i64), ("b", 4, -3_000), ("c", 4, 500), ("d", 6, 50)]
    {
        let direction = if signed < 0 { Direction::Debit } else { Direction::Credit };
        let effective_at: Time = format!("1993-01-{day:02}T00:00:00Z").parse().unwrap();
        service.bank.run(ImportRow {
            source: "old-bank".to_owned(),
            account: "1".to_owned(),
            reference: Reference::new(reference).unwrap(),
            owner: sub("alice"),
            direction,
            amount: Amount::from_minor(signed.unsigned_abs(), Currency::USD).unwrap(),
            effective_at,
            description: Some(Description::new("said \"so\", twice").unwrap()),
        });
    }
    for (minor, capture) in
        [(1_000, Capture::Automatic), (90_000, Capture::Automatic), (100, Capture::Manual)]
    {
        let mut request = service.bank.payment("A", minor, capture);
        request.wallet_id = imported_wallet("old-bank", "1");
        service.bank.hear(request);
    }
    service
}

async fn get(service: &Service, rest: &str) -> Answer {
    let wallet_id = imported_wallet("old-bank", "1");
    service.get(&format!("alice /v1/wallet/{wallet_id}{rest}")).await
}

#[tokio::test]
async fn a_balance_is_that_of_its_moment() {
    let service = imported();
    for (at, expected) in [
        ("1993-01-01T23:59:59.999999Z", "0.00"),
        ("1993-01-02T00:00:00Z", "100.00"),
        ("1993-01-03T23:59:59.999999Z", "100.00"),
        // Of two at the same moment, the later one.
        ("1993-01-04T00:00:00Z", "75.00"),
        ("1993-01-05T00:00:00Z", "75.00"),
        ("1993-01-06T00:00:00Z", "75.50"),
        ("1999-01-01T00:00:00Z", "75.50"),
        ("9999-01-01T00:00:00Z", "65.50"),
    ] {
        let answer = get(&service, &format!("?at={at}")).await;
        assert_eq!(answer.body["balance"], expected, "{at}");
    }
    let now = get(&service, "").await;
    assert_eq!((&now.body["balance"], &now.body["held"]), (&json!("65.50"), &json!("1.00")));
    let then = get(&service, "?at=1993-01-06T00:00:00Z").await;
    assert_eq!((&then.body["available"], &then.body["held"]), (&json!("75.50"), &json!("0.00")));
    let fresh = service.get("bob B?at=1993-01-06T00:00:00Z").await;
    assert_eq!(fresh.body["balance"], "0.00");
}

fn amounts(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["amount"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_history_shows_what_moved_newest_first() {
    let service = imported();
    let check = async |filter: &str, expected: &[&str]| {
        let answer = get(&service, &format!("/transactions{filter}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(amounts(&answer.body["items"]), expected, "{filter}");
        assert_eq!(answer.body["next_cursor"], Value::Null, "{filter}");
    };
    check("", &["-10.00", "0.50", "5.00", "-30.00", "100.00"]).await;
    check("?type=IMPORT", &["0.50", "5.00", "-30.00", "100.00"]).await;
    check("?type=PAYMENT_OUT", &["-10.00"]).await;
    check("?type=LOAN_REPAYMENT", &[]).await;
    check("?reference=c", &["5.00"]).await;
    check("?reference=nothing", &[]).await;
    check("?from=1993-01-04T00:00:00Z&to=1993-01-06T00:00:00Z", &["5.00", "-30.00"]).await;
    check("?to=1993-01-02T00:00:00Z", &[]).await;
    check("?from=1993-01-06T00:00:00Z&type=IMPORT", &["0.50"]).await;
}

#[tokio::test]
async fn pages_are_whole_and_stay_so_while_money_moves() {
    let service = Service::new();
    for minor in 1..=7 {
        service.bank.credit("A", minor);
        // What moved nothing must not shorten a page.
        service.bank.pay("A", 1_000_000, Capture::Automatic);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut rest = "?limit=3".to_owned();
    let mut sizes = Vec::new();
    for _ in 0..10 {
        let page = service.get(&format!("alice A/transactions{rest}")).await;
        let found = amounts(&page.body["items"]);
        sizes.push(found.len());
        seen.extend(found.into_iter().map(str::to_owned));
        service.bank.credit("A", 100);
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        rest = format!("?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ["0.07", "0.06", "0.05", "0.04", "0.03", "0.02", "0.01"]);
    assert_eq!(sizes, [3, 3, 1]);
}

#[tokio::test]
async fn a_cursor_fits_its_own_list_alone() {
    let service = Service::new();
    for name in ["A", "B"] {
        service.bank.credit(name, 1);
        service.bank.credit(name, 2);
    }
    let page = service.get("alice A/transactions?limit=1").await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    for (line, expected) in [
        (format!("alice A/transactions?limit=1&cursor={cursor}"), "200"),
        (format!("bob B/transactions?cursor={cursor}"), "400 malformed cursor"),
        (format!("alice A/transactions?type=CREDIT&cursor={cursor}"), "400 malformed cursor"),
    ] {
        assert_eq!(service.get(&line).await.short(), expected, "{line}");
    }
}

#[tokio::test]
async fn a_statement_stands_between_two_balances() {
    let service = imported();
    let check = async |period: &str, opening: &str, entries: &[&str], closing: &str| {
        let answer = get(&service, &format!("/statement{period}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = &answer.body;
        assert_eq!(amounts(&body["entries"]), entries, "{period}");
        assert_eq!(
            (&body["opening_balance"], &body["closing_balance"]),
            (&json!(opening), &json!(closing))
        );
    };
    let all = ["100.00", "-30.00", "5.00", "0.50", "-10.00"];
    check("", "0.00", &all, "65.50").await;
    // `from` is inclusive, `to` exclusive.
    check(
        "?from=1993-01-04T00:00:00Z&to=1993-01-06T00:00:00Z",
        "100.00",
        &["-30.00", "5.00"],
        "75.00",
    )
    .await;
    check("?from=1993-01-04T00:00:00.000001Z", "75.00", &["0.50", "-10.00"], "65.50").await;
    check("?to=1993-01-02T00:00:00Z", "0.00", &[], "0.00").await;
    check("?from=2999-01-01T00:00:00Z", "65.50", &[], "65.50").await;
    check("?from=1993-01-05T00:00:00Z&to=1993-01-05T00:00:00Z", "75.00", &[], "75.00").await;
    let fresh = service.get("bob B/statement").await;
    assert_eq!(
        (&fresh.body["opening_balance"], &fresh.body["closing_balance"]),
        (&json!("0.00"), &json!("0.00"))
    );
}

#[tokio::test]
async fn a_statement_is_csv_for_whoever_would_rather_have_that() {
    let service = imported();
    let wallet_id = imported_wallet("old-bank", "1");
    let line = format!("GET alice /v1/wallet/{wallet_id}/statement?to=1993-01-04T00:00:00Z");
    for (accept, is_csv) in [
        ("text/csv", true),
        ("text/csv, application/json;q=0.9", true),
        ("text/csv;q=0.5, application/json", false),
        ("application/json, text/csv;q=1", true),
        ("text/csv;q=0", false),
        ("*/*", false),
        ("text/html, */*;q=0.8", false),
        ("", false),
    ] {
        let answer = service.send(&line, &[("accept", accept)], "").await;
        let expected = if is_csv { "text/csv; charset=utf-8" } else { "application/json" };
        assert_eq!(answer.header("content-type"), expected, "{accept}");
        assert_eq!(answer.header("vary"), "accept");
    }
    let answer = service.send(&line, &[("accept", "text/csv")], "").await;
    let text = answer.body.as_str().unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    let [heading, opening, movement, closing, ""] = lines.as_slice() else { panic!("{text}") };
    assert!(heading.starts_with("type,transaction_id,sequence,amount,balance_after,"), "{heading}");
    assert_eq!(*opening, "OPENING_BALANCE,,,,0.00,USD,,,,,,,");
    assert!(movement.starts_with("IMPORT,trf_"), "{movement}");
    let rest = r#",1,100.00,100.00,USD,world,,"said ""so"", twice",a,1993-01-02T00:00:00.000000Z,"#;
    assert!(movement.contains(rest), "{movement}");
    assert_eq!(*closing, "CLOSING_BALANCE,,,,100.00,USD,,,,,1993-01-04T00:00:00.000000Z,,");
}

#[tokio::test]
async fn a_statement_has_a_bound() {
    let service = Service::new();
    service.bank.credit("A", 1);
    // The rest of a long chain, put there at once.
    let mut entry = Entry::clone(&service.bank.head("A"));
    while entry.sequence < wallet::read::STATEMENT_ENTRIES_MAX {
        let before = entry.hash;
        entry.sequence += 1;
        entry.balance_after += 1;
        entry.cause.uuid += 1_000_000;
        entry.hash = entry.hash_after(Some(before));
        service.bank.store.tamper(entry.clone());
    }
    let most = service.get("alice A/statement").await;
    assert_eq!(most.body["entries"].as_array().unwrap().len(), 10_000);
    assert_eq!(most.body["closing_balance"], "100.00");
    service.bank.credit("A", 1);
    assert_eq!(service.get("alice A/statement").await.short(), "400 malformed from");
    let one = service.bank.head("A").effective_at;
    let answer = service.get(&format!("alice A/statement?from={one}")).await;
    assert_eq!(answer.body["opening_balance"], "100.00");
}
