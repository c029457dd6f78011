//! A hot wallet: many want it at once, and its partition takes no more than half of the writes that
//! come. All of them are booked, each once; how many writes that takes is printed. DynamoDB ends at 1,000
//! writes a second for a partition, those counted that came too late.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kernel::Time;
use serde_json::{Value, json};

use super::cloud::NEVER;
use super::world::World;
use crate::functions::{by_person, request};

const CALLERS: usize = 16;

/// So many debits of a wallet; gives back how many writes they took.
async fn debits(world: &mut World, are_at_once: bool) -> usize {
    let path = format!("/v1/wallet/{}/debit", world.wallets[0]);
    let handler = world.cloud.handler("debit_wallet");
    let (person, before) = (world.person(), world.cloud.proxy.writes());
    let debits = (0..CALLERS).map(|number| {
        let body = json!({ "amount": "1.00", "reference": number.to_string() });
        let mut event = by_person(&person, request("POST", &path, Some(&body)));
        event["headers"]["idempotency-key"] = json!(format!("{are_at_once}-{number}"));
        let handler = handler.clone();
        async move {
            let answer = handler.handle(&event.to_string(), Time::MAX).await.unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["statusCode"], 200, "{answer}");
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            body["transaction"]["sequence"].as_u64().unwrap()
        }
    });
    let places: BTreeSet<u64> = if are_at_once {
        join_all(debits).await.into_iter().collect()
    } else {
        let mut places = BTreeSet::new();
        for debit in debits {
            places.insert(debit.await);
        }
        places
    };
    assert_eq!(places.len(), CALLERS, "each has an entry of its own");
    world.cloud.proxy.writes() - before
}

#[test]
fn a_hot_wallet_bears_conflicts_and_throttles_at_once() {
    super::over_dynamodb(NEVER, async |mut world| {
        world.begin();
        super::flows::hundred(&mut world).await;
        world.cloud.proxy.get_hot();
        let in_turn = debits(&mut world, false).await;
        assert!(in_turn <= 2 * CALLERS, "every second write was throttled, no more");
        let at_once = debits(&mut world, true).await;
        assert!(at_once > 2 * CALLERS, "nobody was in anybody's way, so this shows nothing");
        println!(
            "{CALLERS} debits, every second write throttled: {in_turn} writes in turn, {at_once} at once"
        );
        assert_eq!(world.outcome().await.line, "wallet 68.00");
        world.verify().await;
    });
}
