//! A data folder as one reads it beside its writer: one moment of SQLite, and over it what the
//! journal held beyond. For `verify` and exports; nothing is written, no lock is taken. Lists, events and
//! dead letters are those of SQLite alone: the newest may be missing until a writer has folded.

mod unheard;

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use kernel::audit::Act;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::{BadRow, BoxFuture, Query, Scan, ScanPlace, StorePort};
use kernel::time::System;
use kernel::{AnyId, ChainId, Clock, Context, ErasedDecision, Key, Kind, StoreError, Stored, Time};
use parking_lot::Mutex;

use crate::files::RealFiles;
use crate::folder::Folder;
use crate::journal::Tail;
use crate::journal::codec::Names;
use crate::open::OpenError;
use crate::rows::RecordRow;
use crate::sqlite::{self, Reader, Schema};

pub use unheard::Unheard;

/// The order of a scan: the id as text, then the sequence.
type Place = (String, u64);

/// A data folder that is only read, as it was when it was opened.
pub struct ReadOnlyStore {
    reader: Mutex<Reader>,
    /// What the journal had beyond SQLite, the newest version of each record.
    beyond: HashMap<&'static str, BTreeMap<Place, RecordRow>>,
    /// What it had beyond SQLite of the bus.
    bus: unheard::Beyond,
}

fn place_of(key: Key) -> Place {
    (key.id.to_string(), key.sequence.unwrap_or_default())
}

impl ReadOnlyStore {
    /// Opens a folder that must be there.
    ///
    /// # Errors
    /// When it is not there, or what is in it is damaged, newer or unreadable.
    pub fn open(folder: &Path, kinds: &[&'static Kind]) -> Result<Arc<Self>, OpenError> {
        let folder = Folder::existing(folder)?;
        let schema = Arc::new(Schema::new(kinds));
        let reader = Reader::open(&folder.database(), schema, &sqlite::Options::default())?;
        // The journal before the moment: what leaves it after this is in that moment already.
        let files = RealFiles::of_folder(&folder.journal());
        let tail = Tail::open(&files, Names::of(kinds), &reader.standing()?)?;
        reader.hold()?;
        let mut beyond: HashMap<&'static str, BTreeMap<Place, RecordRow>> = HashMap::new();
        let mut bus = unheard::Beyond::default();
        for batch in tail.after(&reader.standing()?)? {
            let mut batch = batch?;
            bus.add(&mut batch);
            for row in batch.records {
                let of_kind = beyond.entry(row.kind().name).or_default();
                of_kind.insert(place_of(row.key()), row);
            }
        }
        Ok(Arc::new(Self { reader: Mutex::new(reader), beyond, bus }))
    }

    fn get_now(&self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, StoreError> {
        let beyond = self.beyond.get(kind.name).and_then(|of_kind| of_kind.get(&place_of(key)));
        if let Some(row) = beyond {
            return Ok(Some(row.stored()));
        }
        Ok(self.reader.lock().get(kind, key)?.map(|row| row.stored()))
    }

    /// The newest of both: the journal may have only an older entry, which was said again.
    fn head_now(&self, kind: &'static Kind, of: ChainId) -> Result<Option<Stored>, StoreError> {
        let of_chain = (of.to_string(), 0)..=(of.to_string(), u64::MAX);
        let beyond = self.beyond.get(kind.name).and_then(|rows| rows.range(of_chain).next_back());
        let folded = self.reader.lock().head(kind, of)?;
        let rows = folded.iter().chain(beyond.map(|(_, row)| row));
        // Of the same entry the journal's is newer, and comes last.
        Ok(rows.max_by_key(|row| row.key().sequence).map(RecordRow::stored))
    }

    /// A piece of SQLite's scan, with what the journal has of the same stretch in its place.
    fn scan_now(
        &self,
        kind: &'static Kind,
        after: Option<&ScanPlace>,
        limit: usize,
    ) -> Result<Scan, StoreError> {
        let Some(beyond) = self.beyond.get(kind.name) else {
            return Ok(self.reader.lock().scan(kind, after, limit)?);
        };
        let (start, inner) = after.map_or((None, None), split);
        let Scan { rows, next } = self.reader.lock().scan(kind, inner.as_ref(), limit)?;
        let last = rows.iter().rev().find_map(|row| row.as_ref().ok().map(key_place));
        let end = match (&next, &last) {
            (None, _) => Bound::Unbounded,
            (Some(_), Some(last)) => Bound::Included(last.clone()),
            // A whole piece that cannot be read: what the journal has comes with the next one.
            (Some(_), None) => return Ok(Scan { rows, next: next.map(|next| join(start, &next)) }),
        };
        let begin = start.map_or(Bound::Unbounded, Bound::Excluded);
        let newer = beyond.range((begin, end));
        let scan_next = next.zip(last).map(|(next, last)| join(Some(last), &next));
        Ok(Scan { rows: woven(rows, newer), next: scan_next })
    }
}

fn key_place(stored: &Stored) -> Place {
    place_of(stored.record.key())
}

/// Two sorted runs as one; of one key the newer row.
fn woven<'a>(
    rows: Vec<Result<Stored, BadRow>>,
    newer: impl Iterator<Item = (&'a Place, &'a RecordRow)>,
) -> Vec<Result<Stored, BadRow>> {
    let mut newer = newer.peekable();
    let mut woven = Vec::with_capacity(rows.len());
    for row in rows {
        if let Ok(stored) = &row {
            let place = key_place(stored);
            while let Some((_, before)) = newer.next_if(|(at, _)| **at < place) {
                woven.push(Ok(before.stored()));
            }
            if let Some((_, instead)) = newer.next_if(|(at, _)| **at == place) {
                woven.push(Ok(instead.stored()));
                continue;
            }
        }
        woven.push(row);
    }
    woven.extend(newer.map(|(_, row)| Ok(row.stored())));
    woven
}

/// Where a scan goes on: behind which key of ours, and where in SQLite.
fn join(start: Option<Place>, inner: &ScanPlace) -> ScanPlace {
    let (id, sequence) = start.unwrap_or_default();
    ScanPlace(format!("{id} {sequence} {}", inner.0))
}

fn split(place: &ScanPlace) -> (Option<Place>, Option<ScanPlace>) {
    let mut parts = place.0.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (id, sequence, inner) = (part(), part(), part());
    let start = (!id.is_empty()).then(|| (id, sequence.parse().unwrap_or_default()));
    (start, Some(ScanPlace(inner)))
}

impl StorePort for ReadOnlyStore {
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        _: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        let why = format!("{}: the folder is open for reading only", decision.name());
        Box::pin(async move { Err(StoreError::Unavailable(why)) })
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.get_now(kind, key) })
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.head_now(kind, of) })
    }

    /// As SQLite has it: what only the journal has is not looked through.
    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(
            async move { Ok(self.reader.lock().caused(kind, of, cause)?.map(|row| row.stored())) },
        )
    }

    /// As SQLite has it: what only the journal has is not listed.
    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        Box::pin(async move {
            let rows = self.reader.lock().list(&query)?;
            Ok(rows.into_iter().map(|row| row.stored()).collect())
        })
    }

    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        Box::pin(async move { self.scan_now(kind, after.as_ref(), limit) })
    }

    fn changed(&self, _: &'static Kind, _: Key, _: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            Err(StoreError::Unavailable("the folder is open for reading only".to_owned()))
        })
    }

    fn now(&self) -> Time {
        System.now()
    }
}

impl EventsPort for ReadOnlyStore {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Box::pin(async move { Ok(self.reader.lock().events(&query)?) })
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(async move { Ok(self.reader.lock().deliveries(&positions)?) })
    }

    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move { Ok(self.reader.lock().dead_letters(after.as_deref(), limit)?) })
    }

    fn redrive(&self, _: String, _: Act, _: Context) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            Err(StoreError::Unavailable("the folder is open for reading only".to_owned()))
        })
    }
}

#[cfg(test)]
mod tests;
