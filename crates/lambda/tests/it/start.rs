//! What a function says when it cannot start, and that it starts where everything is there.

use lambda::{Function, SERVICES, Settings, open};
use store_dynamodb::emulator::{self, Emulator};
use store_dynamodb::tables::tables;

/// Settings of a function that reaches DynamoDB there.
fn settings(function: &str, endpoint: &str) -> Settings {
    let settings = Settings::read(&|name| {
        let value = match name {
            "_HANDLER" => function.to_owned(),
            "TABLE_PREFIX" => "fintech".to_owned(),
            "CURSOR_KEY" => "00".repeat(32),
            "TOKEN_ISSUER" => {
                "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC".to_owned()
            }
            "TOKEN_CLIENTS" => "people,services".to_owned(),
            "AWS_REGION" => "us-east-1".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test".to_owned(),
            "AWS_ENDPOINT_URL" => endpoint.to_owned(),
            _ => return None,
        };
        Some(value)
    });
    settings.unwrap()
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
        println!("skipped: the emulator of DynamoDB is not built, see `make emulator`");
        return;
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
