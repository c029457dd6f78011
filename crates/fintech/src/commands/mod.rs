//! The commands, one file each: its options, its help, and what it does.

/// Examples over a server where people sign in: first comes how an operator says who he is.
macro_rules! operators_examples {
    ($lines:literal) => {
        concat!(
            "Examples:\n  export FINTECH_TOKEN=$(fintech token --email operator@localhost)\n",
            $lines
        )
    };
}

pub(crate) mod backup;
pub(crate) mod dead_letters;
pub(crate) mod demo;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod load;
pub(crate) mod serve;
pub(crate) mod tick;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod verify;

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
        Command::Verify(options) => verify::run(options),
        Command::Backup(options) => backup::run(options),
        Command::Export(options) => export::run(options),
        Command::Load(options) => load::run(options),
        Command::Tick(options) => tick::run(options),
        Command::DeadLetters(command) => dead_letters::run(command),
        Command::Events(command) => events::run(command),
        Command::Token(options) => token::run_token(options),
        Command::Password(options) => token::run_password(options),
        Command::User(command) => user::run(command),
        Command::Keys(command) => keys::run(command),
        Command::Demo(options) => demo::run(options),
    }
}
