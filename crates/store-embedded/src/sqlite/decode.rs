//! Rows back into what they were written from. A row that does not fit is told by its key and
//! column, and is never a reason to panic.

use kernel::operators::DeliveryState;
use kernel::record::{BadRecord, Column};
use kernel::store::BadRow;
use kernel::{AnyId, EventId, EventKind, Key, Kind, Said, Time, Value};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::bind::{legible, value};
use super::schema::Schema;
use crate::rows::{DeliveryRow, EventRow};

/// A record's row, without the events that it said.
pub(super) struct RecordSeen {
    pub(super) record: std::sync::Arc<dyn kernel::AnyRecord>,
    pub(super) version: u64,
    pub(super) said_position: Option<u64>,
    pub(super) said_count: u64,
}

/// What stands at a place of a row.
pub(super) fn raw<'r>(row: &'r Row<'_>, place: usize) -> ValueRef<'r> {
    match row.get_ref(place) {
        Ok(raw) => raw,
        Err(_) => unreachable!("a statement of ours has no column {place}"),
    }
}

/// The key of a record's row as it stands there.
pub(super) fn raw_key<'r>(kind: &'static Kind, row: &'r Row<'_>) -> (&'r [u8], i64) {
    let column = |name| kind.column(name).map_or(ValueRef::Null, |place| raw(row, place));
    key(column(kind.partition), kind.sort.map_or(ValueRef::Null, column))
}

/// A key from its columns as they stand there; of one that is no key, something that is none either.
pub(super) fn key<'r>(id: ValueRef<'r>, sequence: ValueRef<'_>) -> (&'r [u8], i64) {
    let id = match id {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    };
    (id, integer(sequence).unwrap_or(-1))
}

/// The same for a person.
pub(super) fn legible_key(kind: &'static Kind, (id, sequence): (&[u8], i64)) -> String {
    let id = String::from_utf8_lossy(id);
    if kind.sort.is_some() { format!("{id}/{sequence}") } else { id.into_owned() }
}

/// Reads a record's row: its columns in declared order, then ours.
pub(super) fn record(kind: &'static Kind, row: &Row<'_>) -> Result<RecordSeen, BadRow> {
    read_record(kind, row).map_err(|why| BadRow { key: legible_key(kind, raw_key(kind, row)), why })
}

fn read_record(kind: &'static Kind, row: &Row<'_>) -> Result<RecordSeen, BadRecord> {
    let columns = kind.columns.iter().enumerate();
    let values = columns.map(|(place, column)| value(column, raw(row, place))).collect();
    let ours = |place: usize, column| {
        let place = kind.columns.len().saturating_add(place);
        integer(raw(row, place)).ok_or(BadRecord::Column { kind: kind.name, column })
    };
    let number = |place, column| {
        let bad = BadRecord::Column { kind: kind.name, column };
        u64::try_from(ours(place, column)?).map_err(|_| bad)
    };
    let schema_version = u16::try_from(number(1, "schema_version")?).unwrap_or(u16::MAX);
    let said_count = number(3, "said_count")?;
    let said_position = if said_count == 0 { None } else { Some(number(2, "said_position")?) };
    Ok(RecordSeen {
        record: kind.read(schema_version, values)?,
        version: number(0, "version")?,
        said_position,
        said_count,
    })
}

fn integer(raw: ValueRef<'_>) -> Option<i64> {
    match raw {
        ValueRef::Integer(integer) => Some(integer),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    }
}

fn text<'r>(raw: ValueRef<'r>) -> Option<&'r str> {
    match raw {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

/// A row of one of the bus's tables.
struct Fields<'r, 'c> {
    table: &'static str,
    row: &'r Row<'c>,
}

impl<'r> Fields<'r, '_> {
    /// The column at a place, read by `read`.
    fn get<T>(
        &self,
        (place, column): (usize, &'static str),
        read: impl FnOnce(ValueRef<'r>) -> Option<T>,
    ) -> Result<T, BadRow> {
        read(raw(self.row, place)).ok_or_else(|| BadRow {
            key: format!("{} {}", self.table, legible(raw(self.row, 0))),
            why: BadRecord::Column { kind: self.table, column },
        })
    }

    fn number<T: TryFrom<i64>>(&self, at: (usize, &'static str)) -> Result<T, BadRow> {
        self.get(at, |raw| integer(raw).and_then(|integer| T::try_from(integer).ok()))
    }

    fn time(&self, at: (usize, &'static str)) -> Result<Time, BadRow> {
        self.get(at, |raw| integer(raw).map(Time::from_micros))
    }

    fn parsed<T: std::str::FromStr>(&self, at: (usize, &'static str)) -> Result<T, BadRow> {
        self.get(at, |raw| text(raw).and_then(|text| text.parse().ok()))
    }

    /// What may be absent.
    fn optional<T>(
        &self,
        at: (usize, &'static str),
        read: impl FnOnce(&Self, (usize, &'static str)) -> Result<T, BadRow>,
    ) -> Result<Option<T>, BadRow> {
        let absent = matches!(raw(self.row, at.0), ValueRef::Null);
        if absent { Ok(None) } else { read(self, at).map(Some) }
    }
}

/// Every column of `event` in the order in which [`event`] reads them.
pub(super) const EVENT_COLUMNS: &str = "position, event_id, type, subject, time, sequence, \
    causation, correlation, traceparent, detail, record_kind, record_id, record_sequence";

/// Reads a row of `event`.
pub(super) fn event(schema: &Schema, row: &Row<'_>) -> Result<EventRow, BadRow> {
    let fields = Fields { table: "event", row };
    let subject: AnyId = fields.parsed((3, "subject"))?;
    let said = Said {
        id: fields.parsed::<EventId>((1, "event_id"))?,
        kind: fields.get((2, "type"), |raw| EventKind::from_name(text(raw)?))?,
        at: fields.time((4, "time"))?,
        sequence: fields.number((5, "sequence"))?,
        causation: fields.optional((6, "causation"), Fields::parsed)?,
        correlation: fields.parsed((7, "correlation"))?,
        trace: fields.optional((8, "traceparent"), Fields::parsed)?,
        detail: fields
            .optional((9, "detail"), |fields, at| fields.get(at, |raw| text(raw).map(Box::from)))?,
    };
    Ok(EventRow {
        position: fields.number((0, "position"))?,
        said,
        kind: fields.get((10, "record_kind"), |raw| schema.kind(text(raw)?))?,
        key: Key {
            id: fields.optional((11, "record_id"), Fields::parsed)?.unwrap_or(subject),
            sequence: fields.optional((12, "record_sequence"), Fields::number)?,
        },
        subject,
    })
}

/// Every column of `delivery` in the order in which [`delivery`] reads them.
pub(super) const DELIVERY_COLUMNS: &str =
    "position, subscription, state, attempts, at, took_us, next_at, reason";

/// Reads a row of `delivery`.
pub(super) fn delivery(row: &Row<'_>) -> Result<DeliveryRow, BadRow> {
    let fields = Fields { table: "delivery", row };
    Ok(DeliveryRow {
        position: fields.number((0, "position"))?,
        subscription: fields.number((1, "subscription"))?,
        state: fields
            .get((2, "state"), |raw| DeliveryState::from_value(&Value::from(text(raw)?)))?,
        attempts: fields.number((3, "attempts"))?,
        at: fields.time((4, "at"))?,
        took_us: fields.number((5, "took_us"))?,
        next_at: fields.optional((6, "next_at"), Fields::time)?,
        reason: fields
            .optional((7, "reason"), |fields, at| fields.get(at, |raw| text(raw).map(Box::from)))?,
    })
}
