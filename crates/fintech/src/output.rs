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

/// Prints rows of as many words each, with every column as wide as its widest word.
///
/// # Errors
/// As [`line`].
pub(crate) fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> io::Result<()> {
    if rows.is_empty() { Ok(()) } else { line(aligned(rows)) }
}

fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let words = rows.iter().filter_map(|row| row.get(column));
        words.map(|word| word.chars().count()).max().unwrap_or_default()
    });
    let told = rows.iter().map(|row| {
        let words = row.iter().zip(widths).map(|(word, width)| format!("{word:<width$}"));
        words.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    told.collect::<Vec<_>>().join("\n")
}

/// `1 row`, `2 rows`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_word() {
        let rows =
            [["usr_1", "ACTIVE", "é@b"], ["usr_22", "DISABLED", ""], ["usr_3", "ACTIVE", "c"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let expected = "usr_1   ACTIVE    é@b\nusr_22  DISABLED\nusr_3   ACTIVE    c";
        assert_eq!(aligned(&rows), expected);
        assert_eq!(aligned(&rows[..1]), "usr_1  ACTIVE  é@b");
    }

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2].map(|count| counted(count, "row"));
        assert_eq!(told, ["0 rows", "1 row", "2 rows"]);
    }
}
