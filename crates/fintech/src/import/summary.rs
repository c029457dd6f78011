//! What became of an import, as JSON and as text. Counting is `book`'s.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::WalletId;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::output::counted;

/// How long an import must take for its pace to say anything.
const TELLING: Duration = Duration::from_secs(1);

/// How many refusals the text shows; the JSON has all.
const REFUSALS_SHOWN: usize = 20;

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Refusal {
    /// Where it begins; the heading is line 1.
    pub(crate) line: u64,
    /// Why, as a sentence.
    pub(crate) reason: String,
}

/// What became of an import.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Rows booked by this run.
    pub(crate) booked: u64,
    /// Rows that an earlier run had booked.
    pub(crate) already_booked: u64,
    /// Wallets that this run opened.
    pub(crate) wallets_created: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// Rows that were not taken.
    pub(crate) refusals: Vec<Refusal>,
    /// The wallet of each account.
    pub(crate) wallets: BTreeMap<String, WalletId>,
}

#[derive(Serialize)]
struct Written<'a> {
    rows: u64,
    booked: u64,
    already_booked: u64,
    refused: u64,
    wallets_created: u64,
    seconds: Box<RawValue>,
    refusals: &'a [Refusal],
    wallets: &'a BTreeMap<String, WalletId>,
}

impl Summary {
    /// How many rows were refused.
    pub(crate) fn refused(&self) -> u64 {
        u64::try_from(self.refusals.len()).unwrap_or(u64::MAX)
    }

    /// How many rows there were.
    pub(crate) fn rows(&self) -> u64 {
        self.booked.saturating_add(self.already_booked).saturating_add(self.refused())
    }

    fn seconds(&self) -> String {
        format!("{}.{:03}", self.took.as_secs(), self.took.subsec_millis())
    }

    /// None where it was too short to say anything.
    fn rows_a_second(&self) -> Option<u128> {
        let micros = self.took.as_micros();
        let is_telling = self.took >= TELLING;
        let rows = u128::from(self.rows()).saturating_mul(1_000_000).checked_div(micros);
        rows.filter(|_| is_telling)
    }

    /// For programs.
    ///
    /// # Errors
    /// None that is known of.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&Written {
            rows: self.rows(),
            booked: self.booked,
            already_booked: self.already_booked,
            refused: self.refused(),
            wallets_created: self.wallets_created,
            seconds: RawValue::from_string(self.seconds())?,
            refusals: &self.refusals,
            wallets: &self.wallets,
        })
    }

    /// For people, without a line's end.
    pub(crate) fn text(&self) -> String {
        let pace = self.rows_a_second();
        let pace = pace.map_or_else(String::new, |pace| format!(", {pace} rows a second"));
        let mut text = format!(
            "{} in {} s{pace}: {} booked, {} booked before, {} refused; {} created",
            counted(self.rows(), "row"),
            self.seconds(),
            self.booked,
            self.already_booked,
            self.refused(),
            counted(self.wallets_created, "wallet"),
        );
        for refusal in self.refusals.iter().take(REFUSALS_SHOWN) {
            text.push_str(&format!("\nline {}: {}", refusal.line, refusal.reason));
        }
        let more = self.refusals.len().saturating_sub(REFUSALS_SHOWN);
        if more > 0 {
            text.push_str(&format!("\nand {more} more refused; --json lists them all"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_number_and_lines_are_told() {
        let refusal = |line| Refusal { line, reason: "no".into() };
        let summary = Summary {
            booked: 28_199,
            took: Duration::from_millis(2_050),
            refusals: (0..22).map(refusal).collect(),
            ..Summary::default()
        };
        let json: serde_json::Value = serde_json::from_str(&summary.json().unwrap()).unwrap();
        assert_eq!(json["rows"], 28_221);
        assert_eq!(json["seconds"].to_string(), "2.05");
        assert_eq!(json["refusals"][21]["line"], 21);
        let text = summary.text();
        assert!(text.starts_with("28221 rows in 2.050 s, 13766 rows a second: 28199 booked, 0 "));
        assert!(text.ends_with("\nline 19: no\nand 2 more refused; --json lists them all"));
    }

    #[test]
    fn a_small_file_is_told_in_plain_words() {
        let took = Duration::from_millis(3);
        let one = Summary { booked: 1, wallets_created: 1, took, ..Summary::default() };
        let expected = "1 row in 0.003 s: 1 booked, 0 booked before, 0 refused; 1 wallet created";
        assert_eq!(one.text(), expected);
        let none = "0 rows in 0.000 s: 0 booked, 0 booked before, 0 refused; 0 wallets created";
        assert_eq!(Summary::default().text(), none);
    }
}
