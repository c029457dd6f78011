//! Decisions on dead letters that are records: kept, and put away when they were given to their
//! function again. How they come from queues and how a function is called is not known here.

use kernel::audit::{Act, AuditLine};
use kernel::{DeadLetterId, Decision, Suspend, View, Writes};

use crate::records::{DeadLetter, LetterState};

/// Keeps a letter that a queue told of.
#[derive(Debug, Clone)]
pub struct KeepLetter(pub DeadLetter);

impl Decision for KeepLetter {
    /// Whether it waits anew: false if this was told before.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "keep_dead_letters"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let Self(letter) = self;
        match view.get::<DeadLetter>(letter.dead_letter_id)? {
            None => {
                writes.create(letter.clone());
            }
            // A queue gives a message more than once.
            Some(known) if known.told_by == letter.told_by => return Ok(false),
            Some(known) => {
                let before = match known.state {
                    LetterState::Waiting => known.attempts,
                    LetterState::Redriven => 0,
                };
                let attempts = before.saturating_add(letter.attempts);
                writes.update(&known, DeadLetter { attempts, ..letter.clone() });
            }
        }
        Ok(true)
    }
}

/// Puts a letter away that its function was given again, and books who did it.
///
/// The function is called before: what it does it does once, however often it is called, so that a
/// crash between the two leaves a letter that is redriven once more, and loses none.
#[derive(Debug, Clone)]
pub struct PutAway {
    /// The letter.
    pub dead_letter_id: DeadLetterId,
    /// What had told of it when its function was called. One that died again since stays.
    pub told_by: String,
    /// What becomes the line of the audit trail.
    pub act: Act,
}

impl Decision for PutAway {
    /// Whether the letter was there; with the line already booked, it was.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "redrive_dead_letter"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        if AuditLine::is_booked(view, &self.act)? {
            return Ok(true);
        }
        let known = view.get::<DeadLetter>(self.dead_letter_id)?;
        let Some(known) = known.filter(|known| known.state == LetterState::Waiting) else {
            return Ok(false);
        };
        let line = AuditLine::of(view, &self.act)?;
        if known.told_by == self.told_by {
            let state = LetterState::Redriven;
            writes.update(&known, DeadLetter { state, ..DeadLetter::clone(&known) });
        }
        writes.create(line);
        Ok(true)
    }
}
