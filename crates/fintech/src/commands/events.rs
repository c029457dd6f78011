//! `fintech events test-policy`: tries a subscription's filter policy on messages. Nothing running is
//! asked; the grammar is in the embedded store.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use store_embedded::policy::{Verdict, test_policy};

use crate::end::{End, Failure};
use crate::output;

/// About events and who hears them
#[derive(Debug, Subcommand)]
#[command(after_long_help = EXAMPLES)]
pub(crate) enum Command {
    TestPolicy(Options),
}

const LONG_ABOUT: &str = "\
Try a subscription's filter policy on messages.

The grammar is that of Amazon SNS on message attributes. One line is printed for each message: \
`match` or `no match`. A policy that SNS would refuse is refused here too: then the one line is \
`refused:` and the reason, and the exit code is 1; so it is where a message cannot be read.";

const EXAMPLES: &str = r#"Example:
  echo '{"event_type": ["PAYMENT_REQUESTED"]}' > policy.json
  echo '{"attributes": {"event_type": {"Type": "String", "Value": "PAYMENT_FAILED"}}}' > m.jsonl
  fintech events test-policy --policy policy.json --messages m.jsonl    prints: no match"#;

/// Try a subscription's filter policy on messages
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The filter policy, a JSON file
    #[arg(long, value_name = "FILE", env = "FINTECH_POLICY")]
    policy: PathBuf,
    /// The messages, one a line: {"attributes": {name: {"Type": "String", "Value": "…"}}}
    #[arg(long, value_name = "FILE", env = "FINTECH_MESSAGES")]
    messages: PathBuf,
}

/// Runs it.
pub(crate) fn run(command: &Command) -> Result<End, Failure> {
    let Command::TestPolicy(options) = command;
    let unreadable = |path: &PathBuf, error| {
        Failure::wrong_use(format!("cannot read {}: {error}", path.display()))
    };
    let policy =
        fs::read_to_string(&options.policy).map_err(|error| unreadable(&options.policy, error))?;
    let messages =
        File::open(&options.messages).map_err(|error| unreadable(&options.messages, error))?;
    let mut end = End::Done;
    for verdict in test_policy(&policy, BufReader::new(messages)) {
        let verdict = verdict.map_err(|error| unreadable(&options.messages, error))?;
        match verdict {
            Verdict::Match | Verdict::NoMatch => {}
            Verdict::Refused(_) | Verdict::Malformed { .. } => end = End::Flawed,
        }
        output::line(verdict)?;
    }
    Ok(end)
}
