//! The chores of this repository, as one program: `cargo xtask <command>`.
//! Not in here: building, testing and running, which are the Makefile's, and anything that ships.

mod costs;
mod docs;
mod manifest;
mod tidy;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", about = "The chores of this repository")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the house rules over the whole tree; exits 1 where one is broken
    Tidy,
    /// Write what of docs/ is made from the code: events and problems
    Docs,
    /// Write terraform/costs.md from what a payment takes and the price list
    Costs,
    /// Write terraform/manifest.json from what the services declare
    Manifest,
}

/// Exit codes: 0 done, 1 something was found wrong, 2 wrong use, 3 cannot run.
fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let done = match command_line.command {
        Command::Tidy => print_findings(tree_root()),
        Command::Docs => docs::write(tree_root()).map(|_| ExitCode::SUCCESS),
        Command::Costs => costs::write(tree_root()).map(|()| ExitCode::SUCCESS),
        Command::Manifest => manifest::write(tree_root()).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // Where standard error is closed too, the exit code has to say it alone.
            let _unheard = writeln!(io::stderr(), "cannot run: {error}");
            ExitCode::from(3)
        }
    }
}

/// One line for each finding on standard output.
fn print_findings(root: &Path) -> io::Result<ExitCode> {
    let findings = tidy::run(root)?;
    let mut output = io::stdout().lock();
    for finding in &findings {
        writeln!(output, "{finding}")?;
    }
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(output, "found: {}", findings.len())?;
    Ok(ExitCode::from(1))
}

/// The folder that holds the workspace's Cargo.toml.
fn tree_root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
