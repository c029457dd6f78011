//! What sagas cost, as the emulator counts it and as the size of the items says: a write unit for each
//! begun kilobyte, doubled in a transaction.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use kernel::Role;
use kernel::text::{Description, MerchantId, Reference};
use parking_lot::Mutex;
use payment::decide::RequestPayment;
use store_dynamodb::Observer;
use store_dynamodb::emulator::size;
use wallet::decide::Transfer;

use crate::scene::{Scene, caller, movement, over_dynamodb, payment};

/// Write units by what they were used for.
#[derive(Default)]
struct Counter(Mutex<BTreeMap<String, f64>>);

const WRITES: [&str; 2] = ["PutItem", "TransactWriteItems"];

impl Observer for Counter {
    fn used(&self, operation: &'static str, capacity: &ConsumedCapacity) {
        if !WRITES.contains(&operation) {
            return;
        }
        let mut units = self.0.lock();
        let mut add = |name: String, capacity: f64| *units.entry(name).or_default() += capacity;
        let table = capacity.table_name().unwrap().split('-').next_back().unwrap();
        let mut of_table = capacity.capacity_units().unwrap();
        for indexes in [capacity.local_secondary_indexes(), capacity.global_secondary_indexes()] {
            for (name, capacity) in indexes.into_iter().flatten() {
                let units = capacity.capacity_units().unwrap();
                of_table -= units;
                add(format!("index {name}"), units);
            }
        }
        add(format!("table {table}"), of_table);
    }
}

impl Counter {
    /// What was used since it was last asked, by tables and by indexes.
    fn take(&self, what: &str) -> (f64, f64) {
        let units = std::mem::take(&mut *self.0.lock());
        let sum = |word: &str| -> f64 {
            units.iter().filter(|(name, _)| name.starts_with(word)).map(|(_, units)| units).sum()
        };
        let (tables, indexes) = (sum("table"), sum("index"));
        println!("{what}: {tables} write units on tables, {indexes} on indexes");
        for (name, units) in units.iter().filter(|(_, units)| **units > 0.0) {
            println!("  {name}: {units}");
        }
        (tables, indexes)
    }
}

async fn a_payment(scene: Scene, counter: Arc<Counter>) {
    let wallet_id = scene.wallet("alice", 10_000).await;
    counter.take("a wallet, and money in it");
    let payment_id = scene.pay(wallet_id, 2_550).await;
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(wallet_id).await).await;
    assert_eq!(scene.payment(payment_id).await.version, 2);
    assert_eq!(counter.take("a successful payment"), (3.0, 3.0));
}

/// With every word that a caller may add, each as long as people write them.
async fn sizes(scene: Scene, counter: Arc<Counter>) {
    let owner = "5ebf32cf-0b31-4d5e-9f1c-6f6f2c5b9a11";
    let wallet_id = scene.wallet(owner, 10_000).await;
    counter.take("a wallet, and money in it");
    let words = "sixty-four characters are what most people ever write down here";
    let payment_id = scene
        .decide(RequestPayment {
            merchant_id: MerchantId::new("merchant_0001_with_a_long_name").unwrap(),
            description: Some(Description::new(words).unwrap()),
            reference: Some(Reference::new("order-2026-01-31-000123456789").unwrap()),
            caller: caller(owner, Role::Customer),
            ..payment(wallet_id, 2_550)
        })
        .await
        .unwrap()
        .payment_id;
    let requested = size(&scene.item("payment", payment_id, 0).await);
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(wallet_id).await).await;
    let booked = size(&scene.item("wallet", wallet_id, 2).await);
    let paid = size(&scene.item("payment", payment_id, 0).await);
    println!("bytes of a payment {requested}, of its entry {booked}, of the payment paid {paid}");
    let units = [requested, booked, paid].map(|bytes| bytes.div_ceil(1_024));
    assert_eq!(units, [1, 1, 1]);
    assert_eq!(counter.take("a payment with long words"), (3.0, 3.0), "as the sizes say");
}

async fn a_transfer(scene: Scene, counter: Arc<Counter>) {
    let (from, to) = (scene.wallet("alice", 10_000).await, scene.wallet("bob", 1).await);
    counter.take("two wallets, and money in them");
    let movement = movement("alice", Role::Customer, from, 500);
    scene.decide(Transfer { movement, to_wallet_id: to }).await.unwrap();
    let (tables, _) = counter.take("a transfer between wallets");
    assert!((tables - 4.0).abs() < f64::EPSILON, "{tables}");
}

#[test]
fn a_payment_costs_three_units_and_three_on_indexes() {
    let counter = Arc::new(Counter::default());
    let observer: Arc<dyn Observer> = counter.clone();
    over_dynamodb(Some(observer), |scene| a_payment(scene, counter));
}

#[test]
fn items_of_a_payment_stay_below_a_kilobyte() {
    let counter = Arc::new(Counter::default());
    let observer: Arc<dyn Observer> = counter.clone();
    over_dynamodb(Some(observer), |scene| sizes(scene, counter));
}

#[test]
fn a_transfer_costs_four_units() {
    let counter = Arc::new(Counter::default());
    let observer: Arc<dyn Observer> = counter.clone();
    over_dynamodb(Some(observer), |scene| a_transfer(scene, counter));
}
