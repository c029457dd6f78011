//! The main job over HTTP, end to end: wallets, payments, holds, refunds, loans; then the books are
//! checked. The finer points of each are tested by its service.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::program::{Server, run, text};

fn wallet(server: &Server, credit: &str) -> String {
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    let path = format!("/v1/wallet/{wallet_id}/credit");
    server.post(&path, &json!({ "amount": credit })).expect(200);
    wallet_id
}

#[track_caller]
fn expect_balance(server: &Server, wallet_id: &str, balance: &str, available: &str) {
    let wallet = server.get(&format!("/v1/wallet/{wallet_id}")).expect(200);
    let found = (wallet.text("/balance"), wallet.text("/available"));
    assert_eq!(found, (balance.to_owned(), available.to_owned()));
}

/// Checks the books, beside the running server and after its stop.
#[track_caller]
fn expect_well(server: Server, data: &Path, transfers: u64) {
    assert_eq!(server.get("/v1/sagas?state=open").expect(200).json()["items"], json!([]));
    assert_eq!(server.get("/v1/dead-letters").expect(200).json()["items"], json!([]));
    let verify = || {
        let report = run(&["verify", "--data", text(data), "--json"]).expect(0).json();
        assert_eq!(report["violations"], json!([]));
        assert_eq!(report["transfers"], transfers);
        assert_eq!(report["currencies"], json!([{ "currency": "USD", "sum": "0.00" }]));
    };
    verify();
    run(&["dead-letters", "list", "--data", text(data)]).expect(0);
    server.stop();
    verify();
}

#[test]
fn a_payment_ends_and_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = wallet(&server, "100.00");
    let body =
        |amount: &str| json!({ "wallet_id": wallet_id, "merchant_id": "shop", "amount": amount });
    let paid = server.post_and_wait("/v1/payment", &body("25.50")).expect(200);
    assert_eq!(paid.text("/status"), "SUCCESSFUL");
    assert!(paid.head.contains("preference-applied: wait"), "{paid:?}");
    let failed = server.post_and_wait("/v1/payment", &body("74.51")).expect(200);
    assert_eq!(
        (failed.text("/status"), failed.text("/reason")),
        ("FAILED".into(), "insufficient-funds".into())
    );

    let accepted = server.post("/v1/payment", &body("4.50")).expect(202);
    let payment = format!("/v1/payment/{}", accepted.text("/transaction_id"));
    assert!(accepted.head.contains(&format!("location: {payment}")), "{accepted:?}");
    let path = format!("{payment}/refund");
    // A refund is taken once the payment is done; until then the answer is 409.
    let refund = loop {
        let refund = server.post_and_wait(&path, &json!({ "amount": "1.00" }));
        if refund.status != 409 {
            break refund.expect(200);
        }
    };
    assert_eq!(refund.text("/status"), "SUCCESSFUL");
    expect_balance(&server, &wallet_id, "71.00", "71.00");
    let timeline = server.get(&format!("{payment}/timeline")).expect(200).json();
    let types: Vec<_> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["event"]["type"].clone())
        .collect();
    assert_eq!(
        json!(types),
        json!([
            "PAYMENT_REQUESTED",
            "PAYMENT_SUCCESSFUL",
            "PAYMENT_REFUND_REQUESTED",
            "PAYMENT_REFUNDED"
        ])
    );
    expect_well(server, folder.path(), 4);
}

#[test]
fn money_is_held_and_then_captured_or_given_free() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = wallet(&server, "100.00");
    let hold = |amount: &str| {
        let body = json!({ "wallet_id": wallet_id, "merchant_id": "hotel", "amount": amount, "capture": "manual" });
        let held = server.post_and_wait("/v1/payment", &body).expect(200);
        assert_eq!(held.text("/status"), "AUTHORIZED");
        format!("/v1/payment/{}", held.text("/transaction_id"))
    };
    let (one, two, three) = (hold("60.00"), hold("30.00"), hold("10.00"));
    expect_balance(&server, &wallet_id, "100.00", "0.00");
    let captured =
        server.post_and_wait(&format!("{one}/capture"), &json!({ "amount": "45.00" })).expect(200);
    assert_eq!(
        (captured.text("/status"), captured.text("/captured_amount")),
        ("SUCCESSFUL".into(), "45.00".into())
    );
    let voided = server.post_and_wait(&format!("{two}/void"), &json!({})).expect(200);
    assert_eq!(
        (voided.text("/status"), voided.text("/reason")),
        ("VOIDED".into(), "requested".into())
    );
    expect_balance(&server, &wallet_id, "55.00", "45.00");
    server.stop();

    // The clock releases what nobody asked for, even where no server runs.
    let ticked =
        run(&["tick", "--data", text(folder.path()), "--at", "2100-01-01T00:00:00Z"]).expect(0);
    assert_eq!(ticked.out, "1 hold was released: its time was up.\n");
    assert!(ticked.err.contains("2100-01-01T00:00:00.000000Z is still to come"), "{ticked:?}");
    let now = run(&["tick", "--data", text(folder.path())]).expect(0);
    assert_eq!((now.out.as_str(), now.err.as_str()), ("Nothing was due.\n", ""));
    // Whoever looks at the log learns why everything is dated so late.
    let mut server = Server::start(folder.path());
    let warning = server.log_line();
    assert!(warning.contains("WARN") && warning.contains("2100-01-01"), "{warning}");
    server.log_until("ready");
    let expired = server.get(&three).expect(200);
    assert_eq!(
        (expired.text("/status"), expired.text("/reason")),
        ("VOIDED".into(), "expired".into())
    );
    expect_balance(&server, &wallet_id, "55.00", "55.00");
    // What is booked from there on is in the sums, although the machine's clock is far behind.
    let credit = format!("/v1/wallet/{wallet_id}/credit");
    server.post(&credit, &json!({ "amount": "5.00" })).expect(200);
    let trial = server.get("/v1/ledger/trial-balance").expect(200);
    let accounts = trial.json()["accounts"].as_array().cloned().unwrap_or_default();
    let wallets = accounts.iter().find(|account| account["class"] == "wallet").unwrap();
    assert_eq!(wallets["balance"], "60.00", "{accounts:?}");
    expect_well(server, folder.path(), 3);
}

#[test]
fn an_approved_loan_is_in_the_wallet() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = wallet(&server, "1.00");
    let apply = |months: u32| {
        let body =
            json!({ "wallet_id": wallet_id, "amount": "500.00", "loan_term_months": months });
        server.post("/v1/loan", &body).expect(201).text("/loan_id")
    };
    let (one, two) = (apply(12), apply(36));
    let approved = server.post_and_wait(&format!("/v1/loan/{one}/approve"), &json!({})).expect(200);
    assert_eq!(approved.text("/status"), "APPROVED");
    assert!(!approved.text("/funded_at").is_empty());
    let rejected = server.post(&format!("/v1/loan/{two}/reject"), &json!({ "reason": "too long" }));
    assert_eq!(rejected.expect(200).text("/status"), "REJECTED");
    server.post(&format!("/v1/loan/{two}/approve"), &json!({})).expect(409);
    expect_balance(&server, &wallet_id, "501.00", "501.00");
    let audited: Vec<Value> =
        server.get("/v1/audit").expect(200).json()["items"].as_array().unwrap().clone();
    let operations: Vec<_> = audited.iter().map(|line| line["operation"].clone()).collect();
    assert_eq!(json!(operations), json!(["reject_loan", "approve_loan"]));
    expect_well(server, folder.path(), 2);
}

/// The wallet can never be credited with this loan, however often it is approved.
#[test]
fn a_loan_in_another_currency_than_its_wallets_ends_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let yen = server.post("/v1/wallet", &json!({ "currency": "JPY" })).expect(201);
    let body = json!({
        "wallet_id": yen.text("/wallet_id"), "amount": "500.00", "loan_term_months": 12,
    });
    let loan_id = server.post("/v1/loan", &body).expect(201).text("/loan_id");
    for _ in 0..2 {
        let approve = format!("/v1/loan/{loan_id}/approve");
        let failed = server.post_and_wait(&approve, &json!({})).expect(200);
        assert_eq!(
            (failed.text("/status"), failed.text("/reason")),
            ("FUNDING_FAILED".into(), "currency-mismatch".into())
        );
    }
    let why = json!({ "reason": "the wallet is in yen" });
    let rejected = server.post(&format!("/v1/loan/{loan_id}/reject"), &why).expect(200);
    assert_eq!(
        (rejected.text("/status"), rejected.text("/reason")),
        ("REJECTED".into(), "the wallet is in yen".into())
    );
    server.post(&format!("/v1/loan/{loan_id}/approve"), &json!({})).expect(409);
    expect_balance(&server, &yen.text("/wallet_id"), "0", "0");
    server.stop();
    run(&["verify", "--data", text(folder.path())]).expect(0);
}

#[test]
fn the_demo_leaves_books_that_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let demo = run(&["demo", "--server", &server.url]).expect(0);
    for words in
        ["FAILED, insufficient-funds", "VOIDED, requested", "REJECTED", "/docs", "/timeline"]
    {
        assert!(demo.out.contains(words), "{words} is not in {demo:?}");
    }
    let waiting = server.get("/v1/loan?status=PENDING").expect(200).json();
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1));
    expect_well(server, folder.path(), 17);
}

#[test]
fn two_hundred_debits_at_once_take_what_is_there_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = wallet(&server, "100.00");
    let path = format!("/v1/wallet/{wallet_id}/debit");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let debit = || server.post(&path, &json!({ "amount": "1.00" })).status;
        let threads: Vec<_> = (0..200).map(|_| scope.spawn(debit)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(422)), (100, 100), "{statuses:?}");
    expect_balance(&server, &wallet_id, "0.00", "0.00");
    expect_well(server, folder.path(), 101);
}

#[test]
fn the_books_are_right_at_any_moment_beside_a_busy_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = wallet(&server, "1000000.00");
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "shop", "amount": "1.00" });
    let is_over = AtomicBool::new(false);
    let pay = || {
        let mut count = 0;
        while !is_over.load(Ordering::Relaxed) {
            server.post("/v1/payment", &body).expect(202);
            count += 1;
        }
        count
    };
    let verify = || run(&["verify", "--data", text(folder.path()), "--json"]);
    let (paid, reports) = std::thread::scope(|scope| {
        let payers: Vec<_> = (0..8).map(|_| scope.spawn(pay)).collect();
        let reports: Vec<_> = (0..5).map(|_| verify()).collect();
        is_over.store(true, Ordering::Relaxed);
        (payers.into_iter().map(|payer| payer.join().unwrap()).sum::<u64>(), reports)
    });
    let mut transfers = 0;
    for report in reports {
        let now = report.expect(0).json()["transfers"].as_u64().unwrap();
        assert!(now >= transfers, "{now} after {transfers}");
        transfers = now;
    }
    server.stop();
    assert_eq!(verify().expect(0).json()["transfers"], paid + 1);
}
