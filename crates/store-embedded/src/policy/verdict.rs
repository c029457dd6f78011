//! A policy tried on messages, as `fintech events test-policy` does it. Not in here: files, the
//! terminal, exit codes.

use super::attributes::{AttributesRefused, from_shape};
use super::json::{self, JsonRefused, Shape, shape};
use super::refused::PolicyRefused;
use super::{Attributes, FilterPolicy};
use std::fmt;
use std::io::{self, BufRead};

/// What a policy says to one message; displayed, a line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The message is for the subscription.
    Match,
    /// It is not.
    NoMatch,
    /// The policy itself is refused; said once, and no message is read.
    Refused(PolicyRefused),
    /// The message cannot be read.
    Malformed {
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Match => formatter.write_str("match"),
            Verdict::NoMatch => formatter.write_str("no match"),
            Verdict::Refused(reason) => write!(formatter, "refused: {reason}"),
            Verdict::Malformed { line, why } => write!(formatter, "malformed: line {line}: {why}"),
        }
    }
}

/// Tries a policy on messages, one a line: `{"attributes": {name: {"Type": "String", "Value":
/// "…"}}}`. Other members of a message are ignored, and so are blank lines.
pub fn test_policy<R: BufRead>(policy: &str, messages: R) -> Verdicts<R> {
    let state = match FilterPolicy::parse(policy) {
        Ok(policy) => State::Reading { policy, messages, line: 0 },
        Err(refused) => State::Refused(refused),
    };
    Verdicts { state }
}

/// The verdicts on messages, one after another; a message is read when its verdict is asked for.
/// An error, after which nothing follows, is one of reading the messages.
#[derive(Debug)]
pub struct Verdicts<R> {
    state: State<R>,
}

#[derive(Debug)]
enum State<R> {
    Refused(PolicyRefused),
    Reading { policy: FilterPolicy, messages: R, line: u64 },
    Ended,
}

impl<R: BufRead> Iterator for Verdicts<R> {
    type Item = io::Result<Verdict>;

    fn next(&mut self) -> Option<Self::Item> {
        if let State::Reading { policy, messages, line } = &mut self.state {
            match next_message(messages, line) {
                Ok(Some(message)) => {
                    let verdict = verdict(policy, &message)
                        .unwrap_or_else(|why| Verdict::Malformed { line: *line, why });
                    return Some(Ok(verdict));
                }
                Ok(None) => self.state = State::Ended,
                Err(error) => {
                    self.state = State::Ended;
                    return Some(Err(error));
                }
            }
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Refused(refused) => Some(Ok(Verdict::Refused(refused))),
            State::Reading { .. } | State::Ended => None,
        }
    }
}

/// The next line that is not blank, counting those that are.
fn next_message(messages: &mut impl BufRead, line: &mut u64) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    while messages.read_until(b'\n', &mut message)? > 0 {
        *line = line.saturating_add(1);
        if !message.trim_ascii().is_empty() {
            return Ok(Some(message));
        }
        message.clear();
    }
    Ok(None)
}

/// What the policy says to one line, or why the line cannot be read.
fn verdict(policy: &FilterPolicy, line: &[u8]) -> Result<Verdict, String> {
    let text = std::str::from_utf8(line).map_err(|_| String::from("This is not UTF-8."))?;
    let attributes = attributes_of_message(text)?;
    Ok(if policy.matches(&attributes) { Verdict::Match } else { Verdict::NoMatch })
}

fn attributes_of_message(text: &str) -> Result<Attributes<'static>, String> {
    let refused = |refused: AttributesRefused| refused.to_string();
    let json_refused = |json: JsonRefused| refused(json.into());
    let Shape::Object(members) = json::parse(text).map_err(json_refused)? else {
        return Err(String::from("The message is not an object; write {\"attributes\": {…}}."));
    };
    let Some((_, raw)) = members.into_iter().find(|(name, _)| name == "attributes") else {
        return Err(String::from(
            "The message has no attributes; write {\"attributes\": {…}}, with {} for none.",
        ));
    };
    from_shape(shape(raw).map_err(json_refused)?).map_err(refused)
}
