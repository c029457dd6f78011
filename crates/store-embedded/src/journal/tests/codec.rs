//! Batches are written and read back; nothing else is ever read.

use std::sync::Arc;

use kernel::operators::DeliveryState;
use kernel::record::{Account, Hash32, Shard};
use kernel::{
    AnyId, AnyRecord, CorrelationId, EventId, EventKind, HoldId, Id, Key, Kind, PaymentId, Prefix,
    Record, Said, Time, TraceParent, Value, WalletId,
};
use proptest::prelude::*;

use super::sagas::{a_payment, an_entry, busy, saga};
use super::sample::{Entry, KINDS, Payment, newer, older};
use crate::journal::codec::{Encoder, Names, Table, decode};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};

fn encoded(batch: &Batch, kinds: &[&'static Kind]) -> (Vec<u8>, Vec<u8>) {
    let names = Names::of(kinds);
    let (mut table, mut bytes) = (Vec::new(), Vec::new());
    names.write(&mut table);
    Encoder::new(names).encode(batch, &mut bytes);
    (table, bytes)
}

fn decoded(
    number: u64,
    (table, bytes): &(Vec<u8>, Vec<u8>),
    kinds: &[&'static Kind],
) -> Result<Batch, String> {
    decode(number, bytes, &Table::read(table, &Names::of(kinds))?)
}

fn values(record: &dyn AnyRecord) -> Vec<Value<'_>> {
    let mut values = Vec::new();
    record.values(&mut |value| values.push(value));
    values
}

fn assert_same(read: &Batch, written: &Batch) {
    assert_eq!(read.number, written.number);
    assert_eq!(read.records.len(), written.records.len());
    for (read, written) in read.records.iter().zip(&written.records) {
        assert_eq!(read.kind(), written.kind());
        assert_eq!(values(&*read.record), values(&*written.record));
        assert_eq!((read.version, &read.said), (written.version, &written.said));
        assert_eq!(read.said_position, written.said_position);
    }
    assert_eq!(read.events, written.events);
    assert_eq!(read.deliveries, written.deliveries);
    assert_eq!(read.cursors, written.cursors);
}

fn wallet() -> impl Strategy<Value = WalletId> {
    // Few, so that they are named again.
    (0..6_u128).prop_map(|uuid| WalletId::from_uuid(uuid * 0x0101_0101))
}

fn any_id() -> impl Strategy<Value = AnyId> {
    let prefixes = prop_oneof![Just(Prefix::Wallet), Just(Prefix::Event), Just(Prefix::Audit)];
    (prefixes, prop_oneof![0..200_u128, any::<u128>()])
        .prop_map(|(prefix, uuid)| AnyId { prefix, uuid })
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        (1_800_000_000_000_000_i64..1_800_000_001_000_000).prop_map(Time::from_micros),
        any::<i64>().prop_map(Time::from_micros),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,3}",
        "\\PC{0,90}",
        any_id().prop_map(|id| format!("wallet:{id}")),
        any_id().prop_map(|id| id.to_string().to_uppercase()),
        any::<u128>().prop_map(|uuid| CorrelationId(uuid).to_string()),
    ]
}

fn some<T: std::fmt::Debug + Clone + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![Just(None), of.prop_map(Some)]
}

fn said() -> impl Strategy<Value = Said> {
    let trace = (1..u128::MAX, 1..u64::MAX, any::<u8>())
        .prop_map(|(trace, span, flags)| TraceParent { trace, span, flags });
    let kind = prop::sample::select(EventKind::ALL);
    let ids = (0..300_u128, some(0..300_u128), any::<u128>());
    (ids, kind, time(), any::<u64>(), some(trace), some(text())).prop_map(
        |((id, causation, correlation), kind, at, sequence, trace, detail)| Said {
            id: EventId::from_uuid(id),
            kind,
            at,
            sequence,
            causation: causation.map(EventId::from_uuid),
            correlation: CorrelationId(correlation),
            trace,
            detail: detail.map(String::into_boxed_str),
        },
    )
}

fn payment() -> impl Strategy<Value = Arc<dyn AnyRecord>> {
    (any::<u128>(), wallet(), text(), 0..i64::MAX.unsigned_abs(), time(), some(any::<[u8; 32]>()))
        .prop_map(|(id, wallet_id, text, amount, at, hash)| -> Arc<dyn AnyRecord> {
            Arc::new(Payment {
                amount_minor: amount,
                status: text.clone(),
                asked: Some(text),
                wallet_id,
                created_at: at,
                body_hash: hash.map(Hash32),
                waiting_since: Some(at),
                open: Some(Shard::of(PaymentId::from_uuid(id))),
                ..a_payment(id)
            })
        })
}

fn entry() -> impl Strategy<Value = Arc<dyn AnyRecord>> {
    (wallet(), any::<u32>(), any::<i64>(), any_id(), some(any_id()), any::<[u8; 32]>()).prop_map(
        |(wallet, sequence, balance, cause, related, hash)| -> Arc<dyn AnyRecord> {
            Arc::new(Entry {
                account_id: wallet.into(),
                sequence: u64::from(sequence),
                balance_after: balance,
                cause,
                related_id: related,
                counterparty: Some(Account::Wallet(wallet)),
                hash: Hash32(hash),
                ..an_entry(1)
            })
        },
    )
}

fn record() -> impl Strategy<Value = RecordRow> {
    let record = prop_oneof![payment(), entry()];
    (record, any::<u64>(), prop::collection::vec(said(), 0..3), 0..1_u64 << 60).prop_map(
        |(record, version, said, position)| RecordRow {
            record,
            version,
            said_position: (!said.is_empty()).then_some(position),
            said: said.into(),
        },
    )
}

fn other_event() -> impl Strategy<Value = EventRow> {
    let kind = prop::sample::select(KINDS);
    (any::<u64>(), said(), kind, any_id(), some(0..9_u64), any_id()).prop_map(
        |(position, said, kind, id, sequence, subject)| EventRow {
            position,
            said,
            kind,
            key: Key { id, sequence },
            subject,
        },
    )
}

fn delivery() -> impl Strategy<Value = DeliveryRow> {
    let state = prop_oneof![
        Just(DeliveryState::Waiting),
        Just(DeliveryState::Delivered),
        Just(DeliveryState::Parked),
        Just(DeliveryState::Dead),
    ];
    let numbers = (any::<u64>(), any::<u16>(), any::<u32>(), any::<u64>());
    (numbers, state, time(), some(time()), some(text())).prop_map(
        |((position, subscription, attempts, took_us), state, at, next_at, reason)| DeliveryRow {
            position,
            subscription,
            state,
            attempts,
            at,
            took_us,
            next_at,
            reason: reason.map(String::into_boxed_str),
        },
    )
}

/// Events that the records said, some left out, and others.
fn said_by(records: &[RecordRow], skipped: usize, others: Vec<EventRow>) -> Vec<EventRow> {
    let mut events: Vec<EventRow> = Vec::new();
    for row in records {
        for (said, position) in row.said.iter().zip(row.said_position.unwrap_or_default()..) {
            let (said, kind, key) = (said.clone(), row.kind(), row.key());
            events.push(EventRow { position, said, kind, key, subject: key.id });
        }
    }
    events.drain(..skipped.min(events.len()));
    events.extend(others);
    events
}

fn batch() -> impl Strategy<Value = Batch> {
    let cursor = (any::<u16>(), any::<u64>())
        .prop_map(|(subscription, position)| CursorRow { subscription, position });
    (
        any::<u64>(),
        prop::collection::vec(record(), 0..8),
        0..24_usize,
        prop::collection::vec(other_event(), 0..3),
        prop::collection::vec(delivery(), 0..4),
        prop::collection::vec(cursor, 0..3),
    )
        .prop_map(|(number, records, skipped, others, deliveries, cursors)| {
            let events = said_by(&records, skipped, others);
            Batch { number, records, events, deliveries, cursors }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read_back(batch in batch()) {
        let read = decoded(batch.number, &encoded(&batch, KINDS), KINDS).unwrap();
        assert_same(&read, &batch);
    }

    #[test]
    fn kinds_may_change_their_order(batch in batch()) {
        let reversed: Vec<&'static Kind> = KINDS.iter().rev().copied().collect();
        let read = decoded(batch.number, &encoded(&batch, KINDS), &reversed).unwrap();
        assert_same(&read, &batch);
    }

    /// The frame's sum keeps damage away from here; what comes through must be refused, not panic.
    #[test]
    fn damaged_bytes_do_no_harm(batch in batch(), places in any::<[u16; 3]>(), value in any::<u8>()) {
        let (table, bytes) = encoded(&batch, KINDS);
        for place in places.map(usize::from) {
            let mut changed = bytes.clone();
            changed[place % bytes.len()] = value;
            let _whatever_it_is = decoded(1, &(table.clone(), changed), KINDS);
            let short = bytes[..place % bytes.len()].to_vec();
            decoded(1, &(table.clone(), short), KINDS).unwrap_err();
            let mut changed = table.clone();
            changed[place % table.len()] = value;
            let _whatever_it_is = decoded(1, &(changed, bytes.clone()), KINDS);
        }
    }
}

#[test]
fn an_older_version_is_brought_up_to_date() {
    let note_id = HoldId::from_uuid(7);
    let note = older::Note { note_id, gone: Some("x".into()), amount: 21 };
    let row =
        RecordRow { record: Arc::new(note), version: 1, said: Arc::from([]), said_position: None };
    let batch = Batch { number: 1, records: vec![row], ..Batch::default() };
    let written = encoded(&batch, &[older::Note::KIND]);
    let read = decoded(1, &written, &[Payment::KIND, newer::Note::KIND]).unwrap();
    let expected = newer::Note { note_id, amount: 21, doubled: 42 };
    assert_eq!(values(&*read.records[0].record), values(&expected));
    let refused = |kinds| decoded(1, &written, kinds).unwrap_err();
    assert_eq!(refused(&[Payment::KIND]), "this program knows no kind of record `note`: update it");
    let newest = encoded(&Batch { records: read.records, ..batch }, &[newer::Note::KIND]);
    assert_eq!(
        decoded(1, &newest, &[older::Note::KIND]).unwrap_err(),
        "a note has schema version 2; this program knows up to 1: update it"
    );
}

#[test]
fn a_payment_saga_is_small() {
    let bytes = |batches: &[Batch; 3]| -> usize {
        batches.iter().map(|batch| encoded(batch, KINDS).1.len()).sum()
    };
    let alone = bytes(&saga(1));
    let among_others = bytes(&busy(100)) / 100;
    println!("a payment saga takes {alone} bytes alone, {among_others} among a hundred");
    for batch in busy(100) {
        assert_same(&decoded(batch.number, &encoded(&batch, KINDS), KINDS).unwrap(), &batch);
    }
    assert!(alone < 700 && among_others < 500);
}
