//! What is played: every way that a saga can go, and how it must end.

use kernel::event::Capture;
use kernel::money::MINOR_MAX;
use kernel::store::BoxFuture;
use simulation::institution::{By, Institution, What};

/// A scenario: what is done, and how everything stands at the end.
pub(crate) struct Scenario {
    pub name: &'static str,
    pub play: for<'a> fn(&'a mut Institution) -> BoxFuture<'a, ()>,
    pub end: &'static str,
}

macro_rules! scenarios {
    ($($name:ident => $end:literal,)*) => {
        pub(crate) const SCENARIOS: &[Scenario] = &[$(Scenario {
            name: stringify!($name),
            play: |institution| Box::pin($name(institution)),
            end: $end,
        },)*];
    };
}

scenarios! {
    a_payment => "wallet 7500, payment SUCCESSFUL took 2500",
    a_payment_of_too_much => "wallet 10000, payment FAILED (insufficient-funds)",
    a_payment_from_a_frozen_wallet => "wallet 10000 FROZEN, payment FAILED (wallet-frozen)",
    a_payment_from_a_closed_wallet => "wallet 0 CLOSED, payment FAILED (wallet-closed)",
    a_payment_in_another_currency => "wallet 0, payment FAILED (currency-mismatch)",
    a_payment_from_anothers_wallet => "wallet 10000, payment FAILED (wallet-not-found)",
    a_payment_from_no_wallet => "payment FAILED (wallet-not-found)",
    several_payments_of_one_wallet => "wallet 1000, payment SUCCESSFUL took 4000, \
        payment SUCCESSFUL took 5000",
    a_hold => "wallet 10000 holds 2500, payment AUTHORIZED",
    a_hold_of_too_much => "wallet 10000, payment FAILED (insufficient-funds)",
    a_capture => "wallet 7500, payment SUCCESSFUL took 2500",
    a_capture_in_part => "wallet 9000, payment SUCCESSFUL took 1000",
    a_capture_from_a_frozen_wallet => "wallet 10000 holds 2500 FROZEN, \
        payment AUTHORIZED (wallet-frozen)",
    a_capture_after_a_failed_one => "wallet 7500, payment SUCCESSFUL took 2500",
    a_void => "wallet 10000, payment VOIDED (requested)",
    a_void_in_a_frozen_wallet => "wallet 10000 FROZEN, payment VOIDED (requested)",
    an_expiry => "wallet 10000, payment VOIDED (expired)",
    a_capture_that_comes_too_late => "wallet 10000, payment VOIDED (expired)",
    a_refund => "wallet 10000, payment REFUNDED took 2500 gave back 2500, refund SUCCESSFUL",
    refunds_in_parts => "wallet 10000, payment REFUNDED took 2500 gave back 2500, \
        refund SUCCESSFUL, refund SUCCESSFUL",
    a_refund_of_a_capture => "wallet 9500, payment SUCCESSFUL took 1000 gave back 500, \
        refund SUCCESSFUL",
    a_refund_to_a_frozen_wallet => "wallet 10000 FROZEN, \
        payment REFUNDED took 2500 gave back 2500, refund SUCCESSFUL",
    a_refund_to_a_closed_wallet => "wallet 0 CLOSED, payment SUCCESSFUL took 10000, \
        refund FAILED (wallet-closed)",
    a_loan => "wallet 60000, loan APPROVED funded",
    a_rejected_loan => "wallet 10000, loan REJECTED (too much)",
    a_loan_to_a_closed_wallet => "wallet 0 CLOSED, loan FUNDING_FAILED (wallet-closed)",
    a_loan_to_anothers_wallet => "wallet 10000, loan FUNDING_FAILED (wallet-not-found)",
    a_loan_approved_again => "wallet 60000, loan APPROVED funded",
}

/// Alice opens a wallet with 100.00 in it: number 0.
async fn hundred(institution: &mut Institution) {
    institution.do_act(What::OpenWallet.by(By::Alice)).await;
    credit(institution, 10_000).await;
}

async fn credit(institution: &mut Institution, cents: u64) {
    institution.do_act(What::Credit { wallet: 0, cents }.by(By::Operator)).await;
}

async fn pay(institution: &mut Institution, cents: u64, capture: Capture) {
    institution.do_act(What::Pay { wallet: 0, cents, capture }.by(By::Alice)).await;
}

/// With 100.00, asks for a payment at once.
async fn paying(institution: &mut Institution, cents: u64) {
    hundred(institution).await;
    pay(institution, cents, Capture::Automatic).await;
}

/// With 100.00, has 25.00 of it held.
async fn held(institution: &mut Institution) {
    hundred(institution).await;
    pay(institution, 2_500, Capture::Manual).await;
    institution.rest().await;
}

async fn capture(institution: &mut Institution, cents: Option<u64>) {
    institution.do_act(What::CapturePayment { payment: 0, cents }.by(By::Shop)).await;
}

async fn refund(institution: &mut Institution, cents: Option<u64>) {
    institution.do_act(What::RefundPayment { payment: 0, cents }.by(By::Shop)).await;
}

async fn freeze(institution: &mut Institution) {
    institution.do_act(What::Freeze { wallet: 0 }.by(By::Operator)).await;
}

async fn unfreeze(institution: &mut Institution) {
    institution.do_act(What::Unfreeze { wallet: 0 }.by(By::Operator)).await;
}

async fn close(institution: &mut Institution) {
    institution.do_act(What::Close { wallet: 0 }.by(By::Operator)).await;
}

async fn a_payment(institution: &mut Institution) {
    paying(institution, 2_500).await;
}

async fn a_payment_of_too_much(institution: &mut Institution) {
    paying(institution, 10_001).await;
    institution.rest().await;
    // The refusal is final: more money does not change it.
    credit(institution, 5_000).await;
    institution.rest().await;
    institution.do_act(What::Debit { wallet: 0, cents: 5_000 }.by(By::Alice)).await;
}

async fn a_payment_from_a_frozen_wallet(institution: &mut Institution) {
    hundred(institution).await;
    freeze(institution).await;
    pay(institution, 2_500, Capture::Automatic).await;
}

async fn a_payment_from_a_closed_wallet(institution: &mut Institution) {
    institution.do_act(What::OpenWallet.by(By::Alice)).await;
    close(institution).await;
    pay(institution, 2_500, Capture::Automatic).await;
}

async fn a_payment_in_another_currency(institution: &mut Institution) {
    institution.do_act(What::OpenYenWallet.by(By::Alice)).await;
    pay(institution, 2_500, Capture::Automatic).await;
}

async fn a_payment_from_anothers_wallet(institution: &mut Institution) {
    hundred(institution).await;
    let capture = Capture::Automatic;
    institution.do_act(What::Pay { wallet: 0, cents: 100, capture }.by(By::Bob)).await;
}

async fn a_payment_from_no_wallet(institution: &mut Institution) {
    pay(institution, 2_500, Capture::Automatic).await;
}

/// The second and third are asked for before the first is answered; there is enough for two.
async fn several_payments_of_one_wallet(institution: &mut Institution) {
    paying(institution, 4_000).await;
    pay(institution, 5_000, Capture::Automatic).await;
}

async fn a_hold(institution: &mut Institution) {
    held(institution).await;
}

async fn a_hold_of_too_much(institution: &mut Institution) {
    hundred(institution).await;
    pay(institution, 10_001, Capture::Manual).await;
}

async fn a_capture(institution: &mut Institution) {
    held(institution).await;
    capture(institution, None).await;
}

async fn a_capture_in_part(institution: &mut Institution) {
    held(institution).await;
    let much = What::CapturePayment { payment: 0, cents: Some(2_501) }.by(By::Shop);
    assert_eq!(institution.refused(much).await, "CaptureExceedsHold");
    capture(institution, Some(1_000)).await;
}

async fn a_capture_from_a_frozen_wallet(institution: &mut Institution) {
    held(institution).await;
    freeze(institution).await;
    capture(institution, None).await;
}

async fn a_capture_after_a_failed_one(institution: &mut Institution) {
    a_capture_from_a_frozen_wallet(institution).await;
    institution.rest().await;
    unfreeze(institution).await;
    capture(institution, None).await;
}

async fn a_void(institution: &mut Institution) {
    held(institution).await;
    institution.do_act(What::VoidPayment { payment: 0 }.by(By::Shop)).await;
}

async fn a_void_in_a_frozen_wallet(institution: &mut Institution) {
    held(institution).await;
    freeze(institution).await;
    institution.do_act(What::VoidPayment { payment: 0 }.by(By::Operator)).await;
}

/// A week, after which a hold is released, and an hour more: some stores' clocks are a little ahead.
const HOLD_SECONDS: u64 = (7 * 24 + 1) * 60 * 60;

async fn an_expiry(institution: &mut Institution) {
    held(institution).await;
    institution.do_act(What::Pass { seconds: HOLD_SECONDS }.by(By::Operator)).await;
}

async fn a_capture_that_comes_too_late(institution: &mut Institution) {
    held(institution).await;
    institution.clock.pass(std::time::Duration::from_secs(HOLD_SECONDS));
    // The clock's work was not done yet, and the time is up all the same.
    let late = What::CapturePayment { payment: 0, cents: None }.by(By::Shop);
    assert_eq!(institution.refused(late).await, "HoldExpired");
    institution.tick().await;
}

/// Only over a store that hears when it is told to: the capture is asked for in time and heard when
/// the time is up.
pub(super) const CAPTURE_THAT_MEETS_THE_EXPIRY: Scenario = Scenario {
    name: "a_capture_that_meets_the_expiry",
    play: |institution| Box::pin(a_capture_that_meets_the_expiry(institution)),
    end: "wallet 10000, payment VOIDED (expired)",
};

async fn a_capture_that_meets_the_expiry(institution: &mut Institution) {
    held(institution).await;
    capture(institution, None).await;
    institution.do_act(What::Pass { seconds: HOLD_SECONDS }.by(By::Operator)).await;
}

async fn a_refund(institution: &mut Institution) {
    paying(institution, 2_500).await;
    institution.rest().await;
    refund(institution, None).await;
}

async fn refunds_in_parts(institution: &mut Institution) {
    paying(institution, 2_500).await;
    institution.rest().await;
    refund(institution, Some(1_000)).await;
    let much = What::RefundPayment { payment: 0, cents: Some(1_501) }.by(By::Shop);
    assert_eq!(institution.refused(much).await, "RefundExceedsCapture");
    refund(institution, Some(1_500)).await;
}

async fn a_refund_of_a_capture(institution: &mut Institution) {
    held(institution).await;
    capture(institution, Some(1_000)).await;
    institution.rest().await;
    refund(institution, Some(500)).await;
    let much = What::RefundPayment { payment: 0, cents: Some(501) }.by(By::Shop);
    assert_eq!(institution.refused(much).await, "RefundExceedsCapture");
}

async fn a_refund_to_a_frozen_wallet(institution: &mut Institution) {
    paying(institution, 2_500).await;
    institution.rest().await;
    freeze(institution).await;
    refund(institution, None).await;
}

async fn a_refund_to_a_closed_wallet(institution: &mut Institution) {
    paying(institution, 10_000).await;
    institution.rest().await;
    close(institution).await;
    refund(institution, Some(4_000)).await;
}

async fn apply(institution: &mut Institution, cents: u64) {
    institution.do_act(What::Apply { wallet: 0, cents }.by(By::Alice)).await;
}

async fn approve(institution: &mut Institution) {
    institution.do_act(What::Approve { loan: 0 }.by(By::Operator)).await;
}

async fn a_loan(institution: &mut Institution) {
    hundred(institution).await;
    apply(institution, 50_000).await;
    approve(institution).await;
    let again = What::Approve { loan: 0 }.by(By::Operator);
    assert_eq!(institution.refused(again).await, "WrongStatus");
}

async fn a_rejected_loan(institution: &mut Institution) {
    hundred(institution).await;
    apply(institution, 50_000).await;
    institution.do_act(What::Reject { loan: 0 }.by(By::Operator)).await;
}

async fn a_loan_to_a_closed_wallet(institution: &mut Institution) {
    institution.do_act(What::OpenWallet.by(By::Alice)).await;
    apply(institution, 50_000).await;
    close(institution).await;
    approve(institution).await;
}

async fn a_loan_to_anothers_wallet(institution: &mut Institution) {
    hundred(institution).await;
    institution.do_act(What::Apply { wallet: 0, cents: 50_000 }.by(By::Bob)).await;
    approve(institution).await;
}

/// The wallet is too full at first.
async fn a_loan_approved_again(institution: &mut Institution) {
    hundred(institution).await;
    let cents = MINOR_MAX - 10_000;
    credit(institution, cents).await;
    apply(institution, 50_000).await;
    approve(institution).await;
    institution.rest().await;
    institution.do_act(What::Debit { wallet: 0, cents }.by(By::Alice)).await;
    approve(institution).await;
}
