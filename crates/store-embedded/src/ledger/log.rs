//! Where a step becomes durable: in the journal, with the fold behind it, or in SQLite itself, which
//! is the reference.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kernel::StoreError;

use super::fold::{self, Fold};
use super::state::{LastWord, Shared};
use crate::journal::codec::Encoder;
use crate::journal::{AppendError, Journal};
use crate::rows::Batch;
use crate::sqlite::{self, SqliteError};

/// How long the first step waits for the database to say that there is a journal.
const IN_USE_PATIENCE: Duration = Duration::from_secs(10);

/// See the file's comment.
pub(crate) enum Log {
    /// A transaction of SQLite a step.
    Sqlite(Box<sqlite::Writer>),
    /// A frame of the journal a step.
    Journal {
        journal: Box<Journal>,
        encoder: Encoder,
        frame: Vec<u8>,
        fold: Arc<Fold>,
        folding: Option<JoinHandle<()>>,
    },
}

impl Log {
    /// A journal in front of SQLite, and the thread of the fold behind it.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(crate) fn journal(
        journal: Journal,
        encoder: Encoder,
        fold: &Arc<Fold>,
        shared: &Arc<Shared>,
        sqlite: sqlite::Writer,
    ) -> std::io::Result<Self> {
        let (of_thread, shared) = (Arc::clone(fold), Arc::clone(shared));
        let folding = std::thread::Builder::new().name("fold".into()).spawn(move || {
            let _last_word = LastWord(Arc::clone(&shared));
            fold::run(&of_thread, &shared, sqlite);
        })?;
        Ok(Self::Journal {
            journal: Box::new(journal),
            encoder,
            frame: Vec::new(),
            fold: Arc::clone(fold),
            folding: Some(folding),
        })
    }

    /// Makes a step durable: it returns when it is on disk.
    ///
    /// # Errors
    /// When it is not, or nobody can know.
    pub(crate) fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.apply(batch).map_err(|error| {
                // A sync that failed may have reached the disk all the same.
                let is_unknown = matches!(error, SqliteError::Disk(_));
                let why = StoreError::from(error);
                if is_unknown { StoreError::OutcomeUnknown(why.to_string()) } else { why }
            }),
            Self::Journal { journal, encoder, frame, fold, .. } => {
                journal.release(fold.durable());
                if !fold.is_in_use() {
                    // Without its segment the database would not open from here on.
                    journal.begin().map_err(|why| StoreError::Unavailable(why.to_string()))?;
                    fold.say_in_use(IN_USE_PATIENCE).map_err(StoreError::Unavailable)?;
                }
                frame.clear();
                encoder.encode(batch, frame);
                journal.append(batch.number, frame).map_err(failed)
            }
        }
    }

    /// Whether nothing more can be made durable before the store is opened anew.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Sqlite(sqlite) if sqlite.is_lost())
    }

    /// Refuses what was decided while SQLite may have shown what is not so.
    ///
    /// # Errors
    /// `Unavailable`: a sync of the database has failed, just now or for good.
    pub(crate) fn refuse_doubt(&self) -> Result<(), StoreError> {
        match self {
            Self::Journal { fold, .. } if fold.is_in_doubt() => {
                let why = "a sync of the database failed, and it is not known yet what it has lost";
                Err(StoreError::Unavailable(why.to_owned()))
            }
            Self::Journal { .. } | Self::Sqlite(_) => Ok(()),
        }
    }

    /// How long the last frame was; nothing without a journal.
    pub(crate) fn frame_bytes(&self) -> u64 {
        match self {
            Self::Sqlite(_) => 0,
            Self::Journal { frame, .. } => u64::try_from(frame.len()).unwrap_or(u64::MAX),
        }
    }

    /// Hands a durable step on to SQLite.
    pub(crate) fn fold(&self, batch: Batch, shared: &Shared) {
        match self {
            Self::Sqlite(_) => {
                shared.fold(&batch);
            }
            Self::Journal { fold, .. } => fold.push(batch),
        }
    }

    /// Rests after a step of so many commands, where the fold is behind.
    pub(crate) fn rest(&self, commands: usize) {
        if let Self::Journal { fold, .. } = self {
            fold.rest(commands);
        }
    }

    /// Waits until the fold has room for another step.
    ///
    /// # Errors
    /// What keeps it from going on.
    pub(crate) fn wait_for_room(&self, patience: Duration) -> Result<(), String> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Journal { fold, .. } => fold.wait_for_room(patience),
        }
    }

    /// Folds everything and lets go of the journal.
    pub(crate) fn close(&mut self) {
        let Self::Journal { journal, fold, folding, .. } = self else { return };
        fold.close();
        if let Some(folding) = folding.take()
            && folding.join().is_err()
        {
            tracing::error!("the fold ended by a panic; the journal keeps what it had not folded");
        }
        journal.release(fold.durable());
    }
}

fn failed(error: AppendError) -> StoreError {
    match error {
        AppendError::NotWritten(why) => StoreError::Unavailable(why.to_string()),
        AppendError::Unknown(why) => StoreError::OutcomeUnknown(why.to_string()),
    }
}
