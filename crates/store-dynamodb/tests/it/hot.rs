//! What one wallet bears that many want at once: all of it is booked, each once; how long that takes and
//! how often they were in each other's way is printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use kernel::Role;
use store_dynamodb::Observer;
use wallet::decide::Debit;

use crate::scene::{Scene, movement, over_dynamodb};

const CALLERS: usize = 64;

#[derive(Default)]
struct Conflicts(AtomicUsize);

impl Observer for Conflicts {
    fn conflict(&self, _: &'static str) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn many_at_once(scene: Scene, conflicts: Arc<Conflicts>) {
    let wallet_id = scene.wallet("alice", 100_000).await;
    let begun = Instant::now();
    let debits = (0..CALLERS).map(|_| async {
        let movement = movement("alice", Role::Customer, wallet_id, 100);
        scene.decide(Debit(movement)).await.unwrap()
    });
    let mut sequences: Vec<_> = join_all(debits).await.iter().map(|entry| entry.sequence).collect();
    let took = begun.elapsed();
    sequences.sort_unstable();
    let all: Vec<_> = (2..).take(CALLERS).collect();
    assert_eq!(sequences, all, "each has an entry of its own");
    assert_eq!(scene.head(wallet_id).await.balance_after, 100_000 - 64 * 100);
    let beaten = conflicts.0.load(Ordering::SeqCst);
    println!("{CALLERS} debits of one wallet at once: {took:?}, {beaten} writes came too late");
    assert!(beaten > 0, "nobody was in anybody's way, so this shows nothing");
}

#[test]
fn a_hot_wallet_bears_many_at_once() {
    let conflicts = Arc::new(Conflicts::default());
    let observer: Arc<dyn Observer> = conflicts.clone();
    over_dynamodb(Some(observer), |scene| many_at_once(scene, conflicts));
}
