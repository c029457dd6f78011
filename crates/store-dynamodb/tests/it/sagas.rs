//! Whole sagas, step by step, over the emulator.

use std::time::Duration;

use kernel::saga::SayAgain;
use kernel::{Envelope, EventKind, Key, PaymentId, Record, Said};
use payment::records::{Payment, PaymentStatus};
use store_dynamodb::tables::SAYS;

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

/// The types of what a payment said before its newest version, and of what that says.
async fn said(scene: &Scene, payment_id: PaymentId) -> (Vec<EventKind>, Vec<EventKind>) {
    let stored = scene.store.port().get(Payment::KIND, Key::id(payment_id)).await.unwrap().unwrap();
    let kinds = |said: &[Said]| said.iter().map(|said| said.kind).collect();
    (kinds(&stored.said_before), kinds(&stored.said))
}

async fn what_was_said(scene: Scene) {
    let wallet_id = scene.wallet("alice", 10_000).await;
    let requested = [EventKind::PaymentRequested].to_vec();
    let payment_id = scene.pay(wallet_id, 2_550).await;
    assert_eq!(said(&scene, payment_id).await, (Vec::new(), requested.clone()));
    scene.clock.pass(Duration::from_secs(3_600));
    assert!(scene.decide(SayAgain::<Payment>::of(payment_id)).await);
    assert_eq!(said(&scene, payment_id).await, (Vec::new(), requested.clone()), "said again");
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(wallet_id).await).await;
    assert_eq!(said(&scene, payment_id).await, (requested, Vec::new()));
    let item = scene.item("payment", payment_id, 0).await;
    assert!(!item.contains_key(SAYS), "a stream would show it to a relay");
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
fn what_former_versions_said_stays_in_the_record() {
    over_dynamodb(None, what_was_said);
}

#[test]
fn a_payment_of_too_much_fails() {
    over_dynamodb(None, a_refused_payment);
}

#[test]
fn what_is_heard_again_happens_once() {
    over_dynamodb(None, everything_heard_again);
}
