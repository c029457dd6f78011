//! Each request of whole sagas fails once, in each way: the end is always the same, and no money is
//! made or lost.

use kernel::{Context, CorrelationId, Role, StoreError};
use payment::records::PaymentStatus;
use wallet::decide::{Credit, Transfer};

use crate::proxy::Fault;
use crate::scene::{Scene, movement, over_dynamodb, over_proxy};

/// A wallet is opened and filled, a payment is asked for, paid and noted; then money goes to another.
async fn everything(scene: &Scene) -> String {
    let (alice, bob) = (scene.wallet("alice", 10_000).await, scene.wallet("bob", 100).await);
    let payment_id = scene.pay(alice, 2_550).await;
    scene.relay(&scene.payment(payment_id).await).await;
    scene.relay(&scene.head(alice).await).await;
    let movement = movement("alice", Role::Customer, alice, 450);
    scene.decide(Transfer { movement, to_wallet_id: bob }).await.unwrap();
    let paid = scene.payment(payment_id).await;
    assert_eq!(paid.status, PaymentStatus::Successful);
    let (alice, bob) = (scene.head(alice).await, scene.head(bob).await);
    format!(
        "alice {} at {}, bob {} at {}, payment version {}",
        alice.balance_after, alice.sequence, bob.balance_after, bob.sequence, paid.version
    )
}

const END: &str = "alice 7000 at 3, bob 550 at 2, payment version 2";

async fn without_faults(scene: Scene) {
    assert_eq!(everything(&scene).await, END);
}

fn fails_once(fault: Fault) {
    let mut number = 0;
    loop {
        let mut came = None;
        over_proxy(async |scene: Scene, proxy: &crate::proxy::Proxy| {
            proxy.fail(number, fault);
            assert_eq!(everything(&scene).await, END, "{fault:?} of request {number}");
            came = Some(proxy.came());
        });
        let Some(came) = came else { return };
        if number >= came {
            println!("{fault:?}: each of {came} requests");
            assert!(came > 15, "{came} requests are too few to have been all");
            return;
        }
        number += 1;
    }
}

/// What an operator does leaves a line of the audit list, a kind of record that lies in every table. The
/// function that does it may touch its own table alone.
#[test]
fn an_operators_lost_answer_is_found_in_the_table_that_he_may_read() {
    let mut number = 0;
    loop {
        let mut came = None;
        over_proxy(async |scene: Scene, proxy: &crate::proxy::Proxy| {
            let alice = scene.wallet("alice", 100).await;
            proxy.fail(number, Fault::AnswerCut);
            proxy.allow_only("wallet");
            let movement = movement("root", Role::Operator, alice, 25);
            scene.decide(Credit(movement)).await.unwrap();
            came = Some(proxy.came());
            let head = scene.head(alice).await;
            assert_eq!((head.balance_after, head.sequence), (125, 2), "request {number}");
        });
        let Some(came) = came else { return };
        if number >= came {
            assert!(came > 1, "{came} requests are too few to have been all");
            return;
        }
        number += 1;
    }
}

/// Where a lost write cannot be looked for, nobody is told that nothing was done.
#[test]
fn a_lost_write_that_cannot_be_looked_for_has_an_unknown_outcome() {
    over_proxy(async |scene: Scene, proxy: &crate::proxy::Proxy| {
        let alice = scene.wallet("alice", 100).await;
        proxy.cut_the_answer_and_then_deny("PutItem");
        let credit = Credit(movement("alice", Role::Customer, alice, 25));
        let context = Context::request(CorrelationId(7), None);
        let told = scene.store.decide(credit, context).await;
        assert!(matches!(told, Err(StoreError::OutcomeUnknown(_))), "{told:?}");
    });
}

#[test]
fn nothing_fails() {
    over_dynamodb(None, without_faults);
}

#[test]
fn each_answer_is_cut_once() {
    fails_once(Fault::AnswerCut);
}

#[test]
fn each_request_is_lost_once() {
    fails_once(Fault::NeverArrives);
}

#[test]
fn each_request_fails_after_it_was_done() {
    fails_once(Fault::FailsAfterwards);
}

#[test]
fn each_request_is_throttled_once() {
    fails_once(Fault::Throttled);
}

#[test]
fn each_request_meets_a_transaction_once() {
    fails_once(Fault::Conflict);
}
