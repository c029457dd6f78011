//! What is done while something goes wrong, by the flows' names. What is there before, and how each ends,
//! stands in `flows`; what goes wrong is not known here.

use serde_json::{Value, json};

use super::flows::{HOLD_SECONDS, apply, credit, on_loan, on_payment, on_wallet, pay, transfer};
use super::world::By::{Operator, Person};
use super::world::World;

pub(super) async fn a_payment(world: &mut World) {
    pay(world, "25.00", "automatic").await;
    world.settle().await;
}

pub(super) async fn a_payment_of_too_much(world: &mut World) {
    pay(world, "100.01", "automatic").await;
    world.settle().await;
}

pub(super) async fn a_payment_from_no_wallet(world: &mut World) {
    a_payment(world).await;
}

/// What they say goes to the relay in one batch.
pub(super) async fn several_payments_at_once(world: &mut World) {
    for amount in ["10.00", "20.00", "30.00"] {
        pay(world, amount, "automatic").await;
    }
    world.settle().await;
}

pub(super) async fn a_hold_captured_in_part(world: &mut World) {
    held_and(world, "capture_payment", "capture", json!({ "amount": "10.00" })).await;
}

pub(super) async fn a_hold_voided(world: &mut World) {
    held_and(world, "void_payment", "void", json!({})).await;
}

async fn held_and(world: &mut World, name: &'static str, what: &str, body: Value) {
    pay(world, "25.00", "manual").await;
    world.settle().await;
    on_payment(world, name, what, body).await;
    world.settle().await;
}

pub(super) async fn a_hold_that_expires(world: &mut World) {
    world.pass(HOLD_SECONDS);
    world.tick("expire_holds").await;
}

pub(super) async fn an_expiry_that_nobody_heard(world: &mut World) {
    world.tick("ask_about_expired_holds").await;
}

pub(super) async fn a_refund(world: &mut World) {
    on_payment(world, "refund_payment", "refund", json!({ "amount": "10.00" })).await;
    world.settle().await;
}

pub(super) async fn a_refund_to_a_closed_wallet(world: &mut World) {
    a_refund(world).await;
}

pub(super) async fn a_loan(world: &mut World) {
    apply(world).await;
    approve(world).await;
}

async fn approve(world: &mut World) {
    on_loan(world, "approve_loan", "approve", json!({})).await;
    world.settle().await;
}

pub(super) async fn a_loan_funded_at_the_second_time(world: &mut World) {
    approve(world).await;
    let most = "90071992547309.92";
    on_wallet(world, "debit_wallet", "debit", json!({ "amount": most })).await;
    approve(world).await;
}

pub(super) async fn a_loan_that_cannot_be_funded(world: &mut World) {
    approve(world).await;
    on_loan(world, "reject_loan", "reject", json!({ "reason": "no wallet" })).await;
    world.settle().await;
}

pub(super) async fn a_rejected_loan(world: &mut World) {
    apply(world).await;
    on_loan(world, "reject_loan", "reject", json!({ "reason": "too much" })).await;
    world.settle().await;
}

pub(super) async fn a_credit_and_a_debit(world: &mut World) {
    credit(world, "3.00").await;
    let path = format!("/wallet/{}/debit", world.wallets[0]);
    world.ask(Person, "debit_wallet", &path, Some(json!({ "amount": "1.50" }))).await;
}

pub(super) async fn a_transfer(world: &mut World) {
    transfer(world).await;
}

pub(super) async fn a_freeze(world: &mut World) {
    on_wallet(world, "freeze_wallet", "freeze", json!({})).await;
    on_wallet(world, "unfreeze_wallet", "unfreeze", json!({})).await;
}

pub(super) async fn a_close(world: &mut World) {
    on_wallet(world, "close_wallet", "close", json!({})).await;
}

pub(super) async fn a_credit_taken_back(world: &mut World) {
    let body = json!({ "amount": "3.00" });
    let credited = on_wallet(world, "credit_wallet", "credit", body).await;
    take_back(world, &credited).await;
}

pub(super) async fn a_transfer_taken_back(world: &mut World) {
    let moved = transfer(world).await;
    take_back(world, &moved).await;
}

async fn take_back(world: &mut World, moved: &Value) {
    let id = moved["transaction"]["transaction_id"].as_str().unwrap();
    let what = format!("transactions/{id}/reverse");
    let body = json!({ "reason": "by mistake" });
    on_wallet(world, "reverse_transaction", &what, body).await;
}

pub(super) async fn a_redrive(world: &mut World) {
    let [letter] = &world.cloud.dead[..] else { panic!("{:?}", world.cloud.dead) };
    world.cloud.insist("keep_dead_letters", &letter.clone()).await;
    let letters = world.ask(Operator, "list_dead_letters", "/dead-letters", None).await;
    let id = letters["items"][0]["dead_letter_id"].as_str().unwrap();
    let path = format!("/dead-letters/{id}/redrive");
    world.ask(Operator, "redrive_dead_letter", &path, Some(json!({}))).await;
    world.settle().await;
}

pub(super) async fn a_payment_said_again(world: &mut World) {
    world.tick("say_payments_again").await;
}

pub(super) async fn a_refund_said_again(world: &mut World) {
    world.tick("say_refunds_again").await;
}

pub(super) async fn a_loan_said_again(world: &mut World) {
    world.tick("say_loan_approvals_again").await;
}

pub(super) async fn what_is_read(world: &mut World) {
    let (wallet, payment) = (world.wallets[0].clone(), world.payments[0].clone());
    let period = "from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    for (name, path) in [
        ("get_me", "/me".to_owned()),
        ("list_wallets", "/wallet".to_owned()),
        ("get_wallet", format!("/wallet/{wallet}?at=2100-01-01T00:00:00Z")),
        ("list_transactions", format!("/wallet/{wallet}/transactions?limit=2")),
        ("get_statement", format!("/wallet/{wallet}/statement?{period}")),
        ("list_payments_by_wallet", format!("/payment/by-wallet/{wallet}")),
        ("get_payment_timeline", format!("/payment/{payment}/timeline")),
        ("get_payment", format!("/payment/{payment}")),
        ("get_loan", format!("/loan/{}", world.loans[0])),
        ("list_loans_by_wallet", format!("/loan/by-wallet/{wallet}")),
    ] {
        world.ask(Person, name, &path, None).await;
    }
    let path = format!("/payment/{payment}/refunds");
    let refunds = world.ask(Person, "list_refunds", &path, None).await;
    let refund = refunds["items"][0]["refund_id"].as_str().unwrap();
    world.ask(Person, "get_refund", &format!("{path}/{refund}"), None).await;
    for (name, path) in [
        ("list_events", format!("/events?subject={payment}")),
        ("list_sagas", "/sagas?state=open".to_owned()),
        ("list_payments", "/payment?status=PENDING".to_owned()),
        ("list_dead_letters", "/dead-letters".to_owned()),
    ] {
        world.ask(Operator, name, &path, None).await;
    }
    for (name, path) in [
        ("get_trial_balance", "/ledger/trial-balance"),
        ("list_audit", "/audit"),
        ("list_loans", "/loan?status=PENDING"),
    ] {
        world.look(name, path).await;
    }
}

pub(super) async fn keys_that_change(world: &mut World) {
    world.publish_key("newer");
    world.tick("keep_signing_keys").await;
}

/// Nothing that was ever written is passed over.
pub(super) async fn the_daily_check(world: &mut World) {
    let report = world.cloud.insist("verify_ledger", &json!({})).await;
    let (transfers, accounts) = world.cloud.streams.written();
    assert_eq!(report["transfers"], transfers, "{report}");
    assert_eq!(report["accounts"], accounts, "{report}");
}
