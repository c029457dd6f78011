//! Whole sagas, step by step, over the emulator.

use kernel::{Envelope, EventKind};
use payment::records::PaymentStatus;

use crate::scene::{Scene, over_dynamodb};

async fn a_payment(scene: Scene) {
    let wallet_id = scene.wallet("alice", 10_000).await;
    let payment_id = scene.pay(wallet_id, 2_550).await;
    let requested = scene.payment(payment_id).await;
    assert_eq!((requested.status, requested.version), (PaymentStatus::Pending, 1));
    scene.relay(&requested).await;
    let head = scene.head(wallet_id).await;
    assert_eq!((head.balance_after, head.sequence), (7_450, 2));
    let said: Vec<_> = head.said.iter().map(|said| said.kind).collect();
    assert_eq!(said, [EventKind::PaymentSuccessful]);
    scene.relay(&head).await;
    let paid = scene.payment(payment_id).await;
    assert_eq!((paid.status, paid.version), (PaymentStatus::Successful, 2));
}

async fn a_refused_payment(scene: Scene) {
    let wallet_id = scene.wallet("alice", 100).await;
    let payment_id = scene.pay(wallet_id, 2_550).await;
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(wallet_id).await).await;
    let failed = scene.payment(payment_id).await;
    assert_eq!(failed.status, PaymentStatus::Failed);
    assert_eq!(failed.reason.as_ref().unwrap().as_str(), "insufficient-funds");
    assert_eq!(scene.head(wallet_id).await.balance_after, 100);
}

async fn everything_heard_again(scene: Scene) {
    let wallet_id = scene.wallet("alice", 10_000).await;
    let payment_id = scene.pay(wallet_id, 2_550).await;
    let requested = scene.payment(payment_id).await;
    for _ in 0..3 {
        scene.relay(&requested).await;
    }
    let head = scene.head(wallet_id).await;
    assert_eq!((head.balance_after, head.sequence, head.version), (7_450, 2, 3));
    let first = Envelope::build(&*head.record, &head.said[0]).unwrap();
    for _ in 0..3 {
        scene.hear(&first).await;
    }
    assert_eq!(scene.payment(payment_id).await.version, 2);
}

#[test]
fn a_payment_is_paid() {
    over_dynamodb(None, a_payment);
}

#[test]
fn a_payment_of_too_much_fails() {
    over_dynamodb(None, a_refused_payment);
}

#[test]
fn what_is_heard_again_happens_once() {
    over_dynamodb(None, everything_heard_again);
}
