//! Payments taken at once, refunds and loans: one line for each way an event can end, and each event
//! heard twice. Holds are in `holds`.

use kernel::event::{Capture, LoanApproved, PaymentRequested};
use kernel::money::MINOR_MAX;
use kernel::record::Account;
use kernel::text::MerchantId;
use kernel::{Currency, Id, PaymentId, RoleName};
use wallet::decide::OpenWallet;
use wallet::records::{Entry, EntryKind, Refusal};

use crate::bank::{Bank, customer, house, key, sub};

/// Does something that ends with an event, whose answer must be `expected`; then the event comes
/// again, and must change nothing and be answered as before.
fn check(does: impl FnOnce(&Bank) -> String, expected: &str) {
    let bank = Bank::new();
    assert_eq!(does(&bank), expected);
    let entries = bank.store.records::<Entry>();
    let refusals = bank.store.records::<Refusal>();
    let first = bank.store.said().pop().unwrap();
    assert_eq!(bank.hear_again(), expected, "the second answer");
    assert_eq!(bank.store.said().pop().unwrap(), first, "said again, an event is the same");
    assert_eq!(bank.store.records::<Entry>(), entries);
    assert_eq!(bank.store.records::<Refusal>(), refusals);
}

/// The same with 100 in `A`.
fn check_funded(does: impl FnOnce(&Bank) -> String, expected: &str) {
    check(
        |bank| {
            bank.credit("A", 100);
            does(bank)
        },
        expected,
    );
}

fn pay(bank: &Bank, minor: u64, change: impl FnOnce(&mut PaymentRequested)) -> String {
    let mut request = bank.payment("A", minor, Capture::Automatic);
    change(&mut request);
    bank.hear(request)
}

#[test]
fn every_way_a_payment_can_end() {
    check_funded(|bank| pay(bank, 100, |_| ()), "PAYMENT_SUCCESSFUL 100 of alice");
    check_funded(|bank| pay(bank, 101, |_| ()), "PAYMENT_FAILED insufficient-funds of alice");
    check_funded(
        |bank| {
            bank.freeze("A");
            pay(bank, 101, |_| ())
        },
        "PAYMENT_FAILED wallet-frozen of alice",
    );
    check(
        |bank| {
            bank.close("A");
            pay(bank, 1, |_| ())
        },
        "PAYMENT_FAILED wallet-closed of alice",
    );
    check_funded(
        |bank| {
            let amount = bank.money("J", 50);
            pay(bank, 1, |request| request.amount = amount)
        },
        "PAYMENT_FAILED currency-mismatch of alice",
    );
    check_funded(
        |bank| {
            let wallet_id = bank.id("X");
            pay(bank, 1, |request| request.wallet_id = wallet_id)
        },
        "PAYMENT_FAILED wallet-not-found",
    );
    check_funded(
        |bank| pay(bank, 1, |request| request.requested_by = sub("bob")),
        "PAYMENT_FAILED wallet-not-found",
    );
}

#[test]
fn an_operator_and_a_service_may_have_any_wallet_pay() {
    for role in [RoleName::Operator, RoleName::Service] {
        check_funded(
            |bank| {
                pay(bank, 30, |request| {
                    request.requested_by = sub("shop");
                    request.requested_as = role;
                })
            },
            "PAYMENT_SUCCESSFUL 30 of alice",
        );
    }
}

#[test]
fn a_payment_is_one_entry_with_the_merchant_on_the_other_side() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let (payment, _) = bank.pay("A", 30, Capture::Automatic);
    let merchant = Account::Merchant(MerchantId::new("coffee").unwrap());
    let entry = bank.head("A");
    assert_eq!(entry.kind, EntryKind::PaymentOut);
    assert_eq!(entry.related_id, Some(payment.any()));
    assert_eq!(entry.counterparty, Some(merchant.clone()));
    assert_eq!(entry.description.as_ref().unwrap().as_str(), "a payment");
    assert_eq!(house(&bank, &merchant), 30);
    assert_eq!(house(&bank, &Account::World), -100);
}

#[test]
fn a_refused_payment_is_not_taken_after_a_top_up() {
    let bank = Bank::new();
    let refused = "PAYMENT_FAILED insufficient-funds of alice";
    assert_eq!(bank.pay("A", 50, Capture::Automatic).1, refused);
    bank.credit("A", 100);
    assert_eq!(bank.hear_again(), refused);
    assert_eq!(bank.state("A"), "ACTIVE 100 held 0");
}

#[test]
fn what_was_refused_for_want_of_a_wallet_stays_refused_when_there_is_one() {
    let bank = Bank::new();
    let alice = customer("alice");
    let key = key(&alice, "create_wallet", "k", 1);
    let mut request = bank.payment("A", 1, Capture::Automatic);
    request.wallet_id = key.id();
    assert_eq!(bank.hear(request), "PAYMENT_FAILED wallet-not-found");
    let open = OpenWallet { owner: alice.sub, currency: Currency::USD, key: Some(key) };
    let opened = bank.run(open).unwrap();
    assert_eq!(bank.hear_again(), "PAYMENT_FAILED wallet-not-found");
    let chain = opened.account_id;
    let entries = bank.store.records::<Entry>();
    assert_eq!(entries.iter().filter(|entry| entry.account_id == chain).count(), 1);
}

#[test]
fn a_stranger_leaves_no_trace_in_somebody_elses_chain() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let before = bank.head("A");
    pay(&bank, 1, |request| request.requested_by = sub("bob"));
    assert_eq!(bank.head("A"), before);
    assert_eq!(bank.store.records::<Refusal>().len(), 1);
}

#[test]
fn every_way_a_refund_can_end() {
    let refund = |minor: u64, before: fn(&Bank)| {
        move |bank: &Bank| {
            let (payment, _) = bank.pay("A", 100, Capture::Automatic);
            before(bank);
            bank.refund("A", payment, minor)
        }
    };
    check_funded(refund(100, |_| ()), "PAYMENT_REFUNDED 100");
    check_funded(refund(30, |_| ()), "PAYMENT_REFUNDED 30");
    let freeze = |bank: &Bank| {
        bank.freeze("A");
    };
    check_funded(refund(30, freeze), "PAYMENT_REFUNDED 30");
    let close = |bank: &Bank| {
        bank.close("A");
    };
    check_funded(refund(30, close), "PAYMENT_REFUND_FAILED wallet-closed");
    let fill = |bank: &Bank| {
        bank.credit("A", MINOR_MAX);
    };
    check_funded(refund(1, fill), "PAYMENT_REFUND_FAILED balance-limit");
    check(
        |bank| bank.refund("X", PaymentId::from_uuid(5), 1),
        "PAYMENT_REFUND_FAILED wallet-not-found",
    );
}

fn fund(bank: &Bank, change: impl FnOnce(&mut LoanApproved)) -> String {
    let mut request = bank.loan("A", 500);
    change(&mut request);
    bank.hear(request)
}

#[test]
fn every_way_a_loan_can_end() {
    check(|bank| fund(bank, |_| ()), "LOAN_FUNDED 500 of alice");
    check(
        |bank| {
            bank.freeze("A");
            fund(bank, |_| ())
        },
        "LOAN_FUNDED 500 of alice",
    );
    check(
        |bank| {
            bank.close("A");
            fund(bank, |_| ())
        },
        "LOAN_FUNDING_FAILED wallet-closed of alice",
    );
    check(
        |bank| {
            bank.credit("A", MINOR_MAX);
            fund(bank, |_| ())
        },
        "LOAN_FUNDING_FAILED balance-limit of alice",
    );
    check(
        |bank| {
            let amount = bank.money("J", 500);
            fund(bank, |request| request.amount = amount)
        },
        "LOAN_FUNDING_FAILED currency-mismatch of alice",
    );
    check(
        |bank| fund(bank, |request| request.applied_by = sub("bob")),
        "LOAN_FUNDING_FAILED wallet-not-found",
    );
    check(
        |bank| {
            fund(bank, |request| {
                request.applied_by = sub("olga");
                request.applied_as = RoleName::Operator;
            })
        },
        "LOAN_FUNDED 500 of alice",
    );
    check(
        |bank| {
            let wallet_id = bank.id("X");
            fund(bank, |request| request.wallet_id = wallet_id)
        },
        "LOAN_FUNDING_FAILED wallet-not-found",
    );
}

#[test]
fn a_loan_comes_from_its_own_account_and_is_dated_as_booked() {
    let bank = Bank::new();
    let loan = bank.loan("A", 500);
    bank.hear(loan.clone());
    let entry = bank.head("A");
    assert_eq!(entry.kind, EntryKind::LoanIn);
    assert_eq!(entry.counterparty, Some(Account::Loan(loan.loan_id)));
    let said = bank.store.said().pop().unwrap();
    let kernel::EventData::LoanFunded(funded) = said.data else { panic!("{said:?}") };
    assert_eq!(funded.funded_at, entry.booked_at);
    assert_eq!(house(&bank, &Account::Loan(loan.loan_id)), -500);
}

#[test]
fn no_entry_is_booked_before_its_cause() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let (payment, _) = bank.pay("A", 30, Capture::Automatic);
    // An event from a machine whose clock is a day ahead.
    let mut event = bank.store.said().pop().unwrap();
    event.id = kernel::EventId::from_uuid(7_777);
    event.causation = None;
    event.time = event.time.plus(std::time::Duration::from_secs(86_400));
    let ahead = event.time;
    let mut request = bank.payment("A", 1, Capture::Automatic);
    request.transaction_id = PaymentId::from_uuid(payment.uuid() + 1_000);
    event.data = request.into();
    assert_eq!(bank.deliver(&event), "PAYMENT_SUCCESSFUL 1 of alice");
    assert_eq!(bank.head("A").booked_at, ahead);
    // What follows is booked no earlier, although the clock here is behind.
    bank.credit("A", 1);
    assert_eq!(bank.head("A").booked_at, ahead);
}

#[test]
fn each_subscription_hears_its_own_events_and_no_other() {
    let policies: Vec<_> = wallet::MANIFEST
        .subscriptions
        .iter()
        .map(|subscription| {
            let topic = subscription.topic.name();
            format!("{} {topic} {}", subscription.name, subscription.filter_policy())
        })
        .collect();
    assert_eq!(
        policies,
        [
            r#"process_payment_request payment_events {"event_type":["PAYMENT_REQUESTED"]}"#,
            r#"process_payment_capture payment_events {"event_type":["PAYMENT_CAPTURE_REQUESTED"]}"#,
            r#"process_payment_void payment_events {"event_type":["PAYMENT_VOID_REQUESTED"]}"#,
            r#"process_payment_refund payment_events {"event_type":["PAYMENT_REFUND_REQUESTED"]}"#,
            r#"process_loan_approval loan_events {"event_type":["LOAN_APPROVED"]}"#,
        ]
    );
    let bank = Bank::new();
    bank.credit("A", 100);
    bank.pay("A", 30, Capture::Automatic);
    let strange = bank.store.said().pop().unwrap();
    for subscription in wallet::MANIFEST.subscriptions {
        assert!((subscription.react)(&strange).is_err(), "{}", subscription.name);
    }
}
