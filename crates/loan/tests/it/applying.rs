//! Every way an application can end.

use kernel::RoleName;
use loan::decide::{Apply, ApplyRefused};
use loan::records::Loan;

use crate::scene::{Scene, alice, key, operator, thousand};

#[test]
fn an_application_is_pending_on_the_terms_of_its_length() {
    let scene = Scene::new();
    let made = scene.decide(&Scene::application(None)).unwrap();
    assert_eq!(scene.line(made.loan_id), "PENDING 0");
    assert_eq!(made.amount(), thousand());
    assert_eq!(
        (made.rate().to_string(), made.minimum_payment().to_string()),
        ("8.0".into(), "86.99".into())
    );
    assert_eq!((made.created_by.as_str(), made.applied_as), ("alice", RoleName::Customer));
    assert_eq!((made.version, scene.store.said().len()), (1, 0));
}

#[test]
fn without_a_key_each_application_is_another() {
    let scene = Scene::new();
    assert_ne!(scene.apply(), scene.apply());
    assert_eq!(scene.store.records::<Loan>().len(), 2);
}

#[test]
fn a_key_gives_the_first_answer_again_whatever_came_after() {
    let scene = Scene::new();
    let named = |name, body| key(&alice(), &["apply_for_loan"], name, body);
    let apply = |name, body| scene.decide(&Scene::application(Some(named(name, body))));
    let first = apply("a", 1).unwrap();
    scene.approve(first.loan_id).unwrap();
    let again = apply("a", 1).unwrap();
    assert_eq!((&*again.record, again.version), (&*first.record, 1));
    assert_eq!(apply("a", 2).unwrap_err(), ApplyRefused::KeyReused);
    assert_ne!(apply("b", 1).unwrap().loan_id, first.loan_id);
    assert_eq!(scene.store.records::<Loan>().len(), 2);
}

#[test]
fn what_an_operator_applies_for_says_so() {
    let scene = Scene::new();
    let made = scene.decide(&Apply { caller: operator(), ..Scene::application(None) }).unwrap();
    assert_eq!(made.applied_as, RoleName::Operator);
}
