//! What a function says when it cannot start, that it starts where everything is there, and what it says
//! when it is asked whether it has all that the manifest says it needs.

use lambda::{Function, SERVICES, Settings, check, open};
use serde_json::{Value, json};
use store_dynamodb::emulator::{self, Emulator};
use store_dynamodb::tables::tables;

/// Settings of a function that reaches DynamoDB there.
fn settings(function: &str, endpoint: &str) -> Settings {
    Settings::read(&variables(function, endpoint)).unwrap()
}

/// Its environment.
fn variables(function: &str, endpoint: &str) -> impl Fn(&str) -> Option<String> + use<> {
    let (function, endpoint) = (function.to_owned(), endpoint.to_owned());
    move |name| {
        let value = match name {
            "_HANDLER" => function.clone(),
            "TABLE_PREFIX" => "fintech".to_owned(),
            "CURSOR_KEY" => "00".repeat(32),
            "TOKEN_ISSUER" => {
                "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC".to_owned()
            }
            "TOKEN_CLIENTS" => "people,services".to_owned(),
            "AWS_REGION" => "us-east-1".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test".to_owned(),
            "AWS_ENDPOINT_URL" => endpoint.clone(),
            _ => return None,
        };
        Some(value)
    }
}

/// What the manifest has of a function.
fn declared(name: &str) -> Value {
    let manifest = include_str!("../../../../terraform/manifest.json");
    let mut manifest: Value = serde_json::from_str(manifest).unwrap();
    manifest["functions"][name].take()
}

/// What a function answers that is asked for its rights, as the manifest has them.
async fn rights(name: &str, endpoint: &str) -> Result<String, String> {
    let payload = json!({ "check": declared(name) }).to_string();
    assert!(check::is_asked(&payload));
    let told = check::check(&payload, &variables(name, endpoint)).await;
    told.map_err(|failure| format!("{}: {failure}", failure.kind()))
}

/// Everything but what is asked of SNS and Lambda, which the emulator is not.
fn asks_dynamodb_alone(function: &Function) -> bool {
    let name = function.name();
    !matches!(function, Function::Relay(_)) && name != "redrive_dead_letter"
}

/// Whether the function starts; if not, why.
async fn start(name: &str, endpoint: &str) -> Result<(), String> {
    let function = Function::named(name).unwrap();
    let base = open::base(function, settings(name, endpoint)).await;
    base.map(drop).map_err(|failure| format!("{}: {failure}", failure.kind()))
}

#[tokio::test]
async fn a_missing_table_is_named_at_the_start() {
    let Some(emulator) = Emulator::start().unwrap() else {
        return emulator::skipped(emulator::NOT_BUILT);
    };
    let endpoint = emulator.endpoint();
    for (name, table) in [
        ("create_wallet", "fintech-wallet"),
        ("process_payment_request", "fintech-wallet"),
        ("update_transaction_status", "fintech-payment"),
        ("say_loan_approvals_again", "fintech-loan"),
        // Where the keys are that tokens are checked with.
        ("get_me", "fintech-operations"),
        ("keep_signing_keys", "fintech-operations"),
    ] {
        let failure = start(name, endpoint).await.unwrap_err();
        assert!(failure.starts_with("CannotStart"), "{failure}");
        assert!(failure.contains(&format!("the table {table}")), "{failure}");
        assert!(failure.contains("ResourceNotFoundException"), "{failure}");
    }
    emulator::create(&emulator.client(), "fintech", &tables(&SERVICES)).await.unwrap();
    for function in Function::all().filter(|function| !matches!(function, Function::Relay(_))) {
        assert_eq!(start(&function.name(), endpoint).await, Ok(()), "{}", function.name());
    }
}

#[tokio::test]
async fn a_topic_that_nobody_told_is_named_at_the_start() {
    for (relay, variable) in
        [("relay_payment", "TOPIC_PAYMENT_EVENTS"), ("relay_loan", "TOPIC_LOAN_EVENTS")]
    {
        // Nothing listens there: it is not even asked.
        let failure = start(relay, "http://127.0.0.1:9").await.unwrap_err();
        assert!(failure.contains(variable), "{failure}");
    }
}

#[tokio::test]
async fn every_right_that_the_manifest_names_can_be_tried() {
    let Some(emulator) = Emulator::start().unwrap() else {
        return emulator::skipped(emulator::NOT_BUILT);
    };
    let endpoint = emulator.endpoint();
    let client = emulator.client();
    let all = tables(&SERVICES);
    emulator::create(&client, "fintech", &all).await.unwrap();
    for function in Function::all().filter(asks_dynamodb_alone) {
        let name = function.name();
        let told = rights(&name, endpoint).await;
        if declared(&name)["denied"].is_array() {
            // The emulator denies nobody anything.
            let told = told.unwrap_err();
            let denied = "are not as they must be: no dynamodb:PutItem on \
                keys_00000000-0000-0000-0000-000000000000 of fintech-operations (it is allowed, and must \
                not be)";
            assert!(told.starts_with("RightsWrong: 1 of ") && told.ends_with(denied), "{told}");
        } else {
            let told = told.unwrap();
            let begins = format!("{{\"function\":\"{name}\",\"rights\":");
            assert!(told.starts_with(&begins), "{told}");
        }
    }
    for table in &all {
        let scanned = client.scan().table_name(table.name("fintech")).send().await.unwrap();
        assert_eq!(scanned.count(), 0, "trying has written into {}", table.service);
    }
    // An index and a table that are gone are named, each with what is not allowed on it.
    client.delete_table().table_name("fintech-loan").send().await.unwrap();
    let told = rights("list_loans", endpoint).await.unwrap_err();
    assert!(told.starts_with("RightsWrong: ") && told.contains(" of list_loans are not"), "{told}");
    for lacking in ["dynamodb:GetItem on fintech-loan", "fintech-loan/index/loan_by_status"] {
        assert!(told.contains(lacking), "{told}");
    }
    client.delete_table().table_name("fintech-operations").send().await.unwrap();
    let told = rights("keep_signing_keys", endpoint).await.unwrap_err();
    let begins = "3 of 3 rights of keep_signing_keys are not as they must be: dynamodb:BatchGetItem on keys_";
    assert!(told.contains(begins), "{told}");
}
