//! Reads a batch back, after a crash or beside the writer. Records of older schema versions are
//! brought up to date by their kind.

use std::sync::Arc;

use kernel::operators::DeliveryState;
use kernel::{CorrelationId, EventId, Id, Key, Said, TraceParent, Value};

use super::FORMAT;
use super::names::Table;
use super::reader::{Reader, Refused};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};

/// Flag of an event: it has a cause.
pub(super) const CAUSATION: u8 = 1;
/// Flag of an event: it belongs to a trace.
pub(super) const TRACE: u8 = 2;
/// Flag of an event: it has a datum of its own.
pub(super) const DETAIL: u8 = 4;
/// Among so many events that the records said the next one is looked for.
pub(super) const AHEAD_MAX: usize = 16;

/// Reads what an [`Encoder`](super::Encoder) wrote for a segment with that table.
pub(in crate::journal) fn decode(
    number: u64,
    bytes: &[u8],
    table: &Table,
) -> Result<Batch, Refused> {
    let mut reader = Reader::new(bytes);
    let format = reader.byte()?;
    if format != FORMAT {
        return Err(format!("it has format {format}; this program knows {FORMAT}: update it"));
    }
    let records = many(&mut reader, |reader| record(reader, table))?;
    let events = events(&mut reader, table, &records)?;
    let deliveries = many(&mut reader, delivery)?;
    let cursors = many(&mut reader, cursor)?;
    reader.end()?;
    Ok(Batch { number, records, events, deliveries, cursors })
}

fn many<'a, T>(
    reader: &mut Reader<'a>,
    mut one: impl FnMut(&mut Reader<'a>) -> Result<T, Refused>,
) -> Result<Vec<T>, Refused> {
    (0..reader.count()?).map(|_| one(reader)).collect()
}

fn record(reader: &mut Reader<'_>, table: &Table) -> Result<RecordRow, Refused> {
    let (kind, written) = table.kind(reader.number()?)?;
    let version = reader.number()?;
    let said_count = reader.count()?;
    let said_position = if said_count == 0 { None } else { Some(reader.position()?) };
    let mut values = vec![Value::Null; kind.columns.len()];
    for place in &written.places {
        let value = reader.value()?;
        if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
            *slot = value;
        }
    }
    reader.flush()?;
    let record = kind.read(written.schema_version, values).map_err(|bad| bad.to_string())?;
    let said: Result<Arc<[Said]>, Refused> = (0..said_count).map(|_| said(reader, table)).collect();
    Ok(RecordRow { record, version, said: said?, said_position })
}

fn said(reader: &mut Reader<'_>, table: &Table) -> Result<Said, Refused> {
    let flags = reader.byte()?;
    if flags & !(CAUSATION | TRACE | DETAIL) != 0 {
        return Err(format!("no event has the flags {flags:#04x}"));
    }
    let is = |flag: u8| flags & flag != 0;
    Ok(Said {
        kind: table.event(reader.number()?)?,
        id: EventId::from_uuid(reader.uuid()?),
        at: reader.time()?,
        sequence: reader.number()?,
        correlation: CorrelationId(reader.uuid()?),
        causation: if is(CAUSATION) { Some(EventId::from_uuid(reader.uuid()?)) } else { None },
        trace: if is(TRACE) { Some(trace(reader)?) } else { None },
        detail: if is(DETAIL) { Some(reader.text()?.into()) } else { None },
    })
}

fn trace(reader: &mut Reader<'_>) -> Result<TraceParent, Refused> {
    Ok(TraceParent {
        trace: u128::from_be_bytes(reader.array()?),
        span: u64::from_be_bytes(reader.array()?),
        flags: reader.byte()?,
    })
}

fn events(
    reader: &mut Reader<'_>,
    table: &Table,
    records: &[RecordRow],
) -> Result<Vec<EventRow>, Refused> {
    let mut said_by = records.iter().flat_map(|row| {
        let first = row.said_position.unwrap_or_default();
        row.said.iter().zip(first..).map(move |(said, position)| (row, said, position))
    });
    many(reader, |reader| {
        let Some(passed) = reader.whole::<usize>()?.checked_sub(1) else {
            return Ok(EventRow {
                position: reader.position()?,
                kind: table.kind(reader.number()?)?.0,
                key: key(reader)?,
                said: said(reader, table)?,
                subject: reader.id()?,
            });
        };
        let (row, said, position) =
            said_by.nth(passed).ok_or("an event was said by no record of the batch")?;
        Ok(EventRow {
            position,
            said: said.clone(),
            kind: row.kind(),
            key: row.key(),
            subject: reader.id()?,
        })
    })
}

fn key(reader: &mut Reader<'_>) -> Result<Key, Refused> {
    Ok(Key { id: reader.id()?, sequence: reader.number()?.checked_sub(1) })
}

fn delivery(reader: &mut Reader<'_>) -> Result<DeliveryRow, Refused> {
    let row = DeliveryRow {
        position: reader.position()?,
        subscription: reader.whole()?,
        state: state_of(reader.byte()?)?,
        attempts: reader.whole()?,
        at: reader.time()?,
        took_us: reader.number()?,
        next_at: kernel::record::Column::from_value(&reader.value()?)
            .ok_or("a time is no number")?,
        reason: match reader.value()? {
            Value::Null => None,
            Value::Text(text) => Some(text.into()),
            Value::Integer(_) | Value::Id(_) | Value::Bytes(_) => {
                return Err("a reason is no text".into());
            }
        },
    };
    reader.flush()?;
    Ok(row)
}

fn cursor(reader: &mut Reader<'_>) -> Result<CursorRow, Refused> {
    Ok(CursorRow { subscription: reader.whole()?, position: reader.position()? })
}

fn state_of(code: u8) -> Result<DeliveryState, Refused> {
    match code {
        1 => Ok(DeliveryState::Waiting),
        2 => Ok(DeliveryState::Delivered),
        3 => Ok(DeliveryState::Parked),
        4 => Ok(DeliveryState::Dead),
        _ => Err(format!("no delivery has the state {code}")),
    }
}
