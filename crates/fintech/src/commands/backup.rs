//! `fintech backup`: a consistent copy of a data folder. How it is made is in the embedded store.

use std::path::PathBuf;

use clap::Args;

use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::output;

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
    let name = options.file.display();
    if options.file.exists() {
        return Err(Failure::wrong_use(format!("{name} is there already; name a new file")));
    }
    folder::backup(&options.data.data, &options.file)?;
    output::line(format_args!("{name}"))?;
    Ok(End::Done)
}
