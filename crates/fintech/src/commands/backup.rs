//! `fintech backup`: a consistent copy of a data folder. How it is made is in the embedded store.

use std::path::PathBuf;

use clap::Args;
use store_embedded::backup::{self, BackupError, Progress, TakeError};
use store_embedded::folder::FolderError;

use crate::end::{End, Failure};
use crate::folder::DataOption;
use crate::{output, services};

const LONG_ABOUT: &str = "\
Make a consistent copy, one SQLite file, while the server runs.

What was acknowledged before it began is in it, and nothing half. To restore it, put it alone into a \
folder under the name `fintech.sqlite3`: that is a data folder again. `sqlite3` reads it too.

A file that is there already is not overwritten.";

const EXAMPLES: &str = "\
Example:
  fintech backup monday.sqlite3 --data ./fintech-data
  mkdir restored && cp monday.sqlite3 restored/fintech.sqlite3
  fintech verify --data ./restored";

/// Make a consistent copy while the server runs
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The copy to be made
    #[arg(value_name = "FILE", env = "FINTECH_FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataOption,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let bar = output::progress_bar(0, "{pos} of {len} pages");
    let mut watch = |Progress { copied, total }: Progress| {
        bar.set_length(total);
        bar.set_position(copied);
    };
    let taken = backup::take(&options.data.data, &services::kinds(), &options.file, &mut watch);
    bar.finish_and_clear();
    taken.map_err(|error| match error {
        TakeError::Folder(FolderError::Missing { .. })
        | TakeError::Backup(
            BackupError::Exists(_) | BackupError::Unfinished(_) | BackupError::NoFolder(_),
        ) => Failure::wrong_use(error),
        TakeError::Folder(_)
        | TakeError::Journal(_)
        | TakeError::Sqlite(_)
        | TakeError::Backup(BackupError::Disk { .. } | BackupError::Sqlite(_)) => {
            Failure::cannot_run(error)
        }
    })?;
    output::line(options.file.display())?;
    Ok(End::Done)
}
