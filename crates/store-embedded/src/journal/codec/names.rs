//! What the numbers in encoded batches stand for: as this program writes them, and as a segment says
//! that it was written.

use std::sync::Arc;

use kernel::{EventKind, Kind};

use super::reader::{Reader, Refused};
use super::recent::Recent;
use super::values::Values;

/// What the numbers in encoded batches stand for: kinds of record with their columns, and types of
/// event. Each segment begins with it, so that a program whose kinds or columns changed order reads
/// it right.
#[derive(Debug)]
pub struct Names {
    kinds: Vec<&'static Kind>,
}

impl Names {
    /// Of these kinds, and of all types of event.
    pub fn of(kinds: &[&'static Kind]) -> Arc<Self> {
        Arc::new(Self { kinds: kinds.to_vec() })
    }

    /// The number of a kind, which must be one of those.
    pub(super) fn number_of_kind(&self, kind: &'static Kind) -> u64 {
        let place = self.kinds.iter().position(|known| *known == kind);
        let Some(number) = place.and_then(|place| u64::try_from(place).ok()) else {
            unreachable!("the journal was not told of the kind {kind:?}");
        };
        number
    }

    /// The number of a type of event.
    pub(super) fn number_of_event(&self, event: EventKind) -> u64 {
        let place = EventKind::ALL.iter().position(|known| *known == event);
        place.and_then(|place| u64::try_from(place).ok()).unwrap_or(u64::MAX)
    }

    /// Appends it to a segment's head.
    pub(in crate::journal) fn write(&self, out: &mut Vec<u8>) {
        let mut table = Vec::new();
        let mut recent = Recent::default();
        let mut values = Values::new(&mut table, &mut recent);
        values.count(self.kinds.len());
        for kind in &self.kinds {
            values.text(kind.name);
            values.number(u64::from(kind.schema_version));
            values.count(kind.columns.len());
            kind.columns.iter().for_each(|column| values.text(column.name));
        }
        values.count(EventKind::ALL.len());
        EventKind::ALL.iter().for_each(|event| values.text(event.name()));
        out.extend_from_slice(&table);
    }
}

/// What the numbers of one segment stand for, as far as this program knows it.
#[derive(Debug)]
pub(in crate::journal) struct Table {
    kinds: Vec<WrittenKind>,
    events: Vec<Result<EventKind, Box<str>>>,
}

/// A kind of record as it was when the segment was written.
#[derive(Debug)]
pub(super) struct WrittenKind {
    name: Box<str>,
    /// None: this program does not know it.
    kind: Option<&'static Kind>,
    pub(super) schema_version: u16,
    /// For each column that was written its place now; none if it is no more.
    pub(super) places: Vec<Option<usize>>,
}

impl Table {
    /// Reads what [`Names::write`] wrote, in this program or another version of it.
    pub(in crate::journal) fn read(bytes: &[u8], names: &Names) -> Result<Self, Refused> {
        let mut reader = Reader::new(bytes);
        let mut kinds = Vec::new();
        for _ in 0..reader.count()? {
            let name = reader.text()?;
            let schema_version = reader.whole()?;
            let kind = names.kinds.iter().copied().find(|kind| kind.name == name);
            let mut places = Vec::new();
            for _ in 0..reader.count()? {
                let column = reader.text()?;
                places.push(kind.and_then(|kind| kind.column(&column)));
            }
            kinds.push(WrittenKind { name: name.into(), kind, schema_version, places });
        }
        let mut events = Vec::new();
        for _ in 0..reader.count()? {
            let name = reader.text()?;
            events.push(EventKind::from_name(&name).ok_or_else(|| name.into()));
        }
        reader.end()?;
        Ok(Self { kinds, events })
    }

    /// The kind of a number.
    pub(super) fn kind(&self, number: u64) -> Result<(&'static Kind, &WrittenKind), Refused> {
        let place = usize::try_from(number).ok();
        let written = place.and_then(|place| self.kinds.get(place));
        let written = written.ok_or_else(|| format!("no kind has the number {number}"))?;
        let kind = written.kind.ok_or_else(|| {
            format!("this program knows no kind of record `{}`: update it", written.name)
        })?;
        Ok((kind, written))
    }

    /// The type of event of a number.
    pub(super) fn event(&self, number: u64) -> Result<EventKind, Refused> {
        let place = usize::try_from(number).ok();
        match place.and_then(|place| self.events.get(place)) {
            Some(Ok(event)) => Ok(*event),
            Some(Err(name)) => {
                Err(format!("this program knows no type of event `{name}`: update it"))
            }
            None => Err(format!("no type of event has the number {number}")),
        }
    }
}
