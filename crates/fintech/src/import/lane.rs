//! In which order the rows of one account are tried. Within a day the file's order is not the booking
//! order: a debit that the balance refuses waits for the rest of its day, and is tried again after
//! each credit. Pure: who tries a row, and what a row is, is not here.

use std::collections::VecDeque;

use jiff::civil::Date;
use wallet::records::Direction;

use super::rows::Row;
use super::summary::Refusal;

/// How an attempt to book a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It is booked now.
    Booked,
    /// It was booked before.
    BookedBefore,
    /// There was too little in the wallet, as this sentence says. There may be more later.
    TooLittle(String),
    /// No, and never, as this sentence says.
    Refused(String),
}

/// The rows of one account that are still to be booked.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    today: Option<Date>,
    /// In the order of the file.
    coming: VecDeque<Row>,
    /// Debits that a credit may have made possible, in the order of the file.
    again: VecDeque<Waiting>,
    /// Debits that wait for a credit, in the order of the file.
    waiting: VecDeque<Waiting>,
    /// The row that is being tried, and why it had to wait before.
    trying: Option<(Direction, Option<String>)>,
}

#[derive(Debug)]
struct Waiting {
    row: Row,
    why: String,
}

impl Lane {
    /// Adds the next row of the file.
    pub(crate) fn add(&mut self, row: Row) {
        self.coming.push_back(row);
    }

    /// The row to be tried now; none while one is being tried, or when there is none. Where that ends
    /// a day, what still waits in it is refused.
    pub(crate) fn next(&mut self, refusals: &mut Vec<Refusal>) -> Option<Row> {
        if self.trying.is_some() {
            return None;
        }
        if let Some(Waiting { row, why }) = self.again.pop_front() {
            self.trying = Some((row.direction, Some(why)));
            return Some(row);
        }
        let row = self.coming.pop_front()?;
        if self.today.is_none_or(|today| today < row.day) {
            self.end_day(refusals);
            self.today = Some(row.day);
        }
        self.trying = Some((row.direction, None));
        Some(row)
    }

    /// How the row ended that [`next`](Self::next) gave. Gives back whether it was its first attempt.
    pub(crate) fn tried(&mut self, row: Row, tried: Tried, refusals: &mut Vec<Refusal>) -> bool {
        let before = self.trying.take();
        assert!(before.is_some(), "a row ended that was not being tried");
        let (direction, waited) = before.unwrap_or((row.direction, None));
        let is_first_attempt = waited.is_none();
        match tried {
            Tried::Booked if direction == Direction::Credit => {
                // Nothing is left of `again` here: a credit comes only when it is empty.
                self.again.append(&mut self.waiting);
            }
            Tried::Booked | Tried::BookedBefore => {}
            Tried::TooLittle(why) => self.waiting.push_back(Waiting { row, why }),
            // A row that waited is refused for what it waited for: that later rows were booked
            // meanwhile is no fault of its own.
            Tried::Refused(why) => {
                let reason = waited.unwrap_or(why);
                refusals.push(Refusal { line: row.line, reason });
            }
        }
        is_first_attempt
    }

    /// Whether there is nothing left but what waits for a credit.
    pub(crate) fn is_idle(&self) -> bool {
        self.trying.is_none() && self.again.is_empty() && self.coming.is_empty()
    }

    /// Refuses what still waits when its day is over.
    pub(crate) fn end_day(&mut self, refusals: &mut Vec<Refusal>) {
        for Waiting { row, why } in self.waiting.drain(..) {
            refusals.push(Refusal { line: row.line, reason: why });
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]
mod tests {
    use kernel::text::Reference;
    use kernel::{Amount, Currency, Time};
    use proptest::prelude::*;

    use super::*;

    fn row(line: u64, day: i8, amount: i64) -> Row {
        Row {
            line,
            account: "a".into(),
            reference: Reference::new(&line.to_string()).unwrap(),
            day: Date::constant(2024, 1, day),
            effective_at: Time::from_micros(i64::from(day)),
            direction: if amount < 0 { Direction::Debit } else { Direction::Credit },
            amount: Amount::from_minor(amount.unsigned_abs(), Currency::USD).unwrap(),
            description: None,
        }
    }

    /// Runs a lane over a balance that starts at nothing: the lines in the order in which they were
    /// booked, and those that were refused.
    fn run(rows: &[(i8, i64)]) -> (Vec<u64>, Vec<u64>) {
        let mut lane = Lane::default();
        for (line, (day, amount)) in (2..).zip(rows) {
            lane.add(row(line, *day, *amount));
        }
        let (mut balance, mut newest) = (0_i64, 0_i8);
        let (mut booked, mut refusals) = (Vec::new(), Vec::new());
        while let Some(row) = lane.next(&mut refusals) {
            assert!(lane.next(&mut refusals).is_none(), "one at a time");
            let amount = i64::try_from(row.amount.minor()).unwrap();
            let after = match row.direction {
                Direction::Credit => balance.saturating_add(amount),
                Direction::Debit => balance.saturating_sub(amount),
            };
            let tried = if row.day.day() < newest {
                Tried::Refused("out of order".into())
            } else if after < 0 {
                Tried::TooLittle(format!("only {balance}"))
            } else {
                (balance, newest) = (after, row.day.day());
                booked.push(row.line);
                Tried::Booked
            };
            lane.tried(row, tried, &mut refusals);
        }
        assert!(lane.is_idle());
        lane.end_day(&mut refusals);
        (booked, refusals.into_iter().map(|refusal| refusal.line).collect())
    }

    fn check(rows: &[(i8, i64)], booked: &[u64], refused: &[u64]) {
        assert_eq!(run(rows), (booked.to_vec(), refused.to_vec()), "{rows:?}");
    }

    #[test]
    fn every_order_of_a_day() {
        check(&[(1, 5), (1, -5)], &[2, 3], &[]);
        // A debit waits for the credit of its day.
        check(&[(1, -5), (1, 5)], &[3, 2], &[]);
        // The day ends with the next, with the file, or never comes back.
        check(&[(1, -5), (2, 5)], &[3], &[2]);
        check(&[(1, -5)], &[], &[2]);
        check(&[(2, 1), (1, -5), (2, 5)], &[2, 4], &[3]);
        // Debits that do not wait overtake those that do.
        check(&[(1, 3), (1, -5), (1, -1), (1, 3)], &[2, 4, 5, 3], &[]);
        // After a credit those that wait come before the next row, the first first.
        check(&[(1, -4), (1, -2), (1, 5), (1, -3), (1, 9)], &[4, 2, 6, 3, 5], &[]);
        check(&[(1, -4), (1, -2), (1, 3), (1, -1)], &[4, 3, 5], &[2]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_what_is_refused_could_not_be_paid(
            rows in proptest::collection::vec((1_i8..4, (-9_i64..10).prop_filter("an amount is not zero", |amount| *amount != 0)), 0..40)
        ) {
            let mut rows = rows;
            rows.sort_by_key(|(day, _)| *day);
            let (booked, refused) = run(&rows);
            let mut all: Vec<_> = booked.iter().chain(&refused).copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (2..2 + u64::try_from(rows.len()).unwrap()).collect::<Vec<_>>());
            let amount = |line: u64| rows[usize::try_from(line).unwrap() - 2];
            for line in refused {
                let (day, debit) = amount(line);
                prop_assert!(debit < 0, "a credit was refused");
                let end: i64 = booked.iter().map(|line| amount(*line)).filter(|(on, _)| *on <= day).map(|(_, amount)| amount).sum();
                prop_assert!(end + debit < 0, "line {} could be paid at the end of its day", line);
            }
        }
    }
}
