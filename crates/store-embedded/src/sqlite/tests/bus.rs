//! The event log, deliveries, dead letters, cursors and the names of subscriptions.

use kernel::operators::{DeliveryState, EventQuery};
use kernel::{AnyRecord, EventKind, Id, PaymentId, Record, Said, Topic};

use super::Database;
use super::kinds::{Link, Sample, at, link, said, said_in_full, sample, silent, speaking};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};

fn delivery(position: u64, subscription: u16, state: DeliveryState) -> DeliveryRow {
    DeliveryRow {
        position,
        subscription,
        state,
        attempts: 2,
        at: at(5),
        took_us: 1_500,
        next_at: None,
        reason: None,
    }
}

/// Payment 1 says two events, a link one about payment 9, payment 2 one again.
fn spoken() -> (Database, Vec<EventRow>) {
    let mut database = Database::new();
    let loan = Said { kind: EventKind::LoanFunded, ..said(13) };
    let spoken: [(RecordRow, Vec<EventRow>); 4] = [
        speaking(sample(1), (1, 10), &[said_in_full(11), said(12)]),
        speaking(link(1, 7), (1, 15), &[loan]),
        speaking(sample(2), (1, 16), &[said(14)]),
        speaking(sample(2), (2, 20), &[said(14)]),
    ];
    let (records, events): (Vec<_>, Vec<_>) = spoken.into_iter().unzip();
    let events = events.concat();
    database.put(Batch { records, events: events.clone(), ..Batch::default() });
    (database, events)
}

#[test]
fn an_event_is_read_as_it_was_written() {
    let (database, events) = spoken();
    let reader = database.reader();
    for event in &events {
        assert_eq!(reader.event_at(event.position).unwrap().as_ref(), Some(event));
    }
    assert_eq!(reader.event_at(11_000).unwrap(), None);
    assert_eq!(reader.max_position().unwrap(), 20);
    assert_eq!(Database::new().reader().max_position().unwrap(), 0);
}

#[test]
fn events_are_found_by_what_is_asked() {
    let (database, _) = spoken();
    let reader = database.reader();
    let all = EventQuery { limit: 100, ..EventQuery::default() };
    let check = |query: EventQuery, expected: &[u64]| {
        let rows = reader.event_rows(&query).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.position).collect();
        assert_eq!(found, expected, "{query:?}");
    };
    let about = |id: u128| Some(PaymentId::from_uuid(id).any());
    check(all.clone(), &[10, 11, 15, 16, 20]);
    check(EventQuery { limit: 2, ..all }, &[10, 11]);
    check(EventQuery { after: Some(11), ..all }, &[15, 16, 20]);
    check(EventQuery { after: Some(20), ..all }, &[]);
    check(EventQuery { topic: Some(Topic::Loan), ..all }, &[15]);
    check(EventQuery { topic: Some(Topic::Payment), ..all }, &[10, 11, 16, 20]);
    let failed = Some(EventKind::PaymentFailed);
    check(EventQuery { kind: failed, ..all }, &[10, 11, 16, 20]);
    check(EventQuery { kind: failed, topic: Some(Topic::Loan), ..all }, &[]);
    check(EventQuery { subject: about(1), ..all }, &[10, 11]);
    check(EventQuery { subject: about(1), after: Some(10), ..all }, &[11]);
    check(EventQuery { subject: about(9), ..all }, &[15]);
    check(EventQuery { subject: about(3), ..all }, &[]);
    let after = reader.events_after(15, 1).unwrap();
    assert_eq!(after.first().map(|row| row.position), Some(16));
}

#[test]
fn the_envelope_is_the_same_when_it_is_said_again() {
    let (database, _) = spoken();
    let query = EventQuery { subject: Some(sample(2).key().id), limit: 9, ..EventQuery::default() };
    let logged = database.reader().events(&query).unwrap();
    assert_eq!(logged.iter().map(|event| event.position).collect::<Vec<_>>(), [16, 20]);
    assert_eq!(logged[0].envelope, logged[1].envelope);
    assert_eq!(logged[0].envelope.id, said(14).id);
}

#[test]
fn an_event_whose_record_is_lost_is_named() {
    let (database, _) = spoken();
    database.shell("DELETE FROM sample WHERE sample_id LIKE '%01'");
    let query = EventQuery { limit: 9, ..EventQuery::default() };
    let error = database.reader().events(&query).unwrap_err().to_string();
    let id = sample(1).sample_id;
    assert_eq!(error, format!("event 10: a event contradicts itself: there is no sample {id}"));
}

#[test]
fn deliveries_tell_their_subscription_and_their_event() {
    let (mut database, _) = spoken();
    let names = ["update_transaction_status", "process_payment_request"];
    let numbers = database.writer.subscriptions(&names).unwrap();
    let parked = DeliveryRow {
        next_at: Some(at(9)),
        reason: Some("it's busy".into()),
        ..delivery(10, numbers[1], DeliveryState::Parked)
    };
    let unnamed = delivery(20, 99, DeliveryState::Waiting);
    let delivered = delivery(16, numbers[0], DeliveryState::Delivered);
    let deliveries = vec![unnamed, parked, delivered];
    database.put(Batch { deliveries, ..Batch::default() });
    let reader = database.reader();
    let tell = |positions: &[u64]| {
        let found = reader.deliveries(positions).unwrap().into_iter().map(|found| {
            let (took, reason) = (found.took.unwrap(), found.reason.unwrap_or_default());
            let (state, attempts) = (found.state.text(), found.attempts);
            format!("{} {state} {attempts} {took:?} {reason}", found.subscription)
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(tell(&[11]), Vec::<String>::new());
    assert_eq!(
        tell(&[16, 20, 10]),
        [
            "update_transaction_status DELIVERED 2 1.5ms ",
            "99 WAITING 2 1.5ms ",
            "process_payment_request PARKED 2 1.5ms it's busy",
        ]
    );

    // For a person with the shell, there is a view with everything in it.
    let connection = rusqlite::Connection::open(database.path()).unwrap();
    let sql = "SELECT subscription || ' ' || type || ' ' || state FROM deliveries ORDER BY 1";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(
        rows.map(Result::unwrap).collect::<Vec<_>>(),
        [
            "99 PAYMENT_FAILED WAITING",
            "process_payment_request PAYMENT_FAILED PARKED",
            "update_transaction_status PAYMENT_FAILED DELIVERED",
        ]
    );
}

#[test]
fn a_subscription_keeps_its_number_for_good() {
    let mut database = Database::new();
    let first = database.writer.subscriptions(&["b", "a"]).unwrap();
    assert_ne!(first[0], first[1]);
    let second = database.writer.subscriptions(&["c", "a", "b"]).unwrap();
    assert_eq!(second[1..], [first[1], first[0]]);
    assert!(!first.contains(&second[0]));
    let names = database.reader().subscriptions().unwrap();
    let name = |number: u16| names.iter().find(|(of, _)| *of == number).map(|(_, name)| &**name);
    assert_eq!(
        [name(first[0]), name(first[1]), name(second[0])],
        [Some("b"), Some("a"), Some("c")]
    );
}

#[test]
fn open_deliveries_come_when_they_are_due() {
    let (mut database, _) = spoken();
    let due = |position, next_at: Option<i64>, state| DeliveryRow {
        next_at: next_at.map(at),
        ..delivery(position, 1, state)
    };
    use DeliveryState::{Dead, Delivered, Parked, Waiting};
    let deliveries = vec![
        due(10, Some(30), Parked),
        due(11, Some(20), Parked),
        due(15, None, Waiting),
        due(16, Some(10), Delivered),
        due(20, Some(10), Dead),
    ];
    database.put(Batch { deliveries, ..Batch::default() });
    let reader = database.reader();
    let check = |until: Option<i64>, limit, expected: &[u64]| {
        let rows = reader.open_deliveries(until.map(at), limit).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.position).collect();
        assert_eq!(found, expected, "{until:?}");
    };
    check(None, 9, &[15, 11, 10]);
    check(None, 2, &[15, 11]);
    check(Some(20), 9, &[15, 11]);
    check(Some(19), 9, &[15]);

    // One that is delivered is open no more.
    let deliveries = vec![due(11, None, Delivered), due(15, Some(25), Parked)];
    database.put(Batch { deliveries, ..Batch::default() });
    check(None, 9, &[15, 10]);
}

#[test]
fn dead_letters_are_paged_and_found_by_their_id() {
    let (mut database, _) = spoken();
    let name = database.writer.subscriptions(&["update_transaction_status"]).unwrap()[0];
    let dead = |position, subscription, reason: &str| DeliveryRow {
        reason: Some(reason.into()),
        ..delivery(position, subscription, DeliveryState::Dead)
    };
    let deliveries = vec![
        dead(16, name, "third"),
        dead(10, 7, "second"),
        dead(10, name, "first"),
        delivery(11, name, DeliveryState::Delivered),
    ];
    database.put(Batch { deliveries: deliveries.clone(), ..Batch::default() });
    let reader = database.reader();
    let (mut told, mut after) = (Vec::new(), None);
    while let Some(letter) = reader.dead_letters(after.as_deref(), 1).unwrap().pop() {
        assert_eq!(letter.event.as_ref().unwrap().kind(), EventKind::PaymentFailed);
        told.push(format!("{} {} {}", letter.id, letter.subscription, letter.reason));
        after = Some(letter.id);
    }
    assert_eq!(
        told,
        [
            "10-1 update_transaction_status first",
            "10-7 7 second",
            "16-1 update_transaction_status third",
        ]
    );
    assert_eq!(reader.dead_letters(None, 9).unwrap().len(), 3);
    assert_eq!(reader.dead_letter("10-7").unwrap().as_ref(), Some(&deliveries[1]));
    for none in ["11-1", "10-2", "", "10", "x-1", "-1", "99999999999999999999-1"] {
        assert_eq!(reader.dead_letter(none).unwrap(), None, "{none}");
    }
    assert!(reader.dead_letters(Some("nonsense"), 1).is_err());

    // Given to its subscriber again, it is a letter no more.
    let redriven = delivery(10, 7, DeliveryState::Parked);
    database.put(Batch { deliveries: vec![redriven], ..Batch::default() });
    assert_eq!(reader.dead_letter("10-7").unwrap(), None);
    assert_eq!(reader.dead_letters(None, 9).unwrap().len(), 2);
}

#[test]
fn cursors_go_forward() {
    let mut database = Database::new();
    let cursor = |subscription, position| CursorRow { subscription, position };
    database.put(Batch { cursors: vec![cursor(2, 5), cursor(1, 3)], ..Batch::default() });
    database.put(Batch { cursors: vec![cursor(1, 9)], ..Batch::default() });
    assert_eq!(database.reader().cursors().unwrap(), [cursor(1, 9), cursor(2, 5)]);
}

#[test]
fn a_record_whose_events_are_lost_is_named() {
    let (database, _) = spoken();
    let reader = database.reader();
    let check = |sql: &str, expected: &str| {
        database.shell(sql);
        let error = reader.get(Link::KIND, link(1, 7).key()).unwrap_err().to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    };
    assert!(reader.get(Link::KIND, link(1, 7).key()).unwrap().is_some());
    check("UPDATE event SET type = 'LOST' WHERE position = 15", "bad value in `type`");
    check("DELETE FROM event WHERE position = 15", "the log lacks the 1 events from position 15");
    let (mut row, _) = speaking(sample(3), (1, 10), &[said(11)]);
    // Another record's events are not taken for its own.
    row.said_position = Some(10);
    let mut database = database;
    database.put_records([row, silent(sample(4), 1)]);
    let error = reader.get(Sample::KIND, sample(3).key()).unwrap_err().to_string();
    assert!(error.contains("the log lacks"), "{error}");
    assert!(reader.get(Sample::KIND, sample(4).key()).unwrap().is_some());
}
