//! Looks through the segments: which frames count, and whether anything is damaged or missing. It
//! changes nothing.
//!
//! A segment is cut where the next one says that it begins. So the end of all but the last one is
//! known to the batch: what stands there beyond it is a batch whose write or sync failed, and does
//! not count. In the last segment the first frame that is not whole is a torn tail, unless a whole
//! one follows it: batches are written one after another, each after the former's sync, so nothing
//! whole can follow a torn one.

use std::cmp::Ordering;
use std::sync::Arc;

use super::error::JournalError;
use super::frame::{self, Frame, Place};
use super::head::{self, Head};
use super::size::{in_memory, on_disk};
use crate::files::{Access, File, Files, read_full_at};
use crate::rows::Lineage;

/// What the names of all our files begin with; digits follow.
pub(super) const NAME: &str = "journal-";

/// A file of the journal.
pub(super) struct Named<Of> {
    pub(super) name: String,
    pub(super) file: Arc<dyn File>,
    pub(super) head: Of,
}

/// The files of the journal.
#[derive(Default)]
pub(super) struct Found {
    /// In use, in the order of their sequence.
    pub(super) segments: Vec<Named<head::Segment>>,
    /// Spare: the sequence of the last use and how long they were made.
    pub(super) spares: Vec<Named<(u64, u64)>>,
    /// Without a whole head: being made or put to use when the machine or the program stopped, or
    /// damaged.
    pub(super) headless: Vec<Named<()>>,
    /// The highest number in a name.
    pub(super) name_max: u64,
}

impl Found {
    /// The highest sequence that any file was used under.
    pub(super) fn sequence_max(&self) -> u64 {
        let used = self.segments.iter().map(|segment| segment.head.sequence);
        used.chain(self.spares.iter().map(|spare| spare.head.0)).max().unwrap_or_default()
    }
}

/// A segment whose frames are known.
pub(super) struct Segment {
    pub(super) named: Named<head::Segment>,
    /// The frames that count, from the segment's first batch on, without a gap.
    pub(super) frames: Vec<Place>,
    /// Whether a whole frame follows that does not count.
    pub(super) is_cut: bool,
}

impl Segment {
    /// The last batch that counts in it or, where there is none, before it.
    pub(super) fn last(&self) -> u64 {
        match self.frames.len() {
            0 => self.named.head.before,
            frames => self.named.head.first.saturating_sub(1).saturating_add(on_disk(frames)),
        }
    }
}

/// Opens all files of the journal and reads their heads. With `locked` they are kept from being
/// used again for as long as they are open.
pub(super) fn find(files: &dyn Files, access: Access, locked: bool) -> Result<Found, JournalError> {
    let mut found = Found::default();
    for name in files.list().map_err(JournalError::disk("list its segments"))? {
        let Some(number) = name.strip_prefix(NAME).and_then(|digits| digits.parse().ok()) else {
            continue;
        };
        found.name_max = found.name_max.max(number);
        let file = match files.open(&name, access) {
            // The writer has removed it meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            file => file.map_err(JournalError::disk("open a segment"))?,
        };
        if locked {
            lock(&*file)?;
        }
        match head::read(&*file).map_err(JournalError::disk("read the head of a segment"))? {
            Some(Head::InUse(head)) => found.segments.push(Named { name, file, head }),
            Some(Head::Spare { sequence, file_bytes }) => {
                found.spares.push(Named { name, file, head: (sequence, file_bytes) });
            }
            None => found.headless.push(Named { name, file, head: () }),
        }
    }
    found.segments.sort_by_key(|segment| segment.head.sequence);
    Ok(found)
}

fn lock(file: &dyn File) -> Result<(), JournalError> {
    match file.lock_with_others() {
        // Where there are no locks the writer does not use a file again: it removes it.
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(()),
        locked => locked.map_err(JournalError::disk("lock a segment")),
    }
}

/// Whether the segment is being written while it is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// Nobody writes.
    Away,
    /// Somebody may. What is not whole now may be in a moment.
    AtWork,
}

/// Looks through segments that follow each other.
///
/// # Errors
/// `Damaged`, `Disk`.
pub(super) fn look_through(
    segments: Vec<Named<head::Segment>>,
    writer: Writer,
) -> Result<Vec<Segment>, JournalError> {
    let mut looked_through = Vec::with_capacity(segments.len());
    let mut segments = segments.into_iter().peekable();
    while let Some(named) = segments.next() {
        let segment = match segments.peek() {
            Some(next) => cut(named, next)?,
            None => last(named, writer)?,
        };
        looked_through.push(segment);
    }
    Ok(looked_through)
}

/// A segment that another one follows.
fn cut(named: Named<head::Segment>, next: &Named<head::Segment>) -> Result<Segment, JournalError> {
    if named.head.sequence == next.head.sequence {
        let why = format!("{} is segment {} too", next.name, next.head.sequence);
        return Err(damaged(&named, 0, why));
    }
    let content = content(&named)?;
    let frames = whole_frames(&content, &named.head);
    let mut segment = Segment { named, frames, is_cut: false };
    // The one batch that failed before the next segment was begun may be whole.
    if !segment.frames.is_empty() && segment.last() == next.head.first {
        segment.frames.pop();
        segment.is_cut = true;
    }
    let (last, before) = (segment.last(), next.head.before);
    match last.cmp(&before) {
        Ordering::Equal => Ok(segment),
        Ordering::Less => {
            let lost = last.saturating_add(1);
            let why = format!("batch {lost} is damaged, but {} goes on after {before}", next.name);
            Err(damaged(&segment.named, end_of(&segment.frames, &segment.named.head), why))
        }
        Ordering::Greater => {
            let why =
                format!("it ends with batch {last}, but {} goes on after {before}", next.name);
            Err(damaged(&segment.named, end_of(&segment.frames, &segment.named.head), why))
        }
    }
}

/// The last segment.
fn last(named: Named<head::Segment>, writer: Writer) -> Result<Segment, JournalError> {
    let mut stopped_at = None;
    loop {
        let content = content(&named)?;
        let frames = whole_frames(&content, &named.head);
        let end = end_of(&frames, &named.head);
        let next = named.head.first.saturating_add(on_disk(frames.len()));
        let counts = |sequence, number| sequence == named.head.sequence && number >= next;
        let Some((offset, after)) = frame::find(&content, in_memory(end), counts) else {
            return Ok(Segment { named, frames, is_cut: false });
        };
        // A frame that was being written when it was read is whole by the time that one after it
        // is, so that reading again shows it whole. If it does not, it never will be.
        if writer == Writer::Away || stopped_at == Some(end) {
            let why = format!(
                "batch {next} is damaged, but batch {} is whole at byte {offset}",
                after.number
            );
            return Err(damaged(&named, end, why));
        }
        stopped_at = Some(end);
    }
}

/// The frames from the first on that are whole and are the ones that must stand there.
fn whole_frames(content: &[u8], head: &head::Segment) -> Vec<Place> {
    let mut frames = Vec::new();
    let mut offset = in_memory(head.head_bytes);
    let mut expected = head.first;
    let is_next =
        |expected| move |sequence, number| sequence == head.sequence && number == expected;
    while let Some(frame) = Frame::read(content, offset, is_next(expected)) {
        frames.push(Place { offset: on_disk(offset), bytes: on_disk(frame.bytes()) });
        offset = offset.saturating_add(frame.bytes());
        expected = expected.saturating_add(1);
    }
    frames
}

fn end_of(frames: &[Place], head: &head::Segment) -> u64 {
    frames.last().map_or(head.head_bytes, |place| place.offset.saturating_add(place.bytes))
}

/// All bytes of a segment.
pub(super) fn content(named: &Named<head::Segment>) -> Result<Vec<u8>, JournalError> {
    let mut content = vec![0; in_memory(named.head.file_bytes)];
    let read = read_full_at(&*named.file, &mut content, 0)
        .map_err(JournalError::disk("read a segment"))?;
    if read < content.len() {
        let why = format!("it ends here, but was made {} bytes long", named.head.file_bytes);
        return Err(damaged(named, on_disk(read), why));
    }
    Ok(content)
}

/// Refuses segments that stand in front of another database.
///
/// # Errors
/// `Foreign`.
pub(super) fn refuse_foreign(
    segments: &[Named<head::Segment>],
    lineage: Lineage,
) -> Result<(), JournalError> {
    match segments.iter().find(|segment| segment.head.lineage != lineage) {
        Some(foreign) => Err(JournalError::Foreign { segment: foreign.name.clone() }),
        None => Ok(()),
    }
}

/// Refuses a journal that lacks a batch after `folded`.
///
/// # Errors
/// `Gap`.
pub(super) fn refuse_gap(segments: &[Segment], folded: u64) -> Result<(), JournalError> {
    let mut ends = folded;
    for segment in segments {
        let first = segment.named.head.first;
        if first > ends.saturating_add(1) {
            return Err(JournalError::Gap { ends, first, segment: segment.named.name.clone() });
        }
        ends = ends.max(segment.last());
    }
    Ok(())
}

/// The last batch that is whole in a file without a head, 0 if there is none. One that the database
/// does not have was not left over from a former use: the head is damaged.
///
/// # Errors
/// `Damaged`, `Disk`.
pub(super) fn last_in_headless(named: &Named<()>, folded: u64) -> Result<u64, JournalError> {
    let disk = JournalError::disk;
    let length = named.file.length().map_err(disk("read the length of a segment"))?;
    let mut content = vec![0; in_memory(length)];
    let read = read_full_at(&*named.file, &mut content, 0).map_err(disk("read a segment"))?;
    content.truncate(read);
    let mut offset = 0;
    let mut last = 0;
    while let Some((found_at, frame)) = frame::find(&content, offset, is_possible) {
        if frame.number > folded {
            let segment = named.name.clone();
            let why = format!("its head is damaged, but batch {} is whole in it", frame.number);
            return Err(JournalError::Damaged { segment, offset: found_at, why });
        }
        last = last.max(frame.number);
        offset = in_memory(found_at).saturating_add(frame.bytes());
    }
    Ok(last)
}

/// Whether any journal comes so far. It spares most sums over what is no frame at all.
fn is_possible(sequence: u64, number: u64) -> bool {
    (1..1 << 40).contains(&sequence) && (1..1 << 48).contains(&number)
}

fn damaged<Of>(named: &Named<Of>, offset: u64, why: String) -> JournalError {
    JournalError::Damaged { segment: named.name.clone(), offset, why }
}
