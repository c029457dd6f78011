//! Writes a batch. How single values are written is in `values`.

use std::sync::Arc;

use kernel::operators::DeliveryState;
use kernel::{Key, Said};

use super::names::Names;
use super::recent::Recent;
use super::values::Values;
use super::{FORMAT, decode};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};

/// Encodes batches, one after another. Nothing is allocated but the bytes themselves.
#[derive(Debug)]
pub struct Encoder {
    names: Arc<Names>,
}

impl Encoder {
    /// For a journal that was opened with the same names.
    pub fn new(names: Arc<Names>) -> Self {
        Self { names }
    }

    /// Puts the bytes of a batch into `out`, which must be empty. Its number is not among them: the
    /// frame says it.
    pub fn encode(&self, batch: &Batch, out: &mut Vec<u8>) {
        assert!(out.is_empty(), "texts are found again by their place from the start");
        let mut recent = Recent::default();
        let mut values = Values::new(out, &mut recent);
        let Batch { number: _, records, events, deliveries, cursors } = batch;
        values.byte(FORMAT);
        values.count(records.len());
        records.iter().for_each(|row| self.record(row, &mut values));
        values.count(events.len());
        self.events(events, records, &mut values);
        values.count(deliveries.len());
        deliveries.iter().for_each(|row| delivery(row, &mut values));
        values.count(cursors.len());
        cursors.iter().for_each(|row| cursor(*row, &mut values));
    }

    fn record(&self, row: &RecordRow, values: &mut Values<'_>) {
        values.number(self.names.number_of_kind(row.kind()));
        values.number(row.version);
        values.count(row.said.len());
        if !row.said.is_empty() {
            let Some(position) = row.said_position else {
                unreachable!("a record has said events that have no position");
            };
            values.position(position);
        }
        row.record.values(&mut |value| values.value(&value));
        values.flush();
        row.said.iter().for_each(|said| self.said(said, values));
    }

    fn said(&self, said: &Said, values: &mut Values<'_>) {
        let Said { id, kind, at, sequence, causation, correlation, trace, detail } = said;
        let flag = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
        values.byte(
            flag(causation.is_some(), decode::CAUSATION)
                | flag(trace.is_some(), decode::TRACE)
                | flag(detail.is_some(), decode::DETAIL),
        );
        values.number(self.names.number_of_event(*kind));
        values.uuid(kernel::Id::uuid(*id));
        values.time(*at);
        values.number(*sequence);
        values.uuid(correlation.0);
        if let Some(causation) = causation {
            values.uuid(kernel::Id::uuid(*causation));
        }
        if let Some(trace) = trace {
            values.out.extend_from_slice(&trace.trace.to_be_bytes());
            values.out.extend_from_slice(&trace.span.to_be_bytes());
            values.byte(trace.flags);
        }
        if let Some(detail) = detail {
            values.text(detail);
        }
    }

    /// The events that the records said are told by how many of those are passed over; others in
    /// full.
    fn events(&self, events: &[EventRow], records: &[RecordRow], values: &mut Values<'_>) {
        let mut said = said_by(records);
        for row in events {
            let mut ahead = said.clone().take(decode::AHEAD_MAX);
            match ahead.position(|said| said.is(row)) {
                Some(passed) => {
                    said.nth(passed);
                    values.count(passed.saturating_add(1));
                }
                None => {
                    values.byte(0);
                    values.position(row.position);
                    values.number(self.names.number_of_kind(row.kind));
                    key(row.key, values);
                    self.said(&row.said, values);
                }
            }
            values.id(row.subject);
        }
    }
}

/// An event that a record of the batch said.
#[derive(Clone, Copy)]
struct SaidBy<'a> {
    row: &'a RecordRow,
    said: &'a Said,
    position: u64,
}

impl SaidBy<'_> {
    fn is(&self, row: &EventRow) -> bool {
        self.position == row.position
            && *self.said == row.said
            && self.row.kind() == row.kind
            && self.row.key() == row.key
    }
}

fn said_by(records: &[RecordRow]) -> impl Iterator<Item = SaidBy<'_>> + Clone {
    records.iter().flat_map(|row| {
        let first = row.said_position.unwrap_or_default();
        row.said.iter().zip(first..).map(move |(said, position)| SaidBy { row, said, position })
    })
}

fn key(key: Key, values: &mut Values<'_>) {
    values.id(key.id);
    // 0 is none, so that a sequence of 0 can be told from it.
    values.number(key.sequence.map_or(0, |sequence| sequence.saturating_add(1)));
}

fn delivery(row: &DeliveryRow, values: &mut Values<'_>) {
    let DeliveryRow { position, subscription, state, attempts, at, took_us, next_at, reason } = row;
    values.position(*position);
    values.number(u64::from(*subscription));
    values.byte(code_of(*state));
    values.number(u64::from(*attempts));
    values.time(*at);
    values.number(*took_us);
    values.value(&kernel::record::Column::to_value(next_at));
    values.flush();
    values.value(&reason.as_deref().map_or(kernel::Value::Null, kernel::Value::from));
    values.flush();
}

fn cursor(row: CursorRow, values: &mut Values<'_>) {
    values.number(u64::from(row.subscription));
    values.position(row.position);
}

/// The numbers are never given anew.
fn code_of(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Waiting => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Parked => 3,
        DeliveryState::Dead => 4,
    }
}
