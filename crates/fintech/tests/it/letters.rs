//! `fintech dead-letters`, over a server and over a folder. The letters are made by hand: what was
//! delivered is written down as dead, so that redriving it must change nothing.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Server, run, text};

/// A folder with one payment, both of whose deliveries are said to be dead.
pub(crate) fn with_dead_letters(data: &Path) -> String {
    let server = Server::start(data);
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    let credit = json!({ "amount": "10.00" });
    server.post(&format!("/v1/wallet/{wallet_id}/credit"), &credit).expect(200);
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "shop", "amount": "4.00" });
    let paid = server.post_and_wait("/v1/payment", &body).expect(200);
    server.stop();
    let database = rusqlite::Connection::open(data.join("fintech.sqlite3")).unwrap();
    let dead = "UPDATE delivery SET state = 'DEAD', attempts = 12, reason = 'it was away'";
    assert_eq!(database.execute(dead, []).unwrap(), 2);
    paid.text("/transaction_id")
}

fn list(place: &[&str]) -> Vec<Value> {
    let list = ["dead-letters", "list", "--json"];
    run(&[&list, place].concat()).expect(0).json().as_array().unwrap().clone()
}

#[test]
fn letters_are_listed_and_redriven_over_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let payment_id = with_dead_letters(folder.path());
    let place = ["--data", text(folder.path())];
    let letters = list(&place);
    let heard: Vec<_> = letters.iter().map(|letter| letter["subscription"].clone()).collect();
    assert_eq!(json!(heard), json!(["process_payment_request", "update_transaction_status"]));
    assert_eq!(letters[0]["event"]["subject"], payment_id);
    let told = run(&[&["dead-letters", "list"], &place[..]].concat()).expect(0).out;
    assert!(
        told.contains("PAYMENT_REQUESTED to process_payment_request, tried 12 times"),
        "{told}"
    );
    assert!(told.contains("it was away"), "{told}");

    let redrive = |ids: &[&str]| run(&[&["dead-letters", "redrive"], ids, &place[..]].concat());
    redrive(&[]).expect(2);
    redrive(&["1-999"]).expect(1);
    assert_eq!(list(&place).len(), 2);
    let id = letters[0]["dead_letter_id"].as_str().unwrap();
    assert_eq!(redrive(&[id]).expect(0).out, format!("{id}  is delivered again\n"));
    assert_eq!(list(&place).len(), 1);
    redrive(&["--all"]).expect(0);
    assert_eq!(list(&place).len(), 0);
    redrive(&["--all"]).expect(0);
    let report = run(&["verify", "--data", text(folder.path()), "--json"]).expect(0).json();
    assert_eq!(report["transfers"], 2);
}

#[test]
fn letters_are_listed_and_redriven_over_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let payment_id = with_dead_letters(folder.path());
    let server = Server::start(folder.path());
    let place = ["--server", &server.url];
    let letters = list(&place);
    assert_eq!(letters.len(), 2);
    let redrive = |ids: &[&str]| run(&[&["dead-letters", "redrive"], ids, &place[..]].concat());
    redrive(&["1-999", "not/an/id"]).expect(1);
    let id = letters[1]["dead_letter_id"].as_str().unwrap();
    redrive(&[id]).expect(0);
    redrive(&["--all"]).expect(0);
    assert_eq!(list(&place).len(), 0);
    let audit = server.get("/v1/audit").expect(200).json();
    let redriven = audit["items"].as_array().unwrap().iter();
    let redriven = redriven.filter(|line| line["operation"] == "redrive_dead_letter");
    assert_eq!(redriven.count(), 2);
    let payment = server.get(&format!("/v1/payment/{payment_id}")).expect(200);
    assert_eq!(payment.text("/status"), "SUCCESSFUL");
    server.stop();
    let report = run(&["verify", "--data", text(folder.path()), "--json"]).expect(0).json();
    assert_eq!(report["transfers"], 2);
}
