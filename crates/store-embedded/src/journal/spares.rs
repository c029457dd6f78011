//! Files made ready before they are needed: full of zeroes that have their room on the disk, or left
//! over from a segment that is no longer needed. So nobody waits for the disk to find room, and a
//! full disk is met here, not in the middle of a segment.
//!
//! Segments are given up in the order of their sequence, each durably before the next: what is on
//! the disk is without a hole, whenever the machine stops.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::error::JournalError;
use super::scan::NAME;
use super::{Preparing, head};
use crate::files::{File, Files, write_all_at};

/// So many files are kept ready at most; more are removed.
const READY_MAX: usize = 2;

/// A file that is ready to become a segment.
pub(super) struct Spare {
    pub(super) name: String,
    pub(super) file: Arc<dyn File>,
}

/// A file of which nothing is needed any more.
pub(super) struct Retired {
    pub(super) name: String,
    pub(super) file: Arc<dyn File>,
    /// The sequence of its last use.
    pub(super) sequence: u64,
    /// Whether it may be used again; otherwise it is removed.
    pub(super) is_reusable: bool,
}

/// The files that are ready, and who makes them so.
pub(super) struct Spares {
    ready: Vec<Spare>,
    work: Work,
    /// One is being made.
    is_making: bool,
    /// So many are on their way out of use.
    retiring: usize,
}

enum Work {
    Here(Workshop),
    Ahead(Thread),
}

struct Thread {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    handle: Option<JoinHandle<()>>,
}

enum Job {
    Make,
    Retire(Retired),
}

enum Done {
    Made(Result<Spare, JournalError>),
    Retired(Vec<Spare>),
}

impl Spares {
    /// With those that are there already.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn new(
        workshop: Workshop,
        ready: Vec<Spare>,
        preparing: Preparing,
    ) -> Result<Self, JournalError> {
        let work = match preparing {
            Preparing::WhenNeeded => Work::Here(workshop),
            Preparing::Ahead => Work::Ahead(
                Thread::start(workshop)
                    .map_err(JournalError::disk("start the thread that makes segments ready"))?,
            ),
        };
        Ok(Self { ready, work, is_making: false, retiring: 0 })
    }

    /// Has one made ahead, if none is ready or on its way. Nobody waits for it.
    pub(super) fn order(&mut self) {
        self.collect();
        if self.ready.is_empty() {
            self.make_ahead();
        }
    }

    /// Takes one, and waits for it if none is ready.
    ///
    /// # Errors
    /// Why none can be made.
    pub(super) fn take(&mut self) -> Result<Spare, JournalError> {
        self.collect();
        while self.ready.is_empty() {
            // One is on its way from here on, so that there is something to wait for.
            self.make_ahead();
            let done = match &mut self.work {
                Work::Here(workshop) => return workshop.make(),
                Work::Ahead(thread) => thread.done.recv(),
            };
            let Ok(done) = done else {
                let source = io::Error::other("its thread has ended");
                return Err(JournalError::disk("make a segment ready")(source));
            };
            self.note(done)?;
        }
        // One is there: the loop has ended.
        Ok(self.ready.remove(0))
    }

    fn make_ahead(&mut self) {
        if let Work::Ahead(thread) = &self.work
            && !self.is_making
            && self.retiring == 0
        {
            self.is_making = thread.send(Job::Make);
        }
    }

    /// Gives a file up: it is used again or removed.
    pub(super) fn retire(&mut self, mut retired: Retired) {
        self.collect();
        let coming = self.retiring.saturating_add(usize::from(self.is_making));
        retired.is_reusable &= self.ready.len().saturating_add(coming) < READY_MAX;
        match &mut self.work {
            Work::Here(workshop) => self.ready.extend(workshop.retire(retired)),
            Work::Ahead(thread) => {
                let is_sent = thread.send(Job::Retire(retired));
                self.retiring = self.retiring.saturating_add(usize::from(is_sent));
            }
        }
    }

    /// Notes what was done meanwhile. That one could not be made is told to whoever needs one: it is
    /// tried again then.
    fn collect(&mut self) {
        while let Work::Ahead(thread) = &self.work
            && let Ok(done) = thread.done.try_recv()
        {
            let _told_later = self.note(done);
        }
    }

    fn note(&mut self, done: Done) -> Result<(), JournalError> {
        match done {
            Done::Made(spare) => {
                self.is_making = false;
                self.ready.push(spare?);
            }
            Done::Retired(spares) => {
                self.retiring = self.retiring.saturating_sub(1);
                self.ready.extend(spares);
            }
        }
        Ok(())
    }
}

impl Thread {
    fn start(mut workshop: Workshop) -> io::Result<Self> {
        let (jobs, jobs_end) = channel();
        let (done_end, done) = channel();
        let work = move || {
            for job in jobs_end {
                let result = match job {
                    Job::Make => Done::Made(workshop.make()),
                    Job::Retire(retired) => Done::Retired(workshop.retire(retired)),
                };
                if done_end.send(result).is_err() {
                    return;
                }
            }
        };
        let handle = thread::Builder::new().name("journal-spares".into()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), done, handle: Some(handle) })
    }

    fn send(&self, job: Job) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

impl Drop for Thread {
    /// Waits until what was given up is durably so.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(handle) = self.handle.take() {
            let _panicked = handle.join();
        }
    }
}

/// Does the work.
pub(super) struct Workshop {
    files: Arc<dyn Files>,
    file_bytes: u64,
    /// The highest number in a name so far.
    name_max: u64,
    /// In order. What cannot be given up now is tried again with the next one.
    retired: VecDeque<Retired>,
}

impl Workshop {
    pub(super) fn new(files: Arc<dyn Files>, file_bytes: u64, name_max: u64) -> Self {
        Self { files, file_bytes, name_max, retired: VecDeque::new() }
    }

    /// Makes a new file, durably.
    fn make(&mut self) -> Result<Spare, JournalError> {
        self.name_max = self.name_max.saturating_add(1);
        let name = format!("{NAME}{:08}", self.name_max);
        let made = self.files.create(&name, self.file_bytes).and_then(|file| {
            // The head comes last: a file that has one is whole.
            let head = || write_head(&*file, 0, self.file_bytes);
            let whole = file.sync().and_then(|()| head()).and_then(|()| self.files.sync_folder());
            whole.map(|()| file)
        });
        match made {
            Ok(file) => Ok(Spare { name, file }),
            Err(source) => {
                // What is left of it takes room, and goes when the journal is opened next.
                let _what_helps_is_the_first_error = self.files.remove(&name);
                Err(JournalError::disk("make a segment ready")(source))
            }
        }
    }

    /// Gives files up, durably and in order. Those that can be used again come back.
    fn retire(&mut self, retired: Retired) -> Vec<Spare> {
        self.retired.push_back(retired);
        let mut spares = Vec::new();
        while let Some(mut first) = self.retired.pop_front() {
            match self.give_up(&mut first) {
                Ok(true) => spares.push(Spare { name: first.name, file: first.file }),
                Ok(false) => {}
                Err(_) => {
                    self.retired.push_front(first);
                    break;
                }
            }
        }
        spares
    }

    /// Whether the file can be used again.
    fn give_up(&mut self, retired: &mut Retired) -> io::Result<bool> {
        if retired.is_reusable && self.empty(retired)? {
            return Ok(true);
        }
        retired.is_reusable = false;
        match self.files.remove(&retired.name) {
            // Removed the last time, but not durably.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed?,
        }
        self.files.sync_folder()?;
        Ok(false)
    }

    /// Makes a segment a spare file, unless somebody reads it.
    fn empty(&self, retired: &mut Retired) -> io::Result<bool> {
        if !matches!(retired.file.try_lock_alone(), Ok(true)) {
            return Ok(false);
        }
        // Once its head is touched, it can only be tried again or removed.
        let emptied = write_head(&*retired.file, retired.sequence, self.file_bytes);
        retired.is_reusable = emptied.is_ok();
        emptied.and_then(|()| retired.file.unlock()).map(|()| true)
    }
}

fn write_head(file: &dyn File, sequence: u64, file_bytes: u64) -> io::Result<()> {
    write_all_at(file, &head::spare(sequence, file_bytes), 0)?;
    file.sync()
}
