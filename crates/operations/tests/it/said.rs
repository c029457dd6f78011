//! What was said, as the records tell it, against the log of the reference store, which has it all.

use std::collections::HashSet;

use kernel::operators::{EventQuery, LoggedEvent};
use kernel::{AnyId, Envelope, EventKind, Id, LoanId, PaymentId, Store, StoreError, Topic};
use operations::said::events;

use crate::world::{World, wait};

/// What the log has about something, each once.
fn logged(world: &World, subject: AnyId) -> Vec<Envelope> {
    let mut known = HashSet::new();
    let about = |event: &Envelope| event.data.subject() == subject;
    let all = world.store.said().into_iter().filter(about);
    all.filter(|event| known.insert(event.id)).collect()
}

fn found(world: &World, query: &EventQuery) -> Vec<LoggedEvent> {
    wait(events(&Store::new(world.store.clone()), query)).unwrap()
}

fn about(subject: AnyId) -> EventQuery {
    EventQuery { subject: Some(subject), limit: usize::MAX, ..EventQuery::default() }
}

#[track_caller]
fn check(world: &World, subject: impl Id) {
    let found = found(world, &about(subject.any()));
    let places: Vec<_> = found.iter().map(|event| event.position).collect();
    assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
    let said: Vec<_> = found.into_iter().map(|event| event.envelope).collect();
    assert_eq!(said, logged(world, subject.any()));
}

fn check_all(world: &World) {
    let &World { paid, unpaid, captured, voided, held, expired, .. } = world;
    for payment in [paid, unpaid, captured, voided, held, expired] {
        check(world, payment);
    }
    for loan in [world.loan, world.unfunded, world.rejected] {
        check(world, loan);
    }
}

#[test]
fn the_records_tell_all_that_was_said() {
    let mut world = World::new();
    check_all(&world);
    assert_eq!(logged(&world, world.expired.any()).len(), 3, "asked, held, released");
    assert_eq!(logged(&world, world.paid.any()).len(), 4, "with a refund");
    // What comes later changes nothing of what was said before.
    world.refund(world.paid, 500);
    world.capture(world.held, 1);
    world.reject(world.unfunded);
    check_all(&world);
    world.settle();
    check_all(&world);
    assert_eq!(logged(&world, world.unfunded.any()).len(), 3, "approved, in vain, rejected");
}

#[test]
fn an_answer_is_found_among_many_entries() {
    let mut world = World::new();
    let slow = world.pay(100, kernel::event::Capture::Automatic);
    for _ in 0..50 {
        world.transfer(world.alice, world.bob, 1);
    }
    check(&world, slow);
    world.settle();
    for _ in 0..50 {
        world.transfer(world.alice, world.bob, 1);
    }
    check(&world, slow);
    assert_eq!(logged(&world, slow.any()).len(), 2);
}

#[test]
fn positions_stay_while_events_are_added() {
    let mut world = World::new();
    let before = found(&world, &about(world.paid.any()));
    world.refund(world.paid, 500);
    world.settle();
    let after = found(&world, &about(world.paid.any()));
    let stood = |all: &[LoggedEvent]| all.iter().map(|one| one.position).collect::<Vec<_>>();
    assert_eq!(stood(&after[..4]), stood(&before));
    assert_eq!(after.len(), 6);
    let mut pages = Vec::new();
    let mut query = EventQuery { limit: 4, ..about(world.paid.any()) };
    loop {
        let page = found(&world, &query);
        let Some(last) = page.last() else { break };
        query.after = Some(last.position);
        pages.extend(stood(&page));
    }
    assert_eq!(pages, stood(&after));
}

#[test]
fn filters_apply_to_what_is_found() {
    let world = World::new();
    let kinds = |query: EventQuery| {
        let found = found(&world, &query).into_iter();
        found.map(|event| event.envelope.kind()).collect::<Vec<_>>()
    };
    let about = about(world.paid.any());
    let kind = Some(EventKind::PaymentRefunded);
    assert_eq!(kinds(EventQuery { kind, ..about }), [EventKind::PaymentRefunded]);
    let topic = Some(Topic::Loan);
    assert!(kinds(EventQuery { topic, ..about }).is_empty());
    assert_eq!(kinds(EventQuery { limit: 1, ..about }), [EventKind::PaymentRequested]);
}

#[test]
fn about_nothing_nothing_was_said() {
    let world = World::new();
    let nobodys = [
        PaymentId::from_uuid(u128::MAX).any(),
        LoanId::from_uuid(u128::MAX).any(),
        world.refund.any(),
        world.alice.any(),
    ];
    for subject in nobodys {
        assert!(found(&world, &about(subject)).is_empty(), "{subject}");
    }
    let all = EventQuery { limit: 1, ..EventQuery::default() };
    let refused = wait(events(&Store::new(world.store), &all)).unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
}
