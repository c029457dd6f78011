//! The journal as one reads it beside its writer, in this program or another. It changes nothing.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::codec::Names;
use super::error::JournalError;
use super::head::{self, Head};
use super::replay::Replay;
use super::scan::{self, Found, Writer};
use crate::files::{Access, Files};
use crate::rows::Standing;

/// So often the files are opened anew when segments come and go meanwhile. The writer goes through a
/// whole segment in the time that it takes to do so once.
const ATTEMPTS_MAX: u32 = 100;

/// The segments of the journal, opened. What is in them stays readable until this is dropped: the
/// writer does not use a file again that somebody has locked, and a file that is removed stays for
/// whoever has it open.
pub struct Tail {
    found: Found,
    names: Arc<Names>,
    /// Whether there was a segment when it was opened, as the database said.
    was_in_use: bool,
}

impl Tail {
    /// Opens all segments that are there. To be done **before** the database's snapshot is taken:
    /// then each batch that was acknowledged by now is in one or the other. `standing` is what the
    /// database said before.
    ///
    /// # Errors
    /// `Foreign`, `Disk`.
    pub fn open(
        files: &dyn Files,
        names: Arc<Names>,
        standing: &Standing,
    ) -> Result<Self, JournalError> {
        let mut found = scan::find(files, Access::Read, true)?;
        for _ in 0..ATTEMPTS_MAX {
            // A segment may have been begun after its file was looked at and before that of a later
            // one was. Then it is there now.
            let again = scan::find(files, Access::Read, true)?;
            if !is_one_missing(&found, &again) {
                break;
            }
            found = again;
        }
        scan::refuse_foreign(&found.segments, standing.lineage)?;
        Ok(Self { found, names, was_in_use: standing.journal_in_use })
    }

    /// What follows after the last batch of the database's snapshot, which says `standing`. The batch
    /// that is being appended right now may be among it, or not: also when its sync fails later, and
    /// its callers are told that nothing was done.
    ///
    /// # Errors
    /// `Gone`, `Damaged`, `Gap`, `Disk`.
    pub fn after(self, standing: &Standing) -> Result<Replay, JournalError> {
        let Standing { folded, journal_in_use, .. } = *standing;
        let Found { mut segments, headless, .. } = self.found;
        // What the snapshot has is not needed, and may be about to go.
        let needless = segments.iter().skip(1).take_while(|next| next.head.before <= folded);
        segments.drain(..needless.count());
        for named in headless {
            let damage = scan::last_in_headless(&named, folded);
            // It may have been put to use since it was opened. Then it is newer than what was asked.
            let is_damaged = damage.is_err()
                && !matches!(
                    head::read(&*named.file),
                    Ok(Some(Head::InUse(_) | Head::Spare { .. }))
                );
            if is_damaged {
                damage?;
            }
        }
        // A writer may have begun or ended its use meanwhile: then the snapshot has everything.
        if self.was_in_use && journal_in_use && segments.is_empty() {
            return Err(JournalError::Gone { folded });
        }
        let segments = scan::look_through(segments, Writer::AtWork)?;
        scan::refuse_gap(&segments, folded)?;
        Ok(Replay::new(segments, folded, self.names))
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} segments", self.found.segments.len())
    }
}

fn is_one_missing(found: &Found, again: &Found) -> bool {
    let known: HashSet<u64> = found.segments.iter().map(|segment| segment.head.sequence).collect();
    let newest = known.iter().max().copied().unwrap_or_default();
    let mut sequences = again.segments.iter().map(|segment| segment.head.sequence);
    sequences.any(|sequence| sequence < newest && !known.contains(&sequence))
}
