//! Tests of the filter policies, by what they look at. Helpers that more than one file uses stand
//! here.

mod attributes;
mod cases;
mod matching;
mod properties;
mod refusals;
mod verdicts;

use super::{Attributes, FilterPolicy, PolicyRefused};

/// Reads a policy that SNS takes.
fn policy(text: &str) -> FilterPolicy {
    FilterPolicy::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}"))
}

/// Reads a policy that SNS refuses.
fn refusal(text: &str) -> PolicyRefused {
    match FilterPolicy::parse(text) {
        Ok(_) => panic!("{text} was taken"),
        Err(refused) => refused,
    }
}

/// Reads the attributes of a message.
fn attributes(text: &str) -> Attributes<'static> {
    Attributes::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}"))
}
