//! `fintech load`: the records of an export into another home. The file is read twice: once to see
//! that all of it can be taken, and once to take it.

mod file;
mod into_folder;
mod into_tables;

use std::path::PathBuf;

use clap::Args;

use self::file::Export;
use crate::end::{End, Failure};
use crate::home::{Home, HomeOption};
use crate::{output, runtime};

const LONG_ABOUT: &str = "\
Load the records of an export into another home.

They are put as they were: with their versions, hashes, causes and idempotency keys. What they said \
counts as said and heard: nothing of it is published again. A payment, a refund or a loan that still \
waits for an answer asks again by itself, within a minute or, where it waits for long already, an hour.

The whole file is checked before anything is written; a line that cannot be taken is named by its \
number. A data folder must be new or empty, and is there as a whole when the load has ended, or not at \
all. Tables must be empty too, or hold nothing but what an earlier load of this file has put there: a \
load that was cut off is run again and goes on. Nothing else may write to them meanwhile.

Run `fintech verify` afterwards.";

const EXAMPLES: &str = "\
Examples:
  fintech load monday.jsonl --data ./another-folder
  fintech load monday.jsonl --data dynamodb:fintech    into the tables fintech-wallet, …";

/// Load the records of an export into another home
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// What `fintech export` made
    #[arg(value_name = "FILE", env = "FINTECH_FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: HomeOption,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let export = Export::of(&options.file)?;
    let home = &options.data.data;
    let records = match home {
        Home::Folder(path) => into_folder::load(&export, path)?,
        Home::Tables(prefix) => {
            runtime::build("load")?.block_on(into_tables::load(&export, prefix))?
        }
    };
    output::tell(format_args!(
        "{}; now run `fintech verify --data {home}`",
        output::counted(records, "record")
    ));
    Ok(End::Done)
}
