//! The check of the whole reads each table once, whatever lies in it, in the pages that the table has.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use kernel::Role;
use kernel::event::Capture;
use operations::verify::{Moment, verify_as_of};
use parking_lot::Mutex;
use payment::decide::RequestPayment;
use store_dynamodb::Observer;
use wallet::decide::Transfer;

use crate::scene::{Scene, caller, movement, over_dynamodb, payment};

/// Requests and read units by operation and table.
type Counts = BTreeMap<(&'static str, String), (u64, f64)>;

#[derive(Default)]
struct Counter(Mutex<Counts>);

impl Observer for Counter {
    fn used(&self, operation: &'static str, capacity: &ConsumedCapacity) {
        let table = capacity.table_name().unwrap().split('-').next_back().unwrap().to_owned();
        let mut counts = self.0.lock();
        let (requests, units) = counts.entry((operation, table)).or_default();
        *requests += 1;
        *units += capacity.capacity_units().unwrap();
    }
}

/// So many segments has a table.
const SEGMENTS: i32 = 8;

/// Every kind of record of the wallet and payment services, and several of most.
async fn some_of_everything(scene: &Scene) {
    for number in 0..30 {
        let owner = format!("owner-{number}");
        let (from, to) = (scene.wallet(&owner, 10_000).await, scene.wallet("bob", 1).await);
        let movement = movement(&owner, Role::Customer, from, 500);
        scene.decide(Transfer { movement, to_wallet_id: to }).await.unwrap();
        let by_owner = caller(&owner, Role::Customer);
        for capture in [Capture::Automatic, Capture::Manual] {
            let asked =
                RequestPayment { capture, caller: by_owner.clone(), ..payment(from, 2_550) };
            let payment_id = scene.decide(asked).await.unwrap().payment_id;
            scene.relay(&scene.payment(payment_id).await).await;
            scene.relay(&scene.head(from).await).await;
        }
    }
}

async fn read_once(scene: Scene, counter: Arc<Counter>) {
    some_of_everything(&scene).await;
    // What one reading of each table takes, asked for without the store.
    let mut expected = BTreeMap::new();
    for table in ["wallet", "payment", "loan"] {
        expected.insert(("Scan", table.to_owned()), scene.read_whole(table, SEGMENTS).await);
    }
    counter.0.lock().clear();
    // All of it has settled two minutes later.
    let moment = Moment::before(scene.store.now().plus(Duration::from_secs(120)));
    let (report, _) = verify_as_of(&**scene.store.port(), moment, &mut |_| {}).await.unwrap();
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!(report.transfers, 30 * 4, "two credits, one transfer, one payment each");
    assert_eq!(*counter.0.lock(), expected);
}

#[test]
fn the_check_of_the_whole_reads_each_table_once() {
    let counter = Arc::new(Counter::default());
    let observer: Arc<dyn Observer> = counter.clone();
    over_dynamodb(Some(observer), |scene| read_once(scene, counter));
}
