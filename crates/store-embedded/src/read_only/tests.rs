//! What is read over SQLite and the journal, where both have something: of a chain, of the bus.

use kernel::manifest::Unprocessable;
use kernel::operators::DeliveryState::{Dead, Delivered, Parked};
use kernel::{CorrelationId, EventId, EventKind, Id, PaymentId, Record, Said, Topic, WalletId};
use serde_json::json;

use super::*;
use crate::bus::{Hearer, Subscriber};
use crate::policy::FilterPolicy;
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow};
use crate::sqlite::tests::kinds::{Link, link, silent};
use crate::sqlite::{Options, Writer};

/// SQLite has entries 0 to 2 in their first version, the journal these, of a sequence and a version.
fn check(beyond: &[(u64, u64)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sqlite3");
    let schema = Arc::new(Schema::new(&[Link::KIND]));
    let records = (0..3).map(|sequence| silent(link(1, sequence), 1)).collect();
    let mut writer = Writer::open(&path, Arc::clone(&schema), Options::default()).unwrap();
    writer.apply(&Batch { number: 1, records, ..Batch::default() }).unwrap();
    let reader = Reader::open(&path, schema, &Options::default()).unwrap();
    let rows = beyond.iter().map(|(sequence, version)| silent(link(1, *sequence), *version));
    let rows = rows.map(|row| (place_of(row.key()), row)).collect();
    let beyond = HashMap::from([(Link::KIND.name, rows)]);
    let store =
        ReadOnlyStore { reader: Mutex::new(reader), beyond, bus: unheard::Beyond::default() };
    let head = store.head_now(Link::KIND, WalletId::from_uuid(1).into()).unwrap().unwrap();
    let sequence = head.record.key().sequence.unwrap();
    assert_eq!(format!("entry {sequence} version {}", head.version), expected);
}

#[test]
fn the_head_of_a_chain_is_the_newest_of_both() {
    check(&[], "entry 2 version 1");
    check(&[(3, 1)], "entry 3 version 1");
    check(&[(1, 2), (3, 1)], "entry 3 version 1");
    // It was said again, and nothing was booked since.
    check(&[(1, 2)], "entry 2 version 1");
    check(&[(2, 2)], "entry 2 version 2");
}

fn event(position: u64, kind: EventKind) -> EventRow {
    let said = Said {
        id: EventId::from_uuid(position.into()),
        kind,
        at: Time::from_micros(0),
        sequence: 1,
        causation: None,
        correlation: CorrelationId(1),
        trace: None,
        detail: None,
    };
    let (kind, key) = (Link::KIND, Key::entry(WalletId::from_uuid(1), position));
    EventRow { position, said, kind, key, subject: PaymentId::from_uuid(9).any() }
}

/// What one who hears failures has not heard, of what SQLite has and of what the journal has beyond.
fn check_unheard(of: impl Fn(u16) -> [Batch; 2], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sqlite3");
    let schema = Arc::new(Schema::new(&[Link::KIND]));
    let mut writer = Writer::open(&path, Arc::clone(&schema), Options::default()).unwrap();
    let number = writer.subscriptions(&["hearer"]).unwrap()[0];
    let [folded, mut beyond] = of(number);
    writer.apply(&folded).unwrap();
    let reader = Mutex::new(Reader::open(&path, schema, &Options::default()).unwrap());
    let mut bus = unheard::Beyond::default();
    bus.add(&mut beyond);
    let store = ReadOnlyStore { reader, beyond: HashMap::new(), bus };
    let hearer = Subscriber {
        name: "hearer".into(),
        topic: Topic::Payment,
        policy: FilterPolicy::from_json(&json!({ "event_type": ["PAYMENT_FAILED"] })).unwrap(),
        hearer: Hearer::Decide(|_| Err(Unprocessable("never".to_owned()))),
    };
    let unheard = store.unheard(&[hearer]).unwrap();
    let told = unheard.iter().map(|one| format!("{} {}", one.event.name(), one.state.text()));
    assert_eq!(told.collect::<Vec<_>>().join(", "), expected);
}

#[test]
fn what_was_not_heard_is_told_of_both() {
    let said = |positions: [u64; 2]| -> Vec<EventRow> {
        positions.map(|position| event(position, EventKind::PaymentFailed)).to_vec()
    };
    let delivered = |position, subscription, state| DeliveryRow {
        position,
        subscription,
        state,
        attempts: 1,
        at: Time::from_micros(0),
        took_us: 1,
        next_at: None,
        reason: None,
    };
    let folded = |events, deliveries, cursors| Batch {
        number: 1,
        events,
        deliveries,
        cursors,
        ..Batch::default()
    };
    let cursor = |subscription, position| vec![CursorRow { subscription, position }];
    check_unheard(|_| [folded(said([1, 2]), vec![], vec![]), Batch::default()], {
        "PAYMENT_FAILED WAITING, PAYMENT_FAILED WAITING"
    });
    // The journal knows that the first was heard, and of two more.
    check_unheard(
        |hearer| {
            let beyond = folded(said([3, 4]), vec![], cursor(hearer, 1));
            [folded(said([1, 2]), vec![], vec![]), beyond]
        },
        "PAYMENT_FAILED WAITING, PAYMENT_FAILED WAITING, PAYMENT_FAILED WAITING",
    );
    // A parked one was delivered after all, a dead one was not.
    check_unheard(
        |hearer| {
            let tried = vec![delivered(1, hearer, Parked), delivered(2, hearer, Dead)];
            let beyond = folded(vec![], vec![delivered(1, hearer, Delivered)], vec![]);
            [folded(said([1, 2]), tried, cursor(hearer, 2)), beyond]
        },
        "PAYMENT_FAILED DEAD",
    );
    // What somebody does not listen to is nothing that he has not heard.
    let requested = vec![event(1, EventKind::PaymentRequested)];
    check_unheard(|_| [folded(requested.clone(), vec![], vec![]), Batch::default()], "");
}
