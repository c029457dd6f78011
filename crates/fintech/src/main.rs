//! The program `fintech`: reads the command line, runs a command, ends with its exit code. What the
//! commands do is in `commands`; this crate alone knows every other.

mod adopt;
mod cli;
mod client;
mod clock;
mod commands;
mod end;
mod folder;
mod health;
mod home;
mod https;
mod import;
mod keys;
mod logging;
mod metrics;
mod output;
mod runtime;
mod services;
mod signals;
mod source;
mod tables;
mod this_machine;
mod way_back;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wrong) => {
            // Help and the version are asked for; everything else is a wrong use.
            let code = if wrong.use_stderr() { 2 } else { 0 };
            let printed = wrong.print();
            if let Some(variable) = cli::variable_of(&wrong) {
                output::tell(format_args!("The value is that of {variable} in the environment."));
            }
            return printed.map_or(ExitCode::from(3), |()| ExitCode::from(code));
        }
    };
    let end = commands::run(&cli.command);
    if let Err(failure) = &end
        && !matches!(failure, end::Failure::ReaderGone)
    {
        output::tell(format_args!("fintech: {failure}"));
    }
    end::exit_code(&end)
}
