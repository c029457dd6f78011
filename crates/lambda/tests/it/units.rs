//! What a payment takes on AWS, and what a schedule takes that finds nothing to do, counted while it
//! happens: `terraform/units.toml`, of which the table of costs is made, must say just that. Not in
//! here: prices.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::functions::request;
use crate::traces::wallet;
use crate::wired::Wired;

const UNITS: &str = include_str!("../../../../terraform/units.toml");

/// Bytes of logs and answers hang on how many digits a duration or an id has.
const ABOUT: [&str; 3] = ["log_bytes", "answer_bytes", "stored_bytes"];

/// Compares what was counted with a part of the file.
fn expect(part: &str, counted: &BTreeMap<String, f64>) {
    println!("{part}: {counted:#?}");
    let file: toml::Table = UNITS.parse().unwrap();
    for (what, said) in file[part].as_table().unwrap() {
        let said = f64::from(u32::try_from(said.as_integer().unwrap()).unwrap());
        let counted = counted.get(what).copied().unwrap_or_default();
        let off = if ABOUT.contains(&what.as_str()) { said / 20.0 } else { 0.0 };
        let is_said = (said - counted).abs() <= off;
        assert!(is_said, "{part}.{what}: terraform/units.toml says {said}, counted {counted}");
    }
    for what in counted.keys() {
        assert!(file[part].get(what).is_some(), "terraform/units.toml has no {part}.{what}");
    }
}

#[tokio::test]
async fn a_payment_takes_what_the_table_of_costs_is_made_of() {
    let Some(mut wired) = Wired::open().await else { return };
    let wallet_id = wallet(&mut wired).await;
    wired.settle().await;
    // What was opened long ago was refused to nobody, and nobody looks whether it was.
    wired.clock.pass(Duration::from_secs(60));
    drop(wired.counted());
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "books", "amount": "25.50" });
    let asked = wired.call("request_payment", &request("POST", "/v1/payment", Some(&body))).await;
    wired.settle().await;
    let path = format!("/v1/payment/{}", asked["transaction_id"].as_str().unwrap());
    let paid = wired.call("get_payment", &request("GET", &path, None)).await;
    assert_eq!(paid["status"], "SUCCESSFUL");
    expect("payment", &wired.counted());
}

#[tokio::test]
async fn a_schedule_that_finds_nothing_takes_what_the_table_is_made_of() {
    let Some(mut wired) = Wired::open().await else { return };
    let schedule: Value = serde_json::from_str(include_str!("../events/schedule.json")).unwrap();
    for function in lambda::Function::all() {
        if let lambda::Function::Due(due) = function {
            drop(wired.counted());
            wired.invoke(due.name, &schedule).await;
            expect("tick", &wired.counted());
        }
    }
}
