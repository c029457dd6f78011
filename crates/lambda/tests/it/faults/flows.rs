//! The flows: what is there before, and how each ends. What is done while something goes wrong stands in
//! `play`; what goes wrong is not known here.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::play;
use super::world::By::{Operator, Person};
use super::world::World;

/// A flow.
pub(super) struct Flow {
    pub(super) name: &'static str,
    /// What is done before, while nothing goes wrong.
    pub(super) prepare: for<'a> fn(&'a mut World) -> LocalBoxFuture<'a, ()>,
    pub(super) play: for<'a> fn(&'a mut World) -> LocalBoxFuture<'a, ()>,
    /// Wallets, payments and loans at the end.
    pub(super) end: &'static str,
}

macro_rules! flows {
    ($($name:ident after $prepare:ident => $end:literal,)*) => {
        $(#[test]
        fn $name() {
            let flow = ALL.iter().find(|flow| flow.name == stringify!($name));
            super::check(flow.unwrap());
        })*

        /// Every flow.
        pub(super) const ALL: &[Flow] = &[$(Flow {
            name: stringify!($name),
            prepare: |world| Box::pin($prepare(world)),
            play: |world| Box::pin(play::$name(world)),
            end: $end,
        }),*];
    };
}

flows! {
    a_payment after hundred => "wallet 75.00, payment SUCCESSFUL",
    a_payment_of_too_much after hundred => "wallet 100.00, payment FAILED insufficient-funds",
    a_payment_from_no_wallet after nothing => "payment FAILED wallet-not-found",
    several_payments_at_once after hundred => "wallet 40.00, payment SUCCESSFUL, \
        payment SUCCESSFUL, payment SUCCESSFUL",
    a_hold_captured_in_part after hundred => "wallet 90.00, payment SUCCESSFUL",
    a_hold_voided after hundred => "wallet 100.00, payment VOIDED requested",
    a_hold_that_expires after held => "wallet 100.00, payment VOIDED expired",
    an_expiry_that_nobody_heard after expired_unheard => "wallet 100.00, payment VOIDED expired",
    a_refund after paid => "wallet 85.00, payment SUCCESSFUL 10.00",
    a_refund_to_a_closed_wallet after paid_and_closed => "wallet CLOSED, payment SUCCESSFUL",
    a_loan after hundred => "wallet 600.00, loan APPROVED",
    a_loan_funded_at_the_second_time after full => "wallet 599.99, loan APPROVED",
    a_loan_that_cannot_be_funded after empty_and_closed => "wallet CLOSED, loan REJECTED no wallet",
    a_rejected_loan after hundred => "wallet 100.00, loan REJECTED too much",
    a_credit_and_a_debit after hundred => "wallet 101.50",
    a_transfer after two_wallets => "wallet 70.00, wallet 30.00",
    a_freeze after hundred => "wallet 100.00",
    a_close after empty => "wallet CLOSED",
    a_credit_taken_back after hundred => "wallet 100.00",
    a_transfer_taken_back after two_wallets => "wallet 100.00, wallet",
    a_redrive after a_dead_letter => "wallet 75.00, payment SUCCESSFUL",
    a_payment_said_again after an_unheard_payment => "wallet 75.00, payment SUCCESSFUL",
    a_refund_said_again after an_unheard_refund => "wallet 100.00, payment REFUNDED 25.00",
    a_loan_said_again after an_unheard_loan => "wallet 600.00, loan APPROVED",
    what_is_read after refunded => "wallet 80.00, payment SUCCESSFUL 10.00, payment SUCCESSFUL, \
        loan PENDING",
    keys_that_change after keys => "",
    the_daily_check after long_paid => "wallet 75.00, payment SUCCESSFUL",
}

/// A week, after which a hold is released, and an hour more.
pub(super) const HOLD_SECONDS: u64 = (7 * 24 + 1) * 60 * 60;

async fn nothing(_: &mut World) {}

/// A wallet, opened long ago.
async fn empty(world: &mut World) {
    world.ask(Person, "create_wallet", "/wallet", Some(json!({}))).await;
    world.pass(120);
}

/// A wallet with 100.00 in it.
pub(super) async fn hundred(world: &mut World) {
    empty(world).await;
    credit(world, "100.00").await;
}

/// Two, and 100.00 in the first.
async fn two_wallets(world: &mut World) {
    hundred(world).await;
    empty(world).await;
}

/// A wallet that takes no more, and a loan that somebody applied for.
async fn full(world: &mut World) {
    empty(world).await;
    credit(world, FULL).await;
    apply(world).await;
}

/// The most that a wallet holds.
const FULL: &str = "90071992547409.91";

async fn empty_and_closed(world: &mut World) {
    empty(world).await;
    apply(world).await;
    on_wallet(world, "close_wallet", "close", json!({})).await;
}

/// 25.00 of 100.00 are held.
async fn held(world: &mut World) {
    hundred(world).await;
    pay(world, "25.00", "manual").await;
    world.settle().await;
}

/// It was released, and the payment service does not know.
async fn expired_unheard(world: &mut World) {
    held(world).await;
    world.pass(HOLD_SECONDS);
    world.forget_after("expire_holds").await;
    world.pass(60 * 60);
}

/// 25.00 of 100.00 are paid.
async fn paid(world: &mut World) {
    hundred(world).await;
    pay(world, "25.00", "automatic").await;
    world.settle().await;
}

/// The check looks at what was booked a minute ago.
async fn long_paid(world: &mut World) {
    paid(world).await;
    world.pass(120);
}

async fn paid_and_closed(world: &mut World) {
    hundred(world).await;
    pay(world, "100.00", "automatic").await;
    world.settle().await;
    on_wallet(world, "close_wallet", "close", json!({})).await;
}

/// Of each list two or more, and a loan.
async fn refunded(world: &mut World) {
    paid(world).await;
    apply(world).await;
    pay(world, "5.00", "automatic").await;
    for amount in ["4.00", "6.00"] {
        on_payment(world, "refund_payment", "refund", json!({ "amount": amount })).await;
    }
    world.settle().await;
}

/// The provider of sign-in has some keys, and they are kept.
async fn keys(world: &mut World) {
    world.publish_key("former");
    world.tick("keep_signing_keys").await;
}

/// A payment that was asked for while the function that hears it was down.
async fn a_dead_letter(world: &mut World) {
    hundred(world).await;
    world.cloud.down = Some("process_payment_request");
    pay(world, "25.00", "automatic").await;
    world.settle().await;
    world.cloud.down = None;
}

/// What it said is gone for ever.
async fn an_unheard_payment(world: &mut World) {
    hundred(world).await;
    pay(world, "25.00", "automatic").await;
    world.forget().await;
    world.pass(61);
}

async fn an_unheard_refund(world: &mut World) {
    paid(world).await;
    on_payment(world, "refund_payment", "refund", json!({})).await;
    world.forget().await;
    world.pass(61);
}

async fn an_unheard_loan(world: &mut World) {
    hundred(world).await;
    apply(world).await;
    on_loan(world, "approve_loan", "approve", json!({})).await;
    world.forget().await;
    world.pass(61);
}

pub(super) async fn credit(world: &mut World, amount: &str) {
    on_wallet(world, "credit_wallet", "credit", json!({ "amount": amount })).await;
}

/// An operator does something with the first wallet.
pub(super) async fn on_wallet(
    world: &mut World,
    name: &'static str,
    what: &str,
    body: Value,
) -> Value {
    let path = format!("/wallet/{}/{what}", world.wallets[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

pub(super) async fn on_payment(
    world: &mut World,
    name: &'static str,
    what: &str,
    body: Value,
) -> Value {
    let path = format!("/payment/{}/{what}", world.payments[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

pub(super) async fn on_loan(
    world: &mut World,
    name: &'static str,
    what: &str,
    body: Value,
) -> Value {
    let path = format!("/loan/{}/{what}", world.loans[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

pub(super) async fn pay(world: &mut World, amount: &str, capture: &str) {
    let nobodys = "wal_00000000-0000-7000-8000-000000000000";
    let wallet_id = world.wallets.first().map_or(nobodys, String::as_str);
    let body = json!({
        "wallet_id": wallet_id, "merchant_id": "books", "amount": amount, "capture": capture,
    });
    world.ask(Person, "request_payment", "/payment", Some(body)).await;
}

pub(super) async fn apply(world: &mut World) {
    let wallet_id = &world.wallets[0];
    let body = json!({ "wallet_id": wallet_id, "amount": "500.00", "loan_term_months": 12 });
    world.ask(Person, "apply_for_loan", "/loan", Some(body)).await;
}

pub(super) async fn transfer(world: &mut World) -> Value {
    let path = format!("/wallet/{}/transfer", world.wallets[0]);
    let body = json!({ "to_wallet_id": world.wallets[1], "amount": "30.00" });
    world.ask(Person, "transfer", &path, Some(body)).await
}
