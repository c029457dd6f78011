//! The rules of money in a wallet, one line for each way an operation can end.

use kernel::money::MINOR_MAX;
use kernel::record::Shard;
use kernel::text::MerchantId;
use kernel::{Amount, Balance, CorrelationId, Currency, Id, PaymentId, Time, WalletId};
use wallet::decide::{Wallet, WalletRefused, rules};
use wallet::records::{Hold, HoldState, WalletStatus};

/// A wallet in short words: `ACTIVE 100/40` has 100, of which 40 are held.
fn wallet(text: &str) -> Wallet {
    let (status, money) = text.split_once(' ').unwrap();
    let (balance, held) = money.split_once('/').unwrap();
    let usd = |minor: &str| Balance::from_minor(minor.parse().unwrap(), Currency::USD).unwrap();
    Wallet {
        wallet_id: WalletId::from_uuid(1),
        status: WalletStatus::from_text(status).unwrap(),
        balance: usd(balance),
        held: usd(held),
    }
}

fn short(outcome: Result<Wallet, WalletRefused>) -> String {
    match outcome {
        Ok(Wallet { status, balance, held, .. }) => {
            format!("{} {}/{}", status.text(), balance.minor(), held.minor())
        }
        Err(WalletRefused::InsufficientFunds { available, .. }) => {
            format!("insufficient-funds, {} available", available.minor())
        }
        Err(refused) => refused.slug().to_owned(),
    }
}

type Rule = fn(&Wallet, Amount) -> Result<Wallet, WalletRefused>;

fn check(rule: Rule, before: &str, minor: u64, expected: &str) {
    check_in(Currency::USD, rule, before, minor, expected);
}

fn check_in(currency: Currency, rule: Rule, before: &str, minor: u64, expected: &str) {
    let amount = Amount::from_minor(minor, currency).unwrap();
    assert_eq!(short(rule(&wallet(before), amount)), expected, "{before} and {minor}");
}

#[test]
fn every_way_a_credit_can_end() {
    check(rules::credit, "ACTIVE 0/0", 1, "ACTIVE 1/0");
    check(rules::credit, "ACTIVE 100/40", 50, "ACTIVE 150/40");
    check(rules::credit, "FROZEN 100/0", 50, "FROZEN 150/0");
    check(rules::credit, "ACTIVE 0/0", MINOR_MAX, "ACTIVE 9007199254740991/0");
    check(rules::credit, "ACTIVE 9007199254740991/0", 1, "balance-limit");
    check(rules::credit, "FROZEN 1/0", MINOR_MAX, "balance-limit");
    check(rules::credit, "CLOSED 0/0", 50, "wallet-closed");
    let jpy = "JPY".parse().unwrap();
    check_in(jpy, rules::credit, "ACTIVE 1/0", MINOR_MAX, "currency-mismatch");
    check_in(jpy, rules::credit, "CLOSED 0/0", 1, "wallet-closed");
}

#[test]
fn every_way_a_debit_can_end() {
    check(rules::debit, "ACTIVE 100/0", 100, "ACTIVE 0/0");
    check(rules::debit, "ACTIVE 100/0", 101, "insufficient-funds, 100 available");
    check(rules::debit, "ACTIVE 100/40", 60, "ACTIVE 40/40");
    check(rules::debit, "ACTIVE 100/40", 61, "insufficient-funds, 60 available");
    check(rules::debit, "ACTIVE 0/0", MINOR_MAX, "insufficient-funds, 0 available");
    check(rules::debit, "FROZEN 100/0", 1, "wallet-frozen");
    check(rules::debit, "FROZEN 100/0", 101, "wallet-frozen");
    check(rules::debit, "CLOSED 0/0", 1, "wallet-closed");
    let jpy = "JPY".parse().unwrap();
    check_in(jpy, rules::debit, "ACTIVE 100/0", 101, "currency-mismatch");
    check_in(jpy, rules::debit, "FROZEN 100/0", 1, "wallet-frozen");
}

#[test]
fn every_way_a_hold_can_end() {
    check(rules::hold, "ACTIVE 100/0", 100, "ACTIVE 100/100");
    check(rules::hold, "ACTIVE 100/40", 60, "ACTIVE 100/100");
    check(rules::hold, "ACTIVE 100/40", 61, "insufficient-funds, 60 available");
    check(rules::hold, "FROZEN 100/0", 1, "wallet-frozen");
    check(rules::hold, "CLOSED 0/0", 1, "wallet-closed");
    check_in("JPY".parse().unwrap(), rules::hold, "ACTIVE 100/0", 1, "currency-mismatch");
}

/// A hold of 40 on the wallet, until moment 1,000.
fn hold(state: HoldState) -> Hold {
    let payment_id = PaymentId::from_uuid(7);
    let hold_id = Hold::id_of(payment_id);
    Hold {
        hold_id,
        payment_id,
        wallet_id: WalletId::from_uuid(1),
        merchant_id: MerchantId::new("coffee").unwrap(),
        currency: Currency::USD,
        amount: 40,
        captured: (state == HoldState::Captured).then_some(40),
        state,
        description: None,
        reference: None,
        correlation: CorrelationId(1),
        created_at: Time::from_micros(0),
        expires_at: Time::from_micros(1_000),
        pending: (state == HoldState::Pending).then(|| Shard::of(hold_id)),
    }
}

fn check_capture(before: &str, state: HoldState, minor: u64, at: i64, expected: &str) {
    let amount = Amount::from_minor(minor, Currency::USD).unwrap();
    let outcome = rules::capture(&wallet(before), &hold(state), amount, Time::from_micros(at));
    assert_eq!(short(outcome), expected, "{before}, {state:?}, {minor} at {at}");
}

#[test]
fn every_way_a_capture_can_end() {
    use HoldState::{Captured, Expired, Pending, Voided};
    check_capture("ACTIVE 100/40", Pending, 40, 1, "ACTIVE 60/0");
    check_capture("ACTIVE 100/60", Pending, 15, 1, "ACTIVE 85/20");
    check_capture("ACTIVE 40/40", Pending, 40, 999, "ACTIVE 0/0");
    check_capture("ACTIVE 100/40", Pending, 41, 1, "capture-exceeds-hold");
    check_capture("ACTIVE 100/40", Pending, 40, 1_000, "hold-expired");
    check_capture("ACTIVE 100/40", Pending, 41, 2_000, "hold-expired");
    check_capture("FROZEN 100/40", Pending, 40, 1, "wallet-frozen");
    check_capture("FROZEN 100/40", Pending, 40, 1_000, "hold-expired");
    check_capture("ACTIVE 60/0", Captured, 40, 1, "hold-captured");
    check_capture("ACTIVE 100/0", Voided, 40, 1, "hold-voided");
    check_capture("ACTIVE 100/0", Expired, 40, 1, "hold-expired");
    check_capture("CLOSED 0/0", Captured, 40, 1, "hold-captured");
    let yen = Amount::from_minor(40, "JPY".parse().unwrap()).unwrap();
    let outcome =
        rules::capture(&wallet("ACTIVE 100/40"), &hold(Pending), yen, Time::from_micros(1));
    assert_eq!(short(outcome), "currency-mismatch");
}

#[test]
fn a_release_frees_the_whole_hold_in_a_frozen_wallet_too() {
    for (before, after) in [("ACTIVE 100/60", "ACTIVE 100/20"), ("FROZEN 40/40", "FROZEN 40/0")] {
        let released = rules::release(&wallet(before), &hold(HoldState::Pending));
        assert_eq!(short(Ok(released)), after);
    }
}

type Change = fn(&Wallet) -> Result<Wallet, WalletRefused>;

#[test]
fn every_way_a_change_of_status_can_end() {
    let check = |change: Change, before: &str, expected: &str| {
        assert_eq!(short(change(&wallet(before))), expected, "{before}");
    };
    check(rules::freeze, "ACTIVE 100/40", "FROZEN 100/40");
    check(rules::freeze, "FROZEN 100/40", "wrong-state");
    check(rules::freeze, "CLOSED 0/0", "wrong-state");
    check(rules::unfreeze, "FROZEN 100/40", "ACTIVE 100/40");
    check(rules::unfreeze, "ACTIVE 100/40", "wrong-state");
    check(rules::unfreeze, "CLOSED 0/0", "wrong-state");
    check(rules::close, "ACTIVE 0/0", "CLOSED 0/0");
    check(rules::close, "FROZEN 0/0", "CLOSED 0/0");
    check(rules::close, "ACTIVE 1/0", "wallet-not-empty");
    check(rules::close, "FROZEN 40/40", "wallet-not-empty");
    check(rules::close, "CLOSED 0/0", "wrong-state");
}
