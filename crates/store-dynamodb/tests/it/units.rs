//! What sagas cost, as the emulator counts it and as the size of the items says: a write unit for each
//! begun kilobyte, doubled in a transaction.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use kernel::record::Hash32;
use kernel::request::RequestKey;
use kernel::text::{Description, MerchantId, Reference};
use kernel::{Context, CorrelationId, Role};
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

/// What a caller may add to a payment.
struct Added {
    description: String,
    reference: String,
    merchant: String,
    /// Whether by an Idempotency-Key, and with a traceparent.
    is_keyed_and_traced: bool,
}

/// Bytes of a payment when it is asked for, of its entry, and of the payment when it is paid.
async fn bytes(scene: &Scene, counter: &Counter, added: &Added) -> [usize; 3] {
    let owner = "5ebf32cf-0b31-4d5e-9f1c-6f6f2c5b9a11";
    let wallet_id = scene.wallet(owner, 10_000).await;
    counter.take("a wallet, and money in it");
    let by = caller(owner, Role::Customer);
    let key = RequestKey::new(&by.sub, &["request_payment"], &added.description, Hash32([7; 32]));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
    let asked = RequestPayment {
        merchant_id: MerchantId::new(&added.merchant).unwrap(),
        description: Some(Description::new(&added.description).unwrap()),
        reference: Some(Reference::new(&added.reference).unwrap()),
        caller: by,
        key: added.is_keyed_and_traced.then_some(key),
        ..payment(wallet_id, 2_550)
    };
    let trace = added.is_keyed_and_traced.then_some(trace);
    let context = Context::request(CorrelationId(u128::MAX / 3), trace);
    let payment_id = scene.store.decide(asked, context).await.unwrap().unwrap().payment_id;
    let requested = size(&scene.item("payment", payment_id, 0).await);
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(wallet_id).await).await;
    let booked = size(&scene.item("wallet", wallet_id, 2).await);
    let paid = size(&scene.item("payment", payment_id, 0).await);
    [requested, booked, paid]
}

/// With every word that a caller may add: as long as people write them, as long as they may be, and
/// that in letters of four bytes.
async fn sizes(scene: Scene, counter: Arc<Counter>) {
    let merchant = "merchant_0001_with_a_long_name".to_owned();
    let words = "sixty-four characters are what most people ever write down here".to_owned();
    let usual = "order-2026-01-31-000123456789".to_owned();
    let (longest, all) = (|letter: &str| letter.repeat(64), |letter: &str| letter.repeat(256));
    let added = |description: &str, reference: &str, merchant: &str, is_keyed_and_traced| Added {
        description: description.to_owned(),
        reference: reference.to_owned(),
        merchant: merchant.to_owned(),
        is_keyed_and_traced,
    };
    for (what, added, units) in [
        ("long words", added(&words, &usual, &merchant, false), [1, 1, 1]),
        ("a key, a trace, 64 in each", added(&words, &longest("r"), &merchant, true), [1, 1, 1]),
        ("the longest of all", added(&all("d"), &longest("r"), &longest("m"), true), [2, 2, 2]),
        (
            "and of four bytes",
            added(&all("\u{1f600}"), &longest("\u{1f600}"), &longest("m"), true),
            [3, 2, 3],
        ),
    ] {
        let bytes = bytes(&scene, &counter, &added).await;
        let [requested, booked, paid] = bytes;
        println!("{what}: a payment of {requested} bytes, its entry {booked}, when paid {paid}");
        assert_eq!(bytes.map(|bytes| bytes.div_ceil(1_024)), units, "{what}: {bytes:?}");
        let on_tables = f64::from(u32::try_from(units.iter().sum::<usize>()).unwrap());
        assert_eq!(counter.take(what), (on_tables, 3.0), "as the sizes say");
    }
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
fn items_of_a_payment_stay_below_a_kilobyte_with_all_that_people_usually_add() {
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
