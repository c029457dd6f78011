//! The flows: what is there before, what is done while something goes wrong, and how it ends. What goes
//! wrong is not known here.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

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
            super::check(&Flow {
                name: stringify!($name),
                prepare: |world| Box::pin($prepare(world)),
                play: |world| Box::pin(play::$name(world)),
                end: $end,
            });
        })*
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
    what_is_read after refunded => "wallet 80.00, payment SUCCESSFUL 10.00, payment SUCCESSFUL",
    the_daily_check after paid => "wallet 75.00, payment SUCCESSFUL",
}

/// A week, after which a hold is released, and an hour more.
const HOLD_SECONDS: u64 = (7 * 24 + 1) * 60 * 60;

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

async fn paid_and_closed(world: &mut World) {
    hundred(world).await;
    pay(world, "100.00", "automatic").await;
    world.settle().await;
    on_wallet(world, "close_wallet", "close", json!({})).await;
}

/// Of each list two or more.
async fn refunded(world: &mut World) {
    paid(world).await;
    pay(world, "5.00", "automatic").await;
    for amount in ["4.00", "6.00"] {
        on_payment(world, "refund_payment", "refund", json!({ "amount": amount })).await;
    }
    world.settle().await;
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

async fn credit(world: &mut World, amount: &str) {
    on_wallet(world, "credit_wallet", "credit", json!({ "amount": amount })).await;
}

/// An operator does something with the first wallet.
async fn on_wallet(world: &mut World, name: &'static str, what: &str, body: Value) -> Value {
    let path = format!("/wallet/{}/{what}", world.wallets[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

async fn on_payment(world: &mut World, name: &'static str, what: &str, body: Value) -> Value {
    let path = format!("/payment/{}/{what}", world.payments[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

async fn on_loan(world: &mut World, name: &'static str, what: &str, body: Value) -> Value {
    let path = format!("/loan/{}/{what}", world.loans[0]);
    world.ask(Operator, name, &path, Some(body)).await
}

async fn pay(world: &mut World, amount: &str, capture: &str) {
    let nobodys = "wal_00000000-0000-7000-8000-000000000000";
    let wallet_id = world.wallets.first().map_or(nobodys, String::as_str);
    let body = json!({
        "wallet_id": wallet_id, "merchant_id": "books", "amount": amount, "capture": capture,
    });
    world.ask(Person, "request_payment", "/payment", Some(body)).await;
}

async fn apply(world: &mut World) {
    let wallet_id = &world.wallets[0];
    let body = json!({ "wallet_id": wallet_id, "amount": "500.00", "loan_term_months": 12 });
    world.ask(Person, "apply_for_loan", "/loan", Some(body)).await;
}

async fn transfer(world: &mut World) -> Value {
    let path = format!("/wallet/{}/transfer", world.wallets[0]);
    let body = json!({ "to_wallet_id": world.wallets[1], "amount": "30.00" });
    world.ask(Person, "transfer", &path, Some(body)).await
}

/// What is done, by the flows' names.
mod play {
    use super::*;

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
            ("list_wallets", "/wallet".to_owned()),
            ("get_wallet", format!("/wallet/{wallet}?at=2100-01-01T00:00:00Z")),
            ("list_transactions", format!("/wallet/{wallet}/transactions?limit=2")),
            ("get_statement", format!("/wallet/{wallet}/statement?{period}")),
            ("list_payments_by_wallet", format!("/payment/by-wallet/{wallet}")),
            ("get_payment_timeline", format!("/payment/{payment}/timeline")),
            ("list_refunds", format!("/payment/{payment}/refunds")),
            ("list_loans_by_wallet", format!("/loan/by-wallet/{wallet}")),
        ] {
            world.ask(Person, name, &path, None).await;
        }
        for (name, path) in [
            ("list_events", format!("/events?subject={payment}")),
            ("list_sagas", "/sagas?state=open".to_owned()),
            ("list_payments", "/payment?status=PENDING".to_owned()),
            ("list_dead_letters", "/dead-letters".to_owned()),
        ] {
            world.ask(Operator, name, &path, None).await;
        }
    }

    pub(super) async fn the_daily_check(world: &mut World) {
        world.cloud.insist("verify_ledger", &json!({})).await;
    }
}
