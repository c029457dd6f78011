//! Reads the batches of segments that were looked through. It decides nothing: which frames count
//! was decided in `scan`.

use std::fmt;
use std::sync::Arc;
use std::vec;

use super::codec::{self, Names, Table};
use super::error::JournalError;
use super::frame::Frame;
use super::scan::{self, Segment};
use super::size::{in_memory, on_disk};
use crate::rows::Batch;

/// What a journal has after some batch, in order and without a gap. After an error it ends. It holds
/// one segment in memory at a time.
pub struct Replay {
    segments: vec::IntoIter<Segment>,
    current: Option<Current>,
    after: u64,
    names: Arc<Names>,
}

/// The segment that is being read.
struct Current {
    segment: Segment,
    content: Vec<u8>,
    table: Table,
    /// Of its frames the next one.
    next: usize,
}

impl Replay {
    pub(super) fn new(segments: Vec<Segment>, after: u64, names: Arc<Names>) -> Self {
        Self { segments: segments.into_iter(), current: None, after, names }
    }

    fn advance(&mut self) -> Result<Option<Batch>, JournalError> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(batch) = current.advance()?
            {
                return Ok(Some(batch));
            }
            let mut segments = self.segments.by_ref().filter(|next| next.last() > self.after);
            let Some(segment) = segments.next() else {
                self.current = None;
                return Ok(None);
            };
            self.current = Some(Current::open(segment, self.after, &self.names)?);
        }
    }

    fn end(&mut self) {
        self.current = None;
        self.segments = Vec::new().into_iter();
    }
}

impl Iterator for Replay {
    type Item = Result<Batch, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.advance();
        if batch.is_err() {
            self.end();
        }
        batch.transpose()
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "what follows after batch {}", self.after)
    }
}

impl Current {
    fn open(segment: Segment, after: u64, names: &Names) -> Result<Self, JournalError> {
        let head = &segment.named.head;
        let table = Table::read(&head.names, names).map_err(|why| JournalError::Unreadable {
            segment: segment.named.name.clone(),
            number: head.first,
            why,
        })?;
        let passed = after.saturating_add(1).saturating_sub(head.first);
        let content = scan::content(&segment.named)?;
        Ok(Self { segment, content, table, next: in_memory(passed) })
    }

    fn advance(&mut self) -> Result<Option<Batch>, JournalError> {
        let Some(place) = self.segment.frames.get(self.next) else { return Ok(None) };
        let named = &self.segment.named;
        let number = named.head.first.saturating_add(on_disk(self.next));
        let is_it = |sequence, found| sequence == named.head.sequence && found == number;
        let frame = Frame::read(place.of(&self.content), 0, is_it).ok_or_else(|| {
            let why = format!("batch {number} was whole a moment ago and no longer is");
            JournalError::Damaged { segment: named.name.clone(), offset: place.offset, why }
        })?;
        let batch = codec::decode(number, frame.payload, &self.table)
            .map_err(|why| JournalError::Unreadable { segment: named.name.clone(), number, why })?;
        self.next = self.next.saturating_add(1);
        Ok(Some(batch))
    }
}
