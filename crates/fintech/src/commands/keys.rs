//! `fintech keys`: the keys that sign access tokens. Where they lie is said in `keys`.

use clap::{Args, Subcommand};
use kernel::Clock;
use kernel::time::System;

use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::{keys, output};

/// About the keys that sign access tokens
#[derive(Debug, Subcommand)]
#[command(after_long_help = ROTATE_EXAMPLES)]
pub(crate) enum Command {
    Rotate(Rotate),
}

const ROTATE_ABOUT: &str = "\
Make another key that signs access tokens. A running server takes it within a minute; nobody has to sign \
in again, for the former key is known until no token of its is good any more. A server does this by \
itself every 90 days. If somebody else may have read a key, stop the server, remove the files in the \
folder `keys`, and start it again: then no token of theirs is good, and sessions go on.";

const ROTATE_EXAMPLES: &str = "\
Examples:
  fintech keys rotate --data ./fintech-data";

/// Make another one
#[derive(Debug, Args)]
#[command(long_about = ROTATE_ABOUT, after_long_help = ROTATE_EXAMPLES)]
pub(crate) struct Rotate {
    #[command(flatten)]
    data: DataOption,
}

/// Runs it.
pub(crate) fn run(command: &Command) -> Result<End, Failure> {
    let Command::Rotate(rotate) = command;
    folder::existing(&rotate.data.data)?;
    keys::rotate(&rotate.data.data, System.now())?;
    output::tell("There is another key; a running server takes it within a minute.");
    Ok(End::Done)
}
