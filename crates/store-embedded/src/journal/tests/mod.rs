//! Tests of the journal: over the faulty folder, and some over a real one. What they have in common
//! stands here.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

mod codec;
mod crash;
mod damage;
mod full;
mod lineage;
mod meddled;
mod real;
mod sagas;
mod sample;
mod tail;

use std::sync::Arc;

use super::codec::{Encoder, Names};
use super::{AppendError, Journal, JournalError, Options, Preparing, Replay};
use crate::files::Files;
use crate::files::faulty::FaultyFiles;
use crate::rows::{Batch, CursorRow, DeliveryRow, Lineage, Standing};
use kernel::Time;
use kernel::operators::DeliveryState;

/// Small, so that segments come and go.
pub(super) const SMALL: Options =
    Options { segment_bytes: 12 * 1024, preparing: Preparing::WhenNeeded };

pub(super) fn names() -> Arc<Names> {
    Names::of(sample::KINDS)
}

/// What the database of these tests says.
pub(super) fn standing(folded: u64) -> Standing {
    Standing { lineage: Lineage([7; 16]), folded, journal_in_use: false }
}

pub(super) fn open(
    files: &FaultyFiles,
    folded: u64,
) -> Result<(Journal, Vec<Batch>), JournalError> {
    open_with(files, folded, SMALL)
}

pub(super) fn open_with(
    files: &FaultyFiles,
    folded: u64,
    options: Options,
) -> Result<(Journal, Vec<Batch>), JournalError> {
    let (journal, replay) =
        Journal::open(Arc::new(files.clone()), names(), &standing(folded), options)?;
    Ok((journal, replay.collect::<Result<_, _>>()?))
}

/// A batch that says `text` and nothing else.
pub(super) fn batch(number: u64, text: &str) -> Batch {
    let delivery = DeliveryRow {
        position: number,
        subscription: 1,
        state: DeliveryState::Parked,
        attempts: 1,
        at: Time::from_micros(1_800_000_000_000_000),
        took_us: 0,
        next_at: None,
        reason: Some(text.into()),
    };
    let cursors = vec![CursorRow { subscription: 1, position: number }];
    Batch { number, deliveries: vec![delivery], cursors, ..Batch::default() }
}

/// The text of such a batch.
pub(super) fn text_of(batch: &Batch) -> String {
    let [DeliveryRow { position, reason: Some(reason), .. }] = &*batch.deliveries else {
        panic!("{batch:?} is no batch of a test");
    };
    assert_eq!(*position, batch.number);
    reason.to_string()
}

pub(super) fn append(journal: &mut Journal, text: &str) -> Result<u64, AppendError> {
    let number = journal.next_number();
    let mut payload = Vec::new();
    Encoder::new(names()).encode(&batch(number, text), &mut payload);
    journal.append(number, &payload).map(|()| number)
}

/// What is found by who opens the journal, one batch after another.
pub(super) fn found(files: &FaultyFiles, folded: u64) -> String {
    match open(files, folded) {
        Ok((_, batches)) => batches.iter().map(text_of).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

pub(super) fn texts(replay: Replay) -> Result<String, JournalError> {
    let batches = replay.collect::<Result<Vec<_>, _>>()?;
    Ok(batches.iter().map(text_of).collect::<Vec<_>>().join(" "))
}

/// Long enough that few of them fill a small segment.
pub(super) fn long(letter: char) -> String {
    letter.to_string().repeat(3000)
}

/// The names of the journal's files.
pub(super) fn segments(files: &FaultyFiles) -> Vec<String> {
    files.list().unwrap()
}
