//! The journal in front of the database: every batch of writes is one frame, synced before anybody
//! is answered; a segment of frames goes when the database has it durably. What a batch says, when
//! it is folded and who waits for it is not known here.
//!
//! # What is guaranteed
//! 1. A batch whose append came back well is found by every later open, whole, in order, whatever
//!    happened to the machine: it was written once and synced once. `RealFiles` syncs by
//!    `fdatasync`; the disk must keep what it said it has, and must not touch bytes beside those
//!    that are written.
//! 2. A batch is found whole or not at all. It is found only if everything before it is.
//! 3. A batch whose append failed is not found again once any later append has succeeded, nor if the
//!    append said `NotWritten`. This is of the journal: a [`Tail`] that was opened while the batch was
//!    being appended may have it for good, and so may a backup that was made of it, for nobody knew
//!    then how its sync would end. (To leave the last batch out until another one confirms it would
//!    lose one that was acknowledged wherever nothing followed.)
//! 4. Damage is told from a torn tail: batches are written one after another, each after the
//!    former's sync, so a frame that is not whole with a whole one after it was damaged later.
//!    Nothing is opened then, nothing is changed. (Damage to the very last frame cannot be told from
//!    a torn tail.) A batch missing between the database and the journal is refused too, and so are
//!    segments of another database, and a journal without any where the database says that it has
//!    one. For that, once a segment was begun, one is always there.
//!
//! # After a write or a sync has failed
//! Nobody knows what is on the disk: the system may have dropped what it could not write, and says
//! so once; a second sync that comes back well proves nothing. So no batch is ever written to that
//! segment again. A new one is begun at once, whose head says after which batch it goes on: the
//! former is cut there, whatever stands in it beyond. When that head is durable, the failed batch is
//! gone for good (`NotWritten`). Where it cannot be made so (`Unknown`), every later append tries
//! that first, so that nothing is acknowledged before it is settled. Then zeroes are written over
//! the failed frame's head as well, should that be possible: even if the new segment's head is
//! damaged one day, the batch does not come back.
//!
//! The same cuts a torn tail: a journal that is opened always goes on in a new segment. Before what
//! it found is handed out, the last frame is written again where it stands and synced: a program
//! that was killed after a failed sync may have left it in memory alone.
//!
//! # Room
//! Files are full of zeroes before they become segments, so that a sync need not change the file
//! system's own books, and a full disk is met while the next one is made, not in the middle. A
//! segment that the database has durably is used again, unless somebody reads it: a [`Tail`] locks
//! the files that it opens, and what is locked is removed instead.

pub mod codec;
mod error;
mod frame;
mod head;
mod replay;
mod scan;
mod size;
mod spares;
mod tail;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

pub use error::{AppendError, JournalError};
pub use replay::Replay;
pub use tail::Tail;

use crate::files::{Access, File, Files, write_all_at};
use crate::rows::Standing;
use codec::Names;
use frame::Frame;
use scan::{Found, Named, Segment, Writer};
use size::on_disk;
use spares::{Retired, Spare, Spares, Workshop};

/// How long a segment is, in bytes.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// How a journal is kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long a segment is, in bytes. No batch can be longer.
    pub segment_bytes: u64,
    /// Who makes segments ready.
    pub preparing: Preparing,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES, preparing: Preparing::Ahead }
    }
}

/// Who makes segments ready: full of zeroes, or emptied of what the database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparing {
    /// A thread of the journal's own, ahead of time.
    Ahead,
    /// Whoever appends or releases, when it is needed. For tests that must be repeatable.
    WhenNeeded,
}

/// The journal, as its one writer has it. The folder is his alone.
pub struct Journal {
    /// The head of the next segment; its numbers are filled in when it is begun.
    head: head::Segment,
    spares: Spares,
    active: Option<Active>,
    /// Nothing more is written to these. In order.
    closed: VecDeque<Closed>,
    /// The last batch in the journal.
    last: u64,
    /// The number of the next batch.
    next: u64,
    /// The batches that the database does not have for good, and how long their frames are.
    waiting: VecDeque<(u64, u64)>,
    bytes_waiting: u64,
    /// A frame that failed and is not cut yet: its file, and its offset.
    failed: Option<(Arc<dyn File>, u64)>,
    /// The sequence of the segment that was begun last. It stays until the next one is begun.
    begun: Option<u64>,
    /// The bytes of a frame; kept so that no memory is asked for.
    frame: Vec<u8>,
}

/// The segment that is appended to.
struct Active {
    name: String,
    file: Arc<dyn File>,
    sequence: u64,
    /// Where the next frame goes.
    offset: u64,
}

/// A segment that nothing more is written to.
struct Closed {
    retired: Retired,
    /// The last batch that is needed of it.
    last: u64,
}

impl Journal {
    /// Opens the journal in front of a database that says `standing`. What the journal has after the
    /// database's last batch is replayed by the iterator, in order and without a gap, and is durable. Everything is checked before anything is handed out. Nothing
    /// is given up before [`release`](Self::release) says that the database has it for good.
    ///
    /// # Errors
    /// `Foreign`, `Gone`, `Damaged`, `Gap`, `Disk`.
    pub fn open(
        files: Arc<dyn Files>,
        names: Arc<Names>,
        standing: &Standing,
        options: Options,
    ) -> Result<(Self, Replay), JournalError> {
        // A segment may be there, with frames in it, whose place in the folder is not durable.
        files.sync_folder().map_err(JournalError::disk("make its folder durable"))?;
        let found = scan::find(&*files, Access::Write, false)?;
        let folded = standing.folded;
        scan::refuse_foreign(&found.segments, standing.lineage)?;
        let sequence = found.sequence_max();
        let Found { segments, spares, headless, name_max } = found;
        let segments = scan::look_through(segments, Writer::Away)?;
        scan::refuse_gap(&segments, folded)?;
        let headless = closed_headless(headless, folded)?;
        if standing.journal_in_use && segments.is_empty() {
            return Err(JournalError::Gone { folded });
        }
        if let Some(last) = segments.last() {
            write_again(last)?;
        }
        let mut head = head::Segment::new(standing.lineage, &names, options.segment_bytes);
        assert!(head.head_bytes < options.segment_bytes, "a segment has no room for frames");
        head.sequence = sequence;
        let workshop = Workshop::new(files, options.segment_bytes, name_max);
        let mut journal = Self {
            head,
            spares: Spares::new(workshop, Vec::new(), options.preparing)?,
            active: None,
            closed: headless.into(),
            last: segments.last().map_or(0, Segment::last),
            next: 0,
            waiting: VecDeque::new(),
            bytes_waiting: 0,
            failed: None,
            begun: None,
            frame: Vec::new(),
        };
        journal.next = journal.last.max(folded).saturating_add(1);
        segments.iter().for_each(|segment| journal.take_over(segment));
        for spare in spares {
            let (sequence, file_bytes) = spare.head;
            journal.spares.retire(Retired {
                name: spare.name,
                file: spare.file,
                sequence,
                is_reusable: file_bytes == options.segment_bytes,
            });
        }
        journal.spares.order();
        Ok((journal, Replay::new(segments, folded, names)))
    }

    /// The number of the next batch.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Begins a segment, durably, unless there is one that is appended to.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin(&mut self) -> Result<(), JournalError> {
        if self.active.is_some() { Ok(()) } else { self.begin_segment() }
    }

    /// Appends a batch, as an [`Encoder`](codec::Encoder) wrote it, and syncs. `number` must be
    /// [`next_number`](Self::next_number). When this comes back well, the batch is durable.
    ///
    /// # Errors
    /// See [`AppendError`]. The number stays the next one.
    pub fn append(&mut self, number: u64, payload: &[u8]) -> Result<(), AppendError> {
        assert_eq!(number, self.next, "batches are numbered without a gap");
        assert!(!payload.is_empty(), "a batch has its format at least");
        let (sequence, offset) = self.make_room(payload).map_err(AppendError::NotWritten)?;
        Frame { sequence, number, payload }.write(&mut self.frame);
        let Some(active) = &mut self.active else {
            unreachable!("room was made in no segment");
        };
        let written = write_all_at(&*active.file, &self.frame, offset);
        if let Err(source) = written.and_then(|()| active.file.sync()) {
            let error = JournalError::disk("write a batch")(source);
            self.failed = Some((Arc::clone(&active.file), offset));
            self.close_active(Reuse::Never);
            return Err(match self.begin_segment() {
                Ok(()) => AppendError::NotWritten(error),
                Err(_) => AppendError::Unknown(error),
            });
        }
        let bytes = on_disk(self.frame.len());
        active.offset = offset.saturating_add(bytes);
        self.wait_for(number, bytes);
        self.last = number;
        self.next = number.saturating_add(1);
        if active_is_half_full(offset, self.head.file_bytes) {
            self.spares.order();
        }
        Ok(())
    }

    /// Tells that the database has, whatever happens to the machine, everything up to and including
    /// batch `folded`: segments of which nothing else is needed go, or are used again.
    pub fn release(&mut self, folded: u64) {
        assert!(folded < self.next, "more is folded than there is");
        while let Some((_, bytes)) = self.waiting.pop_front_if(|(number, _)| *number <= folded) {
            self.bytes_waiting = self.bytes_waiting.saturating_sub(bytes);
        }
        let mut kept = None;
        while let Some(closed) = self.closed.pop_front_if(|closed| closed.last <= folded) {
            if self.begun == Some(closed.retired.sequence) {
                kept = Some(closed);
            } else {
                self.spares.retire(closed.retired);
            }
        }
        if let Some(kept) = kept {
            self.closed.push_front(kept);
        }
    }

    /// How many bytes of frames the database does not have for good yet.
    pub fn bytes_waiting(&self) -> u64 {
        self.bytes_waiting
    }

    /// The first batch that the database does not have for good yet, if there is one.
    pub fn oldest_waiting(&self) -> Option<u64> {
        self.waiting.front().map(|(number, _)| *number)
    }

    /// Where a frame with that payload goes: the sequence of its segment, and its offset.
    fn make_room(&mut self, payload: &[u8]) -> Result<(u64, u64), JournalError> {
        let bytes = on_disk(frame::bytes_of(payload.len()));
        let bytes_max = self.head.file_bytes.saturating_sub(self.head.head_bytes);
        if bytes > bytes_max {
            return Err(JournalError::TooLong { bytes, bytes_max });
        }
        let fits = |active: &Active| active.offset.saturating_add(bytes) <= self.head.file_bytes;
        if !self.active.as_ref().is_some_and(fits) {
            // From here on it is closed for good: the next one says where it is cut.
            self.close_active(Reuse::Later);
            self.begin_segment()?;
        }
        let active = self.active.as_ref();
        Ok(active.map_or((0, 0), |active| (active.sequence, active.offset)))
    }

    fn close_active(&mut self, reuse: Reuse) {
        if let Some(Active { name, file, sequence, offset: _ }) = self.active.take() {
            let is_reusable = reuse == Reuse::Later;
            let retired = Retired { name, file, sequence, is_reusable };
            self.closed.push_back(Closed { retired, last: self.last });
        }
    }

    /// Begins a new segment, which cuts the one before after the last batch.
    fn begin_segment(&mut self) -> Result<(), JournalError> {
        assert!(self.active.is_none(), "a segment is cut while it is written to");
        let Spare { name, file } = self.spares.take()?;
        // A sequence is used once, whether or not this succeeds.
        let sequence = self.head.sequence.saturating_add(1);
        self.head =
            head::Segment { sequence, before: self.last, first: self.next, ..self.head.clone() };
        let begun = write_all_at(&*file, &self.head.bytes(), 0).and_then(|()| file.sync());
        if let Err(source) = begun {
            // Its head may be durable all the same. It is a segment without a batch, then, and is
            // given up in its turn.
            let retired = Retired { name, file, sequence, is_reusable: false };
            self.closed.push_back(Closed { retired, last: self.last });
            return Err(JournalError::disk("begin a segment")(source));
        }
        self.begun = Some(sequence);
        self.active = Some(Active { name, file, sequence, offset: self.head.head_bytes });
        if let Some((file, offset)) = self.failed.take() {
            let zeroes = [0; frame::HEAD_BYTES];
            let _for_good_measure =
                write_all_at(&*file, &zeroes, offset).and_then(|()| file.sync());
        }
        Ok(())
    }

    /// Takes over a segment that was found: it is kept until it is released.
    fn take_over(&mut self, segment: &Segment) {
        let Named { name, file, head } = &segment.named;
        (head.first..).zip(&segment.frames).for_each(|(number, place)| {
            self.wait_for(number, place.bytes);
        });
        let retired = Retired {
            name: name.clone(),
            file: Arc::clone(file),
            sequence: head.sequence,
            is_reusable: !segment.is_cut && head.file_bytes == self.head.file_bytes,
        };
        self.closed.push_back(Closed { retired, last: segment.last() });
    }

    fn wait_for(&mut self, number: u64, bytes: u64) {
        self.waiting.push_back((number, bytes));
        self.bytes_waiting = self.bytes_waiting.saturating_add(bytes);
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the journal after batch {}", self.last)
    }
}

/// Whether a segment's file can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    Later,
    /// A batch that failed may stand in it, whole, which a later segment has under the same number.
    Never,
}

fn active_is_half_full(offset: u64, file_bytes: u64) -> bool {
    offset.saturating_mul(2) > file_bytes
}

/// Files whose head was being written when the machine stopped. They go once nothing that is whole
/// in them can be needed, however far back the database should fall.
fn closed_headless(headless: Vec<Named<()>>, folded: u64) -> Result<Vec<Closed>, JournalError> {
    let mut closed = Vec::new();
    for named in headless {
        let last = scan::last_in_headless(&named, folded)?;
        let Named { name, file, head: () } = named;
        let retired = Retired { name, file, sequence: 0, is_reusable: false };
        closed.push(Closed { retired, last });
    }
    closed.sort_by_key(|closed| closed.last);
    Ok(closed)
}

/// Makes the last segment's head and last frame durable, whatever became of them before.
fn write_again(segment: &Segment) -> Result<(), JournalError> {
    let Named { file, head, .. } = &segment.named;
    let disk = || JournalError::disk("make durable what it has");
    write_all_at(&**file, &head.bytes(), 0).map_err(disk())?;
    if let Some(place) = segment.frames.last() {
        let content = scan::content(&segment.named)?;
        write_all_at(&**file, place.of(&content), place.offset).map_err(disk())?;
    }
    file.sync().map_err(disk())
}
