//! The approval saga: every decision on every state, every answer once, twice and out of order.

use std::time::Duration;

use kernel::audit::AuditLine;
use kernel::event::EventData;
use kernel::record::Shard;
use kernel::saga::FIRST_WAIT;
use kernel::text::Reason;
use kernel::{Context, CorrelationId, Envelope, EventKind, Id, Key, LoanId};
use loan::MANIFEST;
use loan::decide::{Approve, ApproveRefused, Reject, RejectRefused};
use loan::records::{Loan, LoanStatus};

use crate::scene::{Scene, failed, funded, key, operator, thousand};

/// Brings a loan to where the steps lead: `a`pproved, `r`ejected, `f`unded, funding failed (`x`).
fn walk(scene: &Scene, steps: &str) -> LoanId {
    let loan_id = scene.apply();
    for step in steps.chars() {
        match step {
            'a' => drop(scene.approve(loan_id).unwrap()),
            'r' => drop(scene.reject(loan_id).unwrap()),
            'f' => scene.hear(&funded(&scene.approval())),
            'x' => scene.hear(&failed(&scene.approval())),
            other => panic!("no step {other}"),
        }
    }
    loan_id
}

#[test]
fn where_each_walk_ends() {
    let check = |steps: &str, expected: &str| {
        let scene = Scene::new();
        let loan_id = walk(&scene, steps);
        assert_eq!(scene.line(loan_id), expected, "{steps}");
    };
    check("", "PENDING 0");
    check("r", "REJECTED 0");
    check("a", "APPROVED 1 waits");
    check("af", "APPROVED 1 funded");
    check("ax", "FUNDING_FAILED 1 wallet-closed");
    check("axa", "APPROVED 2 waits");
    check("axaf", "APPROVED 2 funded");
    check("axaxaf", "APPROVED 3 funded");
    check("axr", "REJECTED 1");
    check("axaxr", "REJECTED 2");
    // Answers of an approval that come again after a rejection.
    check("axrx", "REJECTED 1");
    check("axrf", "REJECTED 1");
    // Each answer twice.
    check("aff", "APPROVED 1 funded");
    check("axx", "FUNDING_FAILED 1 wallet-closed");
    // The answers of one approval contradict each other only if money moved: that counts.
    check("axf", "APPROVED 1 funded");
    check("afx", "APPROVED 1 funded");
}

#[test]
fn which_states_can_be_approved_and_rejected() {
    let check = |steps: &str, approve: Option<LoanStatus>, reject: Option<LoanStatus>| {
        let scene = Scene::new();
        let loan_id = walk(&scene, steps);
        let before =
            (scene.line(loan_id), scene.store.records::<AuditLine>().len(), scene.store.said());
        if let Some(status) = approve {
            let refused = scene.approve(loan_id).unwrap_err();
            assert_eq!(refused, ApproveRefused::WrongStatus(status), "{steps}");
        }
        if let Some(status) = reject {
            let refused = scene.reject(loan_id).unwrap_err();
            assert_eq!(refused, RejectRefused::WrongStatus(status), "{steps}");
        }
        let after =
            (scene.line(loan_id), scene.store.records::<AuditLine>().len(), scene.store.said());
        assert_eq!(after, before, "a refusal wrote something: {steps}");
    };
    check("r", Some(LoanStatus::Rejected), Some(LoanStatus::Rejected));
    check("a", Some(LoanStatus::Approved), Some(LoanStatus::Approved));
    check("af", Some(LoanStatus::Approved), Some(LoanStatus::Approved));
    check("axa", Some(LoanStatus::Approved), Some(LoanStatus::Approved));
    check("axr", Some(LoanStatus::Rejected), Some(LoanStatus::Rejected));
    let scene = Scene::new();
    let nowhere = LoanId::named(&["nowhere"]);
    assert_eq!(scene.approve(nowhere).unwrap_err(), ApproveRefused::NotFound);
    assert_eq!(scene.reject(nowhere).unwrap_err(), RejectRefused::NotFound);
}

#[test]
fn an_approval_says_so_and_is_in_the_audit_list() {
    let scene = Scene::new();
    let loan_id = walk(&scene, "axa");
    let said = scene.approval();
    let EventData::LoanApproved(data) = &said.data else { panic!("{said:?}") };
    assert_eq!((data.loan_id, data.attempt, data.amount), (loan_id, 2, thousand()));
    assert_eq!((data.applied_by.as_str(), data.approved_by.as_str()), ("alice", "olga"));
    assert_eq!(said.correlation, CorrelationId(7));
    let audits = scene.store.records::<AuditLine>();
    let acts: Vec<_> = audits
        .iter()
        .map(|act| (act.operation.as_str(), act.sub.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(acts, [("approve_loan", "olga"), ("approve_loan", "olga")]);
    assert!(audits.iter().all(|act| act.subject.as_str() == loan_id.to_string()));
}

#[test]
fn a_rejection_says_why() {
    let scene = Scene::new();
    let loan_id = scene.apply();
    let reason = Some(Reason::new("too much for this income").unwrap());
    let reject = Reject { key: None, caller: operator(), loan_id, reason: reason.clone() };
    assert_eq!(scene.decide(&reject).unwrap().reason, reason);
    let said = scene.store.said();
    let [event] = &*said else { panic!("{said:?}") };
    let EventData::LoanRejected(data) = &event.data else { panic!("{event:?}") };
    assert_eq!((data.loan_id, &data.reason), (loan_id, &reason));
    let audits = scene.store.records::<AuditLine>();
    assert_eq!(
        (audits.len(), audits[0].operation.as_str(), &audits[0].reason),
        (1, "reject_loan", &reason)
    );
}

#[test]
fn a_repeated_key_changes_nothing_and_answers_as_it_is_now() {
    let scene = Scene::new();
    let loan_id = scene.apply();
    let approve = |name, body| {
        let text = loan_id.to_string();
        let key = Some(key(&operator(), &["approve_loan", &text], name, body));
        scene.decide(&Approve { key, caller: operator(), loan_id })
    };
    let first = approve("a", 1).unwrap();
    assert_eq!(approve("a", 1).unwrap().version, first.version);
    scene.hear(&failed(&scene.approval()));
    assert_eq!(approve("a", 1).unwrap().status, LoanStatus::FundingFailed);
    assert_eq!(approve("a", 2).unwrap_err(), ApproveRefused::KeyReused);
    assert_eq!(approve("b", 1).unwrap().attempt, 2);
    assert_eq!(scene.store.said().len(), 2);
    assert_eq!(scene.store.records::<AuditLine>().len(), 2);
}

#[test]
fn an_answer_to_an_earlier_approval_counts_only_if_money_moved() {
    let scene = Scene::new();
    let loan_id = walk(&scene, "a");
    let first = scene.approval();
    scene.hear(&failed(&first));
    scene.approve(loan_id).unwrap();
    scene.hear(&failed(&first));
    assert_eq!(scene.line(loan_id), "APPROVED 2 waits");
    scene.hear(&funded(&first));
    assert_eq!(scene.line(loan_id), "APPROVED 2 funded");
    scene.hear(&failed(&scene.approval()));
    assert_eq!(scene.line(loan_id), "APPROVED 2 funded");
}

#[test]
fn no_answer_to_any_approval_changes_a_rejected_loan() {
    let scene = Scene::new();
    let loan_id = walk(&scene, "ax");
    let first = scene.approval();
    scene.approve(loan_id).unwrap();
    let second = scene.approval();
    scene.hear(&failed(&second));
    scene.reject(loan_id).unwrap();
    let before = scene.store.records::<Loan>();
    for approval in [&first, &second] {
        scene.hear(&failed(approval));
        scene.hear(&funded(approval));
    }
    assert_eq!(scene.store.records::<Loan>(), before);
    let said = scene.store.said();
    let said: Vec<_> = said.iter().map(Envelope::kind).collect();
    let expected = [EventKind::LoanApproved, EventKind::LoanApproved, EventKind::LoanRejected];
    assert_eq!(said, expected);
}

/// A log of events is read with the records as they are now.
#[test]
fn every_approval_is_told_as_it_was_said() {
    let scene = Scene::new();
    let loan_id = scene.apply();
    let first = scene.approve(loan_id).unwrap();
    scene.hear(&failed(&scene.approval()));
    let second = scene.approve(loan_id).unwrap();
    let said = scene.store.said();
    for approval in [&first, &second] {
        let told = Envelope::build(&*second.record, &approval.said[0]).unwrap();
        assert_eq!(Some(&told), said.iter().find(|event| event.id == told.id));
    }
}

#[test]
fn an_answer_that_comes_again_writes_nothing() {
    let check = |steps: &str, answer: fn(&Envelope) -> Envelope| {
        let scene = Scene::new();
        walk(&scene, steps);
        let before = scene.store.records::<Loan>();
        scene.hear(&answer(&scene.approval()));
        assert_eq!(scene.store.records::<Loan>(), before, "{steps}");
    };
    check("af", funded);
    check("ax", failed);
}

#[test]
fn answers_that_nobody_asked_for_change_nothing() {
    let scene = Scene::new();
    walk(&scene, "a");
    let approval = scene.approval();
    let elsewhere = Scene::new();
    elsewhere.hear(&funded(&approval));
    assert!(elsewhere.store.records::<Loan>().is_empty());
    // The same id, never approved there.
    let pending = elsewhere.apply();
    elsewhere.hear(&funded(&approval));
    elsewhere.hear(&failed(&approval));
    assert_eq!(elsewhere.line(pending), "PENDING 0");
}

#[test]
fn the_owner_is_learned_from_the_answer() {
    let scene = Scene::new();
    walk(&scene, "ax");
    assert_eq!(scene.store.records::<Loan>()[0].owner, None);
    let scene = Scene::new();
    walk(&scene, "af");
    let loan = scene.store.records::<Loan>()[0].clone();
    assert_eq!(loan.owner.as_ref().map(|owner| owner.as_str()), Some("alice"));
    assert!(loan.funded_at.is_some_and(|at| at > loan.created_at));
}

#[test]
fn an_approval_that_waits_is_said_again_word_for_word_until_it_is_answered() {
    let scene = Scene::new();
    let loan_id = walk(&scene, "a");
    let due = &MANIFEST.due[0];
    let speak = || {
        let decision = (due.decide)(Key::id(loan_id));
        let context = Context::request(CorrelationId(8), None);
        scene.store.run(&*decision, context).unwrap();
    };
    speak();
    assert_eq!(scene.store.said().len(), 1, "it waits a minute first");
    for (said, minutes) in [(2, 2), (3, 4)] {
        scene.store.pass(FIRST_WAIT * minutes);
        speak();
        assert_eq!(scene.store.said().len(), said);
    }
    let said = scene.store.said();
    assert!(said.iter().all(|event| *event == said[0]), "{said:?}");
    scene.hear(&funded(&said[2]));
    scene.store.pass(Duration::from_secs(86_400));
    speak();
    assert_eq!(scene.store.said().len(), 3);
}

#[test]
fn what_waits_is_listed_as_open() {
    let scene = Scene::new();
    let loan_id = walk(&scene, "a");
    let loan = scene.store.records::<Loan>()[0].clone();
    assert_eq!(loan.open, Some(Shard::of(loan_id)));
    assert_eq!(loan.waiting_since, Some(loan.updated_at));
    assert_eq!(loan.speaks_at, Some(loan.updated_at.plus(FIRST_WAIT)));
}

#[test]
fn the_subscription_hears_the_answers_alone() {
    let subscription = &MANIFEST.subscriptions[0];
    assert_eq!(
        subscription.filter_policy().to_string(),
        r#"{"event_type":["LOAN_FUNDED","LOAN_FUNDING_FAILED"]}"#
    );
    assert_eq!(
        (subscription.name, subscription.topic.name()),
        ("update_loan_funding", "loan_events")
    );
    let scene = Scene::new();
    walk(&scene, "a");
    let refused = (subscription.react)(&scene.approval()).err().unwrap();
    assert_eq!(refused.to_string(), "LOAN_APPROVED is no answer to an approval");
    assert_eq!(MANIFEST.says, [EventKind::LoanApproved, EventKind::LoanRejected]);
}
