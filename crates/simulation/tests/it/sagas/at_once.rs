//! Many at once on one wallet, and one request twice at once.

use kernel::event::Capture;
use kernel::{Decision, Known, Store};
use simulation::candidates::{Embedded, Memory, Mishap};
use simulation::conformance::store::Candidate;
use simulation::institution::{Act, By, Echo, Institution, What, request};
use store_embedded::Durability;
use wallet::decide::{Credit, Debit, Transfer};

use super::run;

/// Makes decisions all at once, each in a task of its own.
async fn at_once<D: Decision>(store: &Store, decisions: Vec<D>) -> Vec<D::Outcome> {
    let started: Vec<_> = decisions
        .into_iter()
        .map(|decision| {
            let store = store.clone();
            tokio::spawn(async move { store.decide(decision, request()).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for one in started {
        outcomes.push(one.await.unwrap());
    }
    outcomes
}

fn everywhere(test: &impl AsyncFn(&mut Institution)) {
    let stores: [&dyn Candidate; 3] = [
        &Memory(Mishap::None),
        &Embedded(Durability::Sqlite, Mishap::None),
        &Embedded(Durability::Journal, Mishap::None),
    ];
    for candidate in stores {
        println!("over {}", candidate.name());
        run(async {
            let mut institution = Institution::open(candidate, Echo::None).await;
            institution.do_act(What::OpenWallet.by(By::Alice)).await;
            let credit = What::Credit { wallet: 0, cents: 10_000 }.by(By::Operator);
            institution.do_act(credit).await;
            test(&mut institution).await;
            institution.rest().await;
            institution.assert_sound().await;
        });
    }
}

#[test]
fn two_hundred_debits_of_what_is_enough_for_a_hundred() {
    everywhere(&async |institution| {
        let debit = What::Debit { wallet: 0, cents: 100 }.by(By::Alice);
        let debits = (0..200).map(|_| Debit(institution.movement(debit, 0, 100))).collect();
        let outcomes = at_once(&institution.store(), debits).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 100);
        let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(refused.clone().all(|refused| refused.slug() == "insufficient-funds"));
        assert_eq!(refused.count(), 100);
        assert_eq!(institution.line().await, "wallet 0");
    });
}

#[test]
fn two_hundred_payments_of_what_is_enough_for_a_hundred() {
    everywhere(&async |institution| {
        let capture = Capture::Automatic;
        let pay = What::Pay { wallet: 0, cents: 100, capture }.by(By::Alice);
        let payments =
            (0..200).map(|_| institution.payment_request(pay, 0, 100, capture)).collect();
        let requested = at_once(&institution.store(), payments).await;
        institution.rest().await;
        let mut taken = 0;
        for payment in requested {
            let id = payment.unwrap().payment_id;
            let payment = institution.store().get::<payment::records::Payment>(id).await.unwrap();
            taken += payment.unwrap().captured_minor;
        }
        assert_eq!(taken, 10_000);
        assert_eq!(institution.line().await, "wallet 0");
    });
}

/// Every outcome is the same one.
fn one_answer<T: std::fmt::Debug>(outcomes: &[T]) {
    let first = format!("{:?}", outcomes[0]);
    assert!(outcomes.iter().all(|outcome| format!("{outcome:?}") == first), "{outcomes:#?}");
}

#[test]
fn one_credit_asked_for_often_at_once() {
    everywhere(&async |institution| {
        let credit = What::Credit { wallet: 0, cents: 500 }.by(By::Operator).keyed(1);
        let credits = (0..10).map(|_| Credit(institution.movement(credit, 0, 500))).collect();
        one_answer(&at_once(&institution.store(), credits).await);
        assert_eq!(institution.line().await, "wallet 10500");
    });
}

#[test]
fn one_transfer_asked_for_often_at_once() {
    everywhere(&async |institution| {
        institution.do_act(What::OpenWallet.by(By::Bob)).await;
        let act = What::Transfer { from: 0, to: 1, cents: 500 }.by(By::Alice).keyed(1);
        let transfer = || Transfer {
            movement: institution.movement(act, 0, 500),
            to_wallet_id: institution.wallet(1),
        };
        let transfers = (0..10).map(|_| transfer()).collect();
        one_answer(&at_once(&institution.store(), transfers).await);
        assert_eq!(institution.line().await, "wallet 9500, wallet 500");
    });
}

#[test]
fn one_payment_asked_for_often_at_once() {
    everywhere(&async |institution| {
        let capture = Capture::Automatic;
        let pay = What::Pay { wallet: 0, cents: 500, capture }.by(By::Alice).keyed(1);
        let payments = (0..10).map(|_| institution.payment_request(pay, 0, 500, capture)).collect();
        let requested = at_once(&institution.store(), payments).await;
        let ids: Vec<_> = requested
            .into_iter()
            .map(|outcome| Known::clone(&outcome.unwrap()).payment_id)
            .collect();
        one_answer(&ids);
        institution.rest().await;
        assert_eq!(institution.line().await, "wallet 9500");
    });
}

/// What changes a record that is there keeps its key in the record.
#[test]
fn one_refund_and_one_approval_asked_for_twice() {
    everywhere(&async |institution| {
        let twice = async |institution: &mut Institution, act: Act| {
            institution.do_act(act.keyed(7)).await;
            institution.rest().await;
            institution.do_act(act.keyed(7)).await;
            institution.rest().await;
        };
        let capture = Capture::Manual;
        twice(institution, What::Pay { wallet: 0, cents: 2_000, capture }.by(By::Alice)).await;
        let takes = What::CapturePayment { payment: 0, cents: Some(1_500) }.by(By::Shop);
        twice(institution, takes).await;
        let gives_back = What::RefundPayment { payment: 0, cents: Some(500) }.by(By::Shop);
        twice(institution, gives_back).await;
        twice(institution, What::Apply { wallet: 0, cents: 50_000 }.by(By::Alice)).await;
        twice(institution, What::Approve { loan: 0 }.by(By::Operator)).await;
        assert_eq!(
            institution.line().await,
            "wallet 59000, payment SUCCESSFUL took 1500 gave back 500, refund SUCCESSFUL, \
             loan APPROVED funded"
        );
        let mut other = What::Approve { loan: 0 }.by(By::Operator).keyed(7);
        other.keyed = other.keyed.map(|keyed| simulation::institution::Keyed { body: 1, ..keyed });
        assert_eq!(institution.refused(other).await, "KeyReused");
    });
}
