//! The commands, one file each: its options, its help, and what it does.

pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod serve;

use crate::cli::Command;
use crate::end::{End, Failure};

/// Runs a command to its end.
///
/// # Errors
/// When it was called wrongly, or the machine stands in its way.
pub(crate) fn run(command: &Command) -> Result<End, Failure> {
    match command {
        Command::Serve(options) => serve::run(options),
        Command::Import(options) => import::run(options),
        Command::Events(command) => events::run(command),
    }
}
