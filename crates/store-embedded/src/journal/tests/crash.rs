//! Random appends, folds, releases and failures, and the machine or the program stopping at any
//! moment: what was acknowledged is found, in order, whole, and nothing else but the one batch whose
//! outcome nobody knew.

use crate::files::faulty::{Faults, FaultyFiles};
use crate::journal::tests::{SMALL, append, open_with, text_of};
use crate::journal::{AppendError, Journal, JournalError, Options, Preparing};

/// What went wrong, in a sentence.
type Wrong = String;

struct Run {
    files: FaultyFiles,
    draws: u64,
    options: Options,
    faults: Faults,
    /// What each acknowledged batch says, from batch 1 on.
    acknowledged: Vec<String>,
    /// A batch after them that may be there, or not.
    unknown: Option<String>,
    /// The last batch that the database shows, and the last that it has for good.
    folded: u64,
    durable: u64,
    seen: Seen,
}

/// What a run has been through, so that a test can tell that it tested something.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    appended: u64,
    not_written: u64,
    unknown: u64,
    unknown_found: u64,
    stopped: u64,
    killed: u64,
    replayed: u64,
}

impl Run {
    fn new(seed: u64, options: Options, faults: Faults) -> Self {
        Self {
            files: FaultyFiles::new(seed),
            draws: seed,
            options,
            faults,
            acknowledged: Vec::new(),
            unknown: None,
            folded: 0,
            durable: 0,
            seen: Seen::default(),
        }
    }

    /// The same for the same seed, whatever the files draw.
    fn draw(&mut self, below: u64) -> u64 {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (self.draws >> 33) % below
    }

    fn last(&self) -> u64 {
        u64::try_from(self.acknowledged.len()).unwrap()
    }

    /// One life of the program, from its start to its end.
    fn life(&mut self) -> Result<(), Wrong> {
        let stops_early = self.draw(4) == 0;
        if stops_early {
            let operations = self.draw(30);
            self.files.stop_after(operations);
        }
        self.files.set_faults(self.faults);
        match open_with(&self.files, self.folded, self.options) {
            Ok((mut journal, batches)) => {
                self.check_found(&batches.iter().map(text_of).collect::<Vec<_>>())?;
                self.use_it(&mut journal);
            }
            Err(JournalError::Disk { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
        self.stop();
        Ok(())
    }

    fn check_found(&mut self, found: &[String]) -> Result<(), Wrong> {
        let expected = &self.acknowledged[usize::try_from(self.folded).unwrap()..];
        self.seen.replayed += u64::try_from(found.len()).unwrap();
        if found.len() < expected.len() || found[..expected.len()] != *expected {
            let last = self.last();
            return Err(format!("acknowledged {last}, folded {}: found {found:?}", self.folded));
        }
        match (&found[expected.len()..], self.unknown.take()) {
            ([], _) => Ok(()),
            ([more], Some(unknown)) if *more == unknown => {
                self.seen.unknown_found += 1;
                self.acknowledged.push(unknown);
                Ok(())
            }
            (more, _) => Err(format!("nobody may find {more:?}")),
        }
    }

    fn use_it(&mut self, journal: &mut Journal) {
        for step in 0..self.draw(40) {
            if !self.files.is_running() {
                return;
            }
            if self.draw(12) == 0 {
                let operations = self.draw(4);
                self.files.stop_after(operations);
            }
            match self.draw(8) {
                0 => self.folded += self.draw(self.last() - self.folded + 1),
                1 => {
                    self.durable += self.draw(self.folded - self.durable + 1);
                    journal.release(self.durable);
                }
                _ => {
                    let (number, letter) = (journal.next_number(), self.draw(26));
                    assert_eq!(number, self.last() + 1);
                    let letter = char::from(b'a' + u8::try_from(letter).unwrap());
                    let length = [1, 20, 700, 5000][usize::try_from(self.draw(4)).unwrap()];
                    let text = format!("{number}/{step}/{}", letter.to_string().repeat(length));
                    self.append(journal, text);
                }
            }
        }
    }

    fn append(&mut self, journal: &mut Journal, text: String) {
        match append(journal, &text) {
            Ok(_) => {
                self.unknown = None;
                self.seen.appended += 1;
                self.acknowledged.push(text);
            }
            // One that was unknown before stays so: this one may not have come to settle it.
            Err(AppendError::NotWritten(_)) => self.seen.not_written += 1,
            Err(AppendError::Unknown(_)) => {
                self.seen.unknown += 1;
                self.unknown = Some(text);
            }
        }
    }

    fn stop(&mut self) {
        if self.draw(3) == 0 {
            self.seen.killed += 1;
            // The program goes, the machine stays.
            return self.files.go_on();
        }
        self.seen.stopped += 1;
        self.files = self.files.restart();
        // The database keeps what it has for good, and more by luck.
        self.folded = self.durable + self.draw(self.folded - self.durable + 1);
    }
}

fn run(seed: u64, options: Options, faults: Faults) -> Result<Seen, Wrong> {
    let mut run = Run::new(seed, options, faults);
    for _ in 0..8 {
        run.life()?;
    }
    run.files.set_faults(Faults::default());
    run.life()?;
    Ok(run.seen)
}

fn runs(seeds: std::ops::Range<u64>, options: Options, faults: Faults) -> Vec<(u64, Wrong)> {
    let mut seen = Seen::default();
    let mut wrong = Vec::new();
    for seed in seeds {
        match run(seed, options, faults) {
            Ok(run) => {
                seen.appended += run.appended;
                seen.not_written += run.not_written;
                seen.unknown += run.unknown;
                seen.unknown_found += run.unknown_found;
                seen.stopped += run.stopped;
                seen.killed += run.killed;
                seen.replayed += run.replayed;
            }
            Err(why) => wrong.push((seed, why)),
        }
    }
    println!("{faults:?}: {seen:?}, {} wrong", wrong.len());
    if wrong.is_empty() {
        assert!(seen.appended > 0 && seen.stopped > 0 && seen.killed > 0 && seen.replayed > 0);
    }
    wrong
}

#[test]
fn what_was_acknowledged_is_found_after_any_stop() {
    assert_eq!(runs(0..1000, SMALL, Faults::default()), []);
}

#[test]
fn what_was_acknowledged_is_found_on_a_disk_that_fails() {
    let faults =
        Faults { short_writes: 100, failed_writes: 60, failed_syncs: 60, ..Faults::default() };
    assert_eq!(runs(1000..2500, SMALL, faults), []);
}

#[test]
fn what_was_acknowledged_is_found_on_a_disk_that_hardly_works() {
    let faults = Faults { failed_writes: 200, failed_syncs: 400, ..Faults::default() };
    assert_eq!(runs(3000..3500, SMALL, faults), []);
}

/// With segments made ready by the journal's own thread no run is like another.
#[test]
fn what_was_acknowledged_is_found_with_a_thread_beside() {
    let ahead = Options { preparing: Preparing::Ahead, ..SMALL };
    let faults = Faults { failed_writes: 60, failed_syncs: 60, ..Faults::default() };
    assert_eq!(runs(4000..4100, ahead, Faults::default()), []);
    assert_eq!(runs(4100..4300, ahead, faults), []);
}

/// The tests above can fail: where syncs do nothing, batches are lost.
#[test]
fn without_its_syncs_the_journal_loses_batches() {
    let all = Faults { swallowed_syncs: 1000, ..Faults::default() };
    assert!(runs(0..50, SMALL, all).len() > 25);
    let some = Faults { swallowed_syncs: 20, ..Faults::default() };
    assert!(!runs(0..200, SMALL, some).is_empty());
}
