//! The command line: the commands and what they share. What each does is in `commands`.

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::commands::{
    backup, dead_letters, demo, events, export, import, keys, load, serve, tick, token, user,
    verify,
};
use crate::end::EXIT_CODES;

const ABOUT: &str = "Wallets, payments and loans, durable, from one program";

const LONG_ABOUT: &str = "\
Wallets, payments and loans, durable, from one program.

`fintech serve` answers the HTTP interface, moves the money by events and keeps everything in one \
folder. The other commands work on that folder, or on a running server.

Every option can be given in the environment too: --data as FINTECH_DATA, --log-format as \
FINTECH_LOG_FORMAT. An option on the command line wins.";

const EXAMPLES: &str = "\
Examples:
  fintech serve                                  start, on http://127.0.0.1:8080
  fintech password --email operator@localhost    in another terminal: choose the first operator's
  export FINTECH_TOKEN=$(fintech token --email operator@localhost)
  fintech demo                                   fill it with something to look at
  fintech verify                                 prove that the books are right, beside it
  fintech backup copy.sqlite                     a consistent copy, beside it

";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "fintech", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXAMPLES}{EXIT_CODES}"))]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(serve::Options),
    Import(import::Options),
    Verify(verify::Options),
    Backup(backup::Options),
    Export(export::Options),
    Load(load::Options),
    Tick(tick::Options),
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    #[command(subcommand)]
    Events(events::Command),
    Token(token::Token),
    Password(token::Password),
    #[command(subcommand)]
    User(user::Command),
    #[command(subcommand)]
    Keys(keys::Command),
    Demo(demo::Options),
}

/// The variable of the environment whose value was refused, if it was one: the option that is named
/// stands nowhere on the command line.
pub(crate) fn variable_of(wrong: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(named)) = wrong.get(ContextKind::InvalidArg) else { return None };
    let option = named.split(' ').next().filter(|option| option.starts_with("--"))?;
    let is_typed = |argument: std::ffi::OsString| {
        let argument = argument.to_string_lossy();
        argument.split('=').next() == Some(option)
    };
    let variable = option.trim_start_matches('-').replace('-', "_").to_uppercase();
    let variable = format!("FINTECH_{variable}");
    let is_set = std::env::var_os(&variable).is_some();
    (is_set && !std::env::args_os().any(is_typed)).then_some(variable)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// How wide a help is where nothing says how wide the terminal is.
    const COLUMNS: usize = 100;

    /// Every command of the program, those of groups too, each by its whole name.
    fn commands(command: &clap::Command, name: &str, into: &mut Vec<(String, clap::Command)>) {
        into.push((name.to_owned(), command.clone()));
        for inner in command.get_subcommands() {
            commands(inner, &format!("{name} {}", inner.get_name()), into);
        }
    }

    /// What of a line of an example is for this program: without what a shell does with it, and without
    /// what is said of it, behind blanks.
    fn arguments(line: &str) -> Option<Vec<&str>> {
        let (_, typed) = line.strip_prefix("  ")?.split_once("fintech ")?;
        let is_typed = ["  fintech ", "  FINTECH_", "  export "];
        is_typed.iter().any(|begin| line.starts_with(begin)).then_some(())?;
        let typed = typed.split("   ").next().and_then(|typed| typed.split(" | ").next());
        let typed = typed.unwrap_or_default();
        let typed = typed.trim_end_matches(&[')', '"'][..]);
        Some([&["fintech"], &typed.split_whitespace().collect::<Vec<_>>()[..]].concat())
    }

    #[test]
    fn every_example_of_every_help_is_a_command() {
        let mut all = Vec::new();
        commands(&Cli::command(), "fintech", &mut all);
        assert!(all.len() > 20, "{all:?}");
        for (name, command) in all {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<_> = help.lines().filter_map(arguments).collect();
            assert!(!examples.is_empty(), "{name} --help has no example");
            // A longer line is broken into two, of which neither is a command.
            let all = format!("{help}\n{}", command.get_after_help().unwrap_or_default());
            let long = all.lines().find(|line| line.chars().count() > COLUMNS);
            assert_eq!(long, None, "{name} --help");
            for example in examples {
                let parsed = Cli::try_parse_from(&example);
                assert!(parsed.is_ok(), "{name}: {example:?}: {parsed:?}");
            }
        }
    }
}
