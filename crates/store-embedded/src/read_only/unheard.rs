//! What subscribers have not heard of what was said, for whoever takes records elsewhere: a message
//! stays behind. Nothing is delivered here.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::operators::DeliveryState;
use kernel::{AnyId, EventKind};

use super::ReadOnlyStore;
use crate::bus::{Subscriber, heard};
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow};
use crate::sqlite::{Reader, SqliteError};

/// A message that a subscription has not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// What was said.
    pub event: EventKind,
    /// The payment or loan that it is about.
    pub subject: AnyId,
    /// Who has not heard it.
    pub subscription: Arc<str>,
    /// Why: it waits, is tried again, or is a dead letter.
    pub state: DeliveryState,
    /// Why it failed last, if it was tried.
    pub reason: Option<Box<str>>,
}

/// What the journal has of the bus beyond SQLite.
#[derive(Default)]
pub(super) struct Beyond {
    events: BTreeMap<u64, EventRow>,
    deliveries: BTreeMap<(u64, u16), DeliveryRow>,
    cursors: Vec<CursorRow>,
}

impl Beyond {
    /// Takes what the next batch has of the bus.
    pub(super) fn add(&mut self, batch: &mut Batch) {
        let Batch { events, deliveries, cursors, .. } = batch;
        self.events.extend(events.drain(..).map(|row| (row.position, row)));
        let deliveries = deliveries.drain(..).map(|row| ((row.position, row.subscription), row));
        self.deliveries.extend(deliveries);
        self.cursors.append(cursors);
    }

    /// The events after a position, in order.
    fn events_after(&self, reader: &Reader, position: u64) -> Result<Vec<EventRow>, SqliteError> {
        let mut events = reader.events_after(position, usize::MAX)?;
        events.extend(self.events.range(position.saturating_add(1)..).map(|(_, row)| row.clone()));
        Ok(events)
    }

    fn event_at(&self, reader: &Reader, position: u64) -> Result<Option<EventRow>, SqliteError> {
        match self.events.get(&position) {
            Some(row) => Ok(Some(row.clone())),
            None => reader.event_at(position),
        }
    }
}

impl ReadOnlyStore {
    /// Everything that these subscribers have not heard, oldest first.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn unheard(&self, subscribers: &[Subscriber]) -> Result<Vec<Unheard>, SqliteError> {
        let reader = self.reader.lock();
        let mut open = BTreeMap::new();
        for row in reader.open_deliveries(None, usize::MAX)?.into_iter().chain(reader.dead()?) {
            open.insert((row.position, row.subscription), (row.state, row.reason));
        }
        for (place, row) in &self.bus.deliveries {
            open.insert(*place, (row.state, row.reason.clone()));
        }
        let names = reader.subscriptions()?;
        for (number, name) in &names {
            let Some(subscriber) = subscribers.iter().find(|subscriber| subscriber.name == *name)
            else {
                continue;
            };
            for event in self.bus.events_after(&reader, self.cursor(&reader, *number)?)? {
                let kind = event.said.kind;
                if heard(kind, event.subject, |attributes| subscriber.hears(kind, attributes)) {
                    let place = (event.position, *number);
                    open.entry(place).or_insert((DeliveryState::Waiting, None));
                }
            }
        }
        open.retain(|_, (state, _)| *state != DeliveryState::Delivered);
        let mut unheard = Vec::with_capacity(open.len());
        for ((position, number), (state, reason)) in open {
            let Some(event) = self.bus.event_at(&reader, position)? else { continue };
            let name = names.iter().find(|(of, _)| *of == number);
            let subscription = name.map_or_else(Arc::default, |(_, name)| Arc::clone(name));
            let (event, subject) = (event.said.kind, event.subject);
            unheard.push(Unheard { event, subject, subscription, state, reason });
        }
        Ok(unheard)
    }

    /// How far a subscription has heard.
    fn cursor(&self, reader: &Reader, number: u16) -> Result<u64, SqliteError> {
        let cursors = reader.cursors()?;
        let cursors = cursors.iter().chain(&self.bus.cursors);
        let of_it = cursors.filter(|cursor| cursor.subscription == number);
        Ok(of_it.map(|cursor| cursor.position).max().unwrap_or_default())
    }
}
