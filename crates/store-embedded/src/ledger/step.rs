//! A step in the making: decisions run one after another over what is durable and what the step has
//! changed so far. Nothing of it is seen by anybody before it is on disk.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kernel::decision::{Drawn, Source, StoredChain};
use kernel::event::Envelope;
use kernel::{
    AnyId, ChainId, Context, ErasedDecision, Expect, Ids, Key, Kind, Put, StoreError, Stored,
    Suspend, Time, View, Writes,
};

use super::causes::{Causes, Lookup};
use super::overlay::{Kinds, Overlay, Slot};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};
use crate::sqlite::{Reader, SqliteError};

/// What a step reads from.
pub(crate) struct Base<'a> {
    pub kinds: &'a Kinds,
    pub overlay: &'a Overlay,
    pub causes: &'a mut Causes,
    pub reader: &'a Reader,
    pub ids: &'a dyn Ids,
}

/// What a step has changed so far.
#[derive(Default)]
pub(crate) struct Step {
    /// Its batch: what the journal and SQLite take.
    pub batch: Batch,
    /// The events of the batch, in the same order, ready to be heard.
    pub envelopes: Vec<Envelope>,
    records: HashMap<Slot, usize>,
    /// Where in the batch the newest entries of chains stand, by their chains.
    pub heads: HashMap<Slot, usize>,
    causes: HashMap<(AnyId, AnyId), u64>,
    next_position: u64,
}

impl Step {
    /// Step number `number`, whose first event stands at `next_position` in the log.
    pub(crate) fn new(number: u64, next_position: u64) -> Self {
        let mut step = Self { next_position, ..Self::default() };
        step.batch.number = number;
        step
    }

    /// Whether there is nothing to be written.
    pub(crate) fn is_empty(&self) -> bool {
        let Batch { records, events, deliveries, cursors, .. } = &self.batch;
        records.is_empty() && events.is_empty() && deliveries.is_empty() && cursors.is_empty()
    }

    /// How much is to be written.
    pub(crate) fn rows(&self) -> usize {
        let Batch { records, events, deliveries, .. } = &self.batch;
        records.len().saturating_add(events.len()).saturating_add(deliveries.len())
    }

    /// Where the next event will stand.
    pub(crate) fn next_position(&self) -> u64 {
        self.next_position
    }

    /// Books what became of a delivery.
    pub(crate) fn deliver(&mut self, row: DeliveryRow) {
        self.batch.deliveries.push(row);
    }

    /// Books how far a subscription has heard.
    pub(crate) fn advance(&mut self, cursor: CursorRow) {
        match self.batch.cursors.iter_mut().find(|row| row.subscription == cursor.subscription) {
            Some(row) => *row = cursor,
            None => self.batch.cursors.push(cursor),
        }
    }

    /// Runs a decision. What it writes is in the step, or none of it is.
    ///
    /// # Errors
    /// When the store cannot answer the decision's questions, or the decision breaks its own rules.
    pub(crate) fn run(
        &mut self,
        base: &mut Base<'_>,
        decision: &dyn ErasedDecision,
        context: &Context,
        now: Time,
    ) -> Result<Box<dyn Any + Send>, StoreError> {
        let ids = base.ids;
        let mut writes = Writes::default();
        let mut drawn = Drawn::default();
        let mut sight = Sight { base, step: self, absent: Vec::new(), trouble: None };
        // A decision that panics has broken its own rules. It must not take the others with it.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut view = View::new(&mut sight, context, now, ids, &mut drawn);
            let outcome = decision.decide_erased(&mut view, &mut writes);
            (outcome, writes.into_puts())
        }));
        let Sight { absent, trouble, .. } = sight;
        let (outcome, puts) = ran.map_err(|panic| broken(decision, &*panic))?;
        let outcome = outcome.map_err(|_| match trouble {
            Some(trouble) => trouble.into(),
            None => StoreError::Broken(format!("{} suspended itself", decision.name())),
        })?;
        let built = catch_unwind(AssertUnwindSafe(|| self.admit(base, &puts, &absent, &drawn)));
        let built = built.map_err(|panic| broken(decision, &*panic))??;
        self.envelopes.extend(built.iter().cloned());
        let mut built = built.iter();
        puts.into_iter().for_each(|put| self.put(base.kinds, put, &mut built));
        Ok(outcome)
    }

    /// The second of the two assertions about what is put: the first stands in the decision. Gives
    /// the events that are said.
    fn admit(
        &self,
        base: &mut Base<'_>,
        puts: &[Put],
        absent: &[Slot],
        drawn: &Drawn,
    ) -> Result<Vec<Envelope>, StoreError> {
        let mut said = Vec::with_capacity(puts.len());
        for put in puts {
            self.admit_one(base, put, absent, drawn)?;
            for event in &put.events {
                let envelope = Envelope::build(&*put.record, event);
                said.push(envelope.map_err(|bad| StoreError::Broken(bad.to_string()))?);
            }
        }
        Ok(said)
    }

    fn admit_one(
        &self,
        base: &mut Base<'_>,
        put: &Put,
        absent: &[Slot],
        drawn: &Drawn,
    ) -> Result<(), StoreError> {
        let slot = base.kinds.slot(put.record.kind(), put.record.key());
        let surely_absent = || absent.contains(&slot) || drawn.has(slot.key.id.uuid);
        let there = match put.expect {
            Expect::Absent if slot.key.sequence.is_none() && surely_absent() => None,
            Expect::Absent | Expect::Version(_) => self.find(base, put.record.kind(), slot)?,
        };
        let fits = match (put.expect, &there) {
            (Expect::Absent, None) => true,
            (Expect::Version(version), Some(row)) => row.version == version,
            (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
        };
        if fits {
            return Ok(());
        }
        let kind = put.record.kind();
        Err(StoreError::Broken(format!("{kind:?} {:?} is not as the decision saw it", slot.key)))
    }

    fn put<'e>(
        &mut self,
        kinds: &Kinds,
        put: Put,
        envelopes: &mut impl Iterator<Item = &'e Envelope>,
    ) {
        let (kind, key) = (put.record.kind(), put.record.key());
        let slot = kinds.slot(kind, key);
        let first = self.next_position;
        for said in &put.events {
            let Some(envelope) = envelopes.next() else { break };
            self.batch.events.push(EventRow {
                position: self.next_position,
                said: said.clone(),
                kind,
                key,
                subject: envelope.data.subject(),
            });
            self.next_position = self.next_position.saturating_add(1);
        }
        let version = put.version();
        let said_position = (!put.events.is_empty()).then_some(first);
        let row = RecordRow { record: put.record, version, said: put.events.into(), said_position };
        let place = self.batch.records.len();
        let chained = row.record.chained();
        match self.records.get(&slot).copied() {
            Some(place) => {
                if let Some(there) = self.batch.records.get_mut(place) {
                    *there = row;
                }
            }
            None => {
                self.batch.records.push(row);
                self.records.insert(slot, place);
                if let (Some((cause, _)), Some(sequence)) = (chained, key.sequence) {
                    self.causes.insert((key.id, cause), sequence);
                    // An entry that is only said again may stand below its chain's head.
                    if version == 1 {
                        self.heads.insert(head_slot(slot), place);
                    }
                }
            }
        }
    }

    /// The record of a slot: as this step left it, as it is durable, or as SQLite has it.
    fn find(
        &self,
        base: &mut Base<'_>,
        kind: &'static Kind,
        slot: Slot,
    ) -> Result<Option<RecordRow>, SqliteError> {
        if let Some(row) = self.records.get(&slot).and_then(|place| self.batch.records.get(*place))
        {
            return Ok(Some(row.clone()));
        }
        if let Some(row) = base.overlay.use_one(slot) {
            return Ok(Some(row));
        }
        // The entry after a head that is known cannot be there.
        if let Some(sequence) = slot.key.sequence {
            let head = self.head_here(base, slot);
            if head.is_some_and(|head| head.key().sequence.is_some_and(|last| last < sequence)) {
                return Ok(None);
            }
        }
        let found = base.reader.get(kind, slot.key)?;
        if let Some(row) = &found {
            base.overlay.keep(slot, row.clone());
        }
        Ok(found)
    }

    fn head_here(&self, base: &Base<'_>, slot: Slot) -> Option<RecordRow> {
        let slot = head_slot(slot);
        if let Some(place) = self.heads.get(&slot) {
            return self.batch.records.get(*place).cloned();
        }
        let head = base.overlay.use_one(slot)?;
        // This step may have said it again.
        let newer = self.records.get(&Slot { key: head.key(), ..slot });
        let newer = newer.and_then(|place| self.batch.records.get(*place));
        Some(newer.cloned().unwrap_or(head))
    }

    fn head(
        &self,
        base: &mut Base<'_>,
        kind: &'static Kind,
        of: ChainId,
    ) -> Result<Option<RecordRow>, SqliteError> {
        let slot = base.kinds.slot(kind, Key { id: of.any(), sequence: None });
        if let Some(row) = self.head_here(base, slot) {
            return Ok(Some(row));
        }
        let Some(row) = base.reader.head(kind, of)? else { return Ok(None) };
        if let Some((_, booked_at)) = row.record.chained() {
            base.causes.met(booked_at);
        }
        // It may have been said again since, which SQLite does not show yet.
        let entry = base.kinds.slot(kind, row.key());
        let row = self.find(base, kind, entry)?.unwrap_or(row);
        base.overlay.keep(slot, row.clone());
        Ok(Some(row))
    }

    fn caused(
        &self,
        base: &mut Base<'_>,
        kind: &'static Kind,
        of: ChainId,
        (cause, not_before): (AnyId, Time),
    ) -> Result<Option<RecordRow>, SqliteError> {
        let here = self.causes.get(&(of.any(), cause)).map(|sequence| Lookup::Entry(*sequence));
        match here.unwrap_or_else(|| base.causes.find(of.any(), cause, not_before)) {
            Lookup::None => Ok(None),
            Lookup::Unknown => {
                let Some(row) = base.reader.caused(kind, of, cause)? else { return Ok(None) };
                // It may have been said again since, which SQLite does not show yet.
                let slot = base.kinds.slot(kind, row.key());
                Ok(Some(self.find(base, kind, slot)?.unwrap_or(row)))
            }
            Lookup::Entry(sequence) => {
                let slot = base.kinds.slot(kind, Key::entry(of, sequence));
                self.find(base, kind, slot)
            }
        }
    }
}

/// The slot under which the head of an entry's chain stands.
pub(crate) fn head_slot(entry: Slot) -> Slot {
    Slot { key: Key { sequence: None, ..entry.key }, ..entry }
}

fn broken(decision: &dyn ErasedDecision, panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
    StoreError::Broken(format!("{}: {text}", decision.name()))
}

/// What one decision sees.
struct Sight<'s, 'b> {
    base: &'s mut Base<'b>,
    step: &'s Step,
    absent: Vec<Slot>,
    trouble: Option<SqliteError>,
}

impl Sight<'_, '_> {
    fn or_suspend<T>(&mut self, found: Result<T, SqliteError>) -> Result<T, Suspend> {
        found.map_err(|trouble| {
            self.trouble = Some(trouble);
            Suspend::by_store()
        })
    }
}

impl Source for Sight<'_, '_> {
    fn get(&mut self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, Suspend> {
        let slot = self.base.kinds.slot(kind, key);
        let found = self.step.find(self.base, kind, slot);
        let found = self.or_suspend(found)?;
        if found.is_none() {
            self.absent.push(slot);
        }
        Ok(found.map(|row| row.stored()))
    }

    fn chain(
        &mut self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
        not_before: Time,
    ) -> Result<StoredChain, Suspend> {
        let head = self.step.head(self.base, kind, of);
        let Some(head) = self.or_suspend(head)? else { return Ok(StoredChain::default()) };
        let booked_at = head.record.chained().map(|(_, booked_at)| booked_at);
        let caused = if booked_at.is_some_and(|booked_at| booked_at < not_before) {
            None
        } else {
            let caused = self.step.caused(self.base, kind, of, (cause, not_before));
            self.or_suspend(caused)?
        };
        Ok(StoredChain { head: Some(head.stored()), caused: caused.map(|row| row.stored()) })
    }
}
