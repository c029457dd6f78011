//! A write whose answer does not come, in a table that may not be read any more: nobody is told that
//! nothing was done.

use serde_json::{Value, json};

use super::cloud::NEVER;
use super::world::World;
use crate::functions::{by_operator, request};

/// A world with a wallet of 100.00, and an operator who credits it.
async fn crediting(world: &mut World) -> Value {
    world.begin();
    super::flows::hundred(world).await;
    let path = format!("/v1/wallet/{}/credit", world.wallets[0]);
    by_operator(request("POST", &path, Some(&json!({ "amount": "25.00" }))))
}

#[test]
fn a_lost_write_that_cannot_be_looked_for_has_an_unknown_outcome() {
    super::over_dynamodb(NEVER, async |mut world| {
        let event = crediting(&mut world).await;
        world.cloud.proxy.cut_the_answer_and_then_deny("TransactWriteItems");
        let answer = world.cloud.invoke("credit_wallet", &event, 0).await.unwrap();
        assert_eq!(answer["statusCode"], 503, "{answer}");
        let body = answer["body"].as_str().unwrap();
        assert!(body.contains("outcome-unknown"), "{body}");
        assert_eq!(world.outcome().await.line, "wallet 125.00", "it was done");
    });
}
