//! Records as items and back: columns under their own names, the store's attributes beside them. An
//! item that is no record is told by its key and is never a reason to panic.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use kernel::context::{CorrelationId, TraceParent};
use kernel::id::Prefix;
use kernel::record::{BadRecord, Column, ColumnType};
use kernel::store::BadRow;
use kernel::{
    AnyId, AnyRecord, Envelope, EventId, EventKind, Key, Kind, Put, Said, Stored, Time, Value,
};

use crate::tables::{
    CAUSED_BY, EVENTS, ID, SAID_BEFORE, SAYS, SCHEMA_VERSION, SEQUENCE, Table, VERSION,
    attribute_of,
};

/// An item, as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// The names in an event's map.
mod event {
    pub(super) const ID: &str = "id";
    pub(super) const TYPE: &str = "type";
    pub(super) const AT: &str = "at";
    pub(super) const SEQUENCE: &str = "sequence";
    pub(super) const CAUSATION: &str = "causation";
    pub(super) const CORRELATION: &str = "correlation";
    pub(super) const TRACE: &str = "trace";
    pub(super) const DETAIL: &str = "detail";
}

#[allow(clippy::needless_pass_by_value, reason = "numbers, ids and words in hand")]
pub(crate) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[allow(clippy::needless_pass_by_value, reason = "numbers, ids and words in hand")]
pub(crate) fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// A column's value; none where it is absent.
pub(crate) fn attribute(value: &Value<'_>) -> Option<AttributeValue> {
    match value {
        Value::Null => None,
        Value::Integer(integer) => Some(number(integer)),
        Value::Text(words) => Some(text(words)),
        Value::Id(id) => Some(text(id)),
        Value::Bytes(bytes) => Some(AttributeValue::B(Blob::new(bytes.to_vec()))),
    }
}

/// The key of a record's item.
pub(crate) fn key(key: Key) -> Item {
    let sequence = number(key.sequence.unwrap_or(0));
    HashMap::from([(ID.to_owned(), text(key.id)), (SEQUENCE.to_owned(), sequence)])
}

/// The item of what is put, with what former versions said.
pub(crate) fn item(table: &Table, put: &Put, said_before: &[Said]) -> Item {
    let record = &*put.record;
    let kind = record.kind();
    let mut item = key(record.key());
    let mut columns = kind.columns.iter();
    record.values(&mut |value| {
        let Some(column) = columns.next() else { return };
        let name = attribute_of(kind, column.name);
        if let Some(attribute) = attribute(&value).filter(|_| name != SEQUENCE && name != ID) {
            item.insert(name.to_owned(), attribute);
        }
    });
    for index in
        table.indexes.iter().filter(|index| index.kind == kind && index.has_own_partition())
    {
        // Without its sort key it would not be in the index anyway.
        let is_sorted = item.contains_key(&index.sort.name);
        let partition = item.get(attribute_of(kind, index.index.partition)).cloned();
        if let Some(partition) = partition.filter(|_| is_sorted) {
            item.insert(index.partition.name.clone(), partition);
        }
    }
    if let Some(cause) = direct_cause(record) {
        item.insert(CAUSED_BY.to_owned(), text(cause));
    }
    item.insert(VERSION.to_owned(), number(put.version()));
    item.insert(SCHEMA_VERSION.to_owned(), number(kind.schema_version));
    if !put.events.is_empty() {
        let says: Vec<_> = put.events.iter().map(|said| said.kind.name()).collect();
        item.insert(SAYS.to_owned(), text(says.join(" ")));
    }
    for (name, said) in [(EVENTS, put.events.as_slice()), (SAID_BEFORE, said_before)] {
        if !said.is_empty() {
            let events = said.iter().map(event_map).collect();
            item.insert(name.to_owned(), AttributeValue::L(events));
        }
    }
    item
}

/// A movement that no event caused is its own cause, and is looked for by it however old it is.
fn direct_cause(record: &dyn AnyRecord) -> Option<AnyId> {
    record.chained().map(|(cause, _)| cause).filter(|cause| is_direct(*cause))
}

/// Whether the entries of this cause stand in the index of causes.
pub(crate) fn is_direct(cause: AnyId) -> bool {
    cause.prefix == Prefix::Transfer
}

fn event_map(said: &Said) -> AttributeValue {
    let mut map = HashMap::from([
        (event::ID.to_owned(), text(said.id)),
        (event::TYPE.to_owned(), text(said.kind.name())),
        (event::AT.to_owned(), number(said.at.micros())),
        (event::SEQUENCE.to_owned(), number(said.sequence)),
        (event::CORRELATION.to_owned(), text(said.correlation)),
    ]);
    let optional = [
        (event::CAUSATION, said.causation.map(text)),
        (event::TRACE, said.trace.map(text)),
        (event::DETAIL, said.detail.as_deref().map(text)),
    ];
    for (name, value) in optional {
        map.extend(value.map(|value| (name.to_owned(), value)));
    }
    AttributeValue::M(map)
}

/// The kind of an item; none if the table has no kind of such an id.
pub fn kind_of(table: &Table, item: &Item) -> Option<&'static Kind> {
    let id: AnyId = item.get(ID)?.as_s().ok()?.parse().ok()?;
    table.kinds.iter().copied().find(|kind| kind.prefixes.contains(&id.prefix))
}

/// The key of an item as it stands there, for a person.
fn legible_key(kind: &'static Kind, item: &Item) -> String {
    let id = item.get(ID).and_then(|id| id.as_s().ok()).map_or("", String::as_str);
    let sequence =
        item.get(SEQUENCE).and_then(|place| place.as_n().ok()).map_or("", String::as_str);
    if kind.sort.is_some() { format!("{id}/{sequence}") } else { id.to_owned() }
}

/// An item's record, its version and what it said.
///
/// # Errors
/// When the item is no record of this kind.
pub fn read(kind: &'static Kind, item: &Item) -> Result<Stored, BadRow> {
    read_item(kind, item).map_err(|why| BadRow { key: legible_key(kind, item), why })
}

/// The events of an item, ready to travel.
///
/// # Errors
/// When the item is no record of this kind, or one that says no such event.
pub fn envelopes(kind: &'static Kind, item: &Item) -> Result<Vec<Envelope>, String> {
    let stored = read(kind, item).map_err(|bad| bad.to_string())?;
    let build = |said| Envelope::build(&*stored.record, said).map_err(|bad| bad.to_string());
    stored.said.iter().map(build).collect()
}

fn read_item(kind: &'static Kind, item: &Item) -> Result<Stored, BadRecord> {
    let bad = |column| BadRecord::Column { kind: kind.name, column };
    let values = kind.columns.iter().map(|column| {
        let attribute = item.get(attribute_of(kind, column.name));
        value(column.r#type, attribute).ok_or_else(|| bad(column.name))
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let ours = |name| integer(item.get(name)).and_then(|number| u64::try_from(number).ok());
    let schema_version = ours(SCHEMA_VERSION).ok_or_else(|| bad(SCHEMA_VERSION))?;
    let version = ours(VERSION).filter(|version| *version > 0).ok_or_else(|| bad(VERSION))?;
    let record = kind.read(u16::try_from(schema_version).unwrap_or(u16::MAX), values)?;
    let list = |name| events(item.get(name)).ok_or_else(|| bad(name));
    let (said, said_before) = (list(EVENTS)?, list(SAID_BEFORE)?);
    Ok(Stored { said_before, ..Stored::new(record, version, said) })
}

/// The events of a list; none where something else stands there.
fn events(attribute: Option<&AttributeValue>) -> Option<Arc<[Said]>> {
    let Some(attribute) = attribute else { return Some(Arc::default()) };
    attribute.as_l().ok()?.iter().map(said).collect()
}

fn integer(attribute: Option<&AttributeValue>) -> Option<i64> {
    attribute?.as_n().ok()?.parse().ok()
}

/// The value of an attribute; none where it is of another type.
fn value(column: ColumnType, attribute: Option<&AttributeValue>) -> Option<Value<'_>> {
    let Some(attribute) = attribute else { return Some(Value::Null) };
    match column {
        ColumnType::Integer => integer(Some(attribute)).map(Value::Integer),
        ColumnType::Text => attribute.as_s().ok().map(|text| Value::Text(text.into())),
        ColumnType::Id => attribute.as_s().ok()?.parse().ok().map(Value::Id),
        ColumnType::Bytes => attribute.as_b().ok().map(|bytes| Value::Bytes(bytes.as_ref().into())),
    }
}

fn said(attribute: &AttributeValue) -> Option<Said> {
    let map = attribute.as_m().ok()?;
    let words = |name: &str| map.get(name).and_then(|words| words.as_s().ok());
    Some(Said {
        id: words(event::ID)?.parse().ok()?,
        kind: EventKind::from_name(words(event::TYPE)?)?,
        at: Time::from_value(&Value::Integer(integer(map.get(event::AT))?))?,
        sequence: integer(map.get(event::SEQUENCE))?.try_into().ok()?,
        causation: parsed::<EventId>(words(event::CAUSATION))?,
        correlation: words(event::CORRELATION)?.parse::<CorrelationId>().ok()?,
        trace: parsed::<TraceParent>(words(event::TRACE))?,
        detail: words(event::DETAIL).map(|detail| detail.as_str().into()),
    })
}

/// What is there must be readable; what is not there is none.
fn parsed<T: FromStr>(text: Option<&String>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| text.parse().ok().map(Some))
}

#[cfg(test)]
mod tests {
    use kernel::{Id, PaymentId, Record, WalletId, record};

    use super::*;
    use crate::tables::tables_of;

    record! {
        /// A note.
        pub struct Note in "note" of "test" version 2 {
            note_id: PaymentId,
            wallet_id: Option<WalletId>,
            count: u64,
        }
        key (note_id: PaymentId)
    }

    impl kernel::Rules for Note {}

    fn sample() -> Item {
        let wallet_id = Some(WalletId::from_uuid(2));
        let record = Note { note_id: PaymentId::from_uuid(1), wallet_id, count: 3 };
        let mut writes = kernel::Writes::default();
        writes.create(record);
        let puts = writes.into_puts();
        item(&tables_of(&[Note::KIND])[0], &puts[0], &[])
    }

    /// An item with one attribute changed, or taken away: what is read of it.
    #[track_caller]
    fn check(name: &str, value: impl Into<Option<AttributeValue>>, expected: &str) {
        let mut item = sample();
        match value.into() {
            Some(value) => item.insert(name.to_owned(), value),
            None => item.remove(name),
        };
        let read = read(Note::KIND, &item);
        let read = read.map_or_else(
            |bad| bad.to_string(),
            |stored| format!("version {} {:?}", stored.version, stored.record),
        );
        assert!(read.ends_with(expected), "{read}");
    }

    #[test]
    fn what_is_no_record_is_told_by_its_key() {
        let key = "pay_00000000-0000-0000-0000-000000000001: ";
        let bad = |column: &str| format!("{key}a note has a bad value in `{column}`");
        check("other", text("x"), "count: 3 }");
        check("wallet_id", None, "wallet_id: None, count: 3 }");
        check("wallet_id", text("pay_00000000-0000-0000-0000-000000000002"), &bad("wallet_id"));
        check("wallet_id", text("nobody"), &bad("wallet_id"));
        check("count", text("3"), &bad("count"));
        check("count", number("-1"), &bad("count"));
        check("count", number("1.5"), &bad("count"));
        check("count", None, &bad("count"));
        check(VERSION, None, &bad("version"));
        check(VERSION, number(0), &bad("version"));
        check(SCHEMA_VERSION, text("2"), &bad("schema_version"));
        check(
            SCHEMA_VERSION,
            number(3),
            "a note has schema version 3; this program knows up to 2: update it",
        );
        check(EVENTS, text("x"), &bad("events"));
        check(EVENTS, AttributeValue::L(vec![text("x")]), &bad("events"));
        check(SAID_BEFORE, AttributeValue::L(vec![text("x")]), &bad("said_before"));
    }

    #[test]
    fn the_kind_of_an_item_is_told_by_its_id() {
        let table = &tables_of(&[Note::KIND])[0];
        assert_eq!(kind_of(table, &sample()), Some(Note::KIND));
        for id in ["wal_00000000-0000-0000-0000-000000000001", "x", ""] {
            let item = Item::from([(ID.to_owned(), text(id))]);
            assert_eq!(kind_of(table, &item), None, "{id}");
        }
    }
}
