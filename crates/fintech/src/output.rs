//! What a command prints: its results to standard output, and nothing else. What a person should
//! know besides goes to standard error, as logs do.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Prints a line of a command's result.
///
/// # Errors
/// When standard output cannot be written, as when its reader has gone.
pub(crate) fn line(text: impl fmt::Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a command's result as JSON.
///
/// # Errors
/// As [`line`].
pub(crate) fn json(result: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(result)?;
    line(text)
}

/// Tells a person something that is no result. If nobody can be told, nothing is lost.
pub(crate) fn tell(text: impl fmt::Display) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// A bar that shows how far something of that length is, to a person who looks on; nothing where
/// standard error is no terminal. `counts` says what is counted, in the words of `indicatif`.
pub(crate) fn progress_bar(length: u64, counts: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{wide_bar}} {counts}, {{eta}} to go"));
    let bar = ProgressBar::new(length);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A sign of life of something whose length nobody knows, in the words of `indicatif`.
pub(crate) fn spinner(words: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    match ProgressStyle::with_template(&format!("{{spinner}} {words}")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
