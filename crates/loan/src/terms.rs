//! The terms of a loan: what is asked for, and what the table and the annuity make of it.

use kernel::Amount;

use crate::instalment::instalment;
use crate::rate::{AnnualRate, LOAN_TERM_MONTHS_MAX, RateTable};

/// What is lent, for how long, at which rate, for which instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What is lent.
    pub amount: Amount,
    /// For how many months, 1 to 360.
    pub loan_term_months: u32,
    /// The annual rate.
    pub rate: AnnualRate,
    /// The equal instalment.
    pub minimum_payment: Amount,
}

/// Why there are no such terms. Each is a sentence that goes on after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsRefused {
    /// Nobody may take a loan for so long.
    #[error("must be from 1 to {LOAN_TERM_MONTHS_MAX} months")]
    LoanTermMonths,
    /// All instalments together pass what a balance can hold.
    #[error("is too large: with its interest it passes what a balance can hold; ask for less")]
    Amount,
}

impl Terms {
    /// The terms of a loan, from a deployment's table of rates.
    ///
    /// # Errors
    /// When the term or the amount is out of bounds.
    pub fn of(
        table: &RateTable,
        amount: Amount,
        loan_term_months: u32,
    ) -> Result<Self, TermsRefused> {
        let rate = table.rate(loan_term_months).ok_or(TermsRefused::LoanTermMonths)?;
        let minimum_payment =
            instalment(amount, rate, loan_term_months).ok_or(TermsRefused::Amount)?;
        Ok(Self { amount, loan_term_months, rate, minimum_payment })
    }
}

#[cfg(test)]
mod tests {
    use kernel::Currency;

    use super::*;

    fn check(amount: &str, currency: &str, months: u32, expected: &str) {
        let currency: Currency = currency.parse().unwrap();
        let amount = Amount::parse(amount, currency).unwrap();
        let found = match Terms::of(&RateTable::default(), amount, months) {
            Ok(terms) => format!("{} at {}", terms.minimum_payment, terms.rate),
            Err(refused) => format!("{refused:?}"),
        };
        assert_eq!(found, expected, "{amount} {currency} over {months} months");
    }

    #[test]
    fn every_way_terms_can_end() {
        check("1000.00", "USD", 12, "86.99 at 8.0");
        check("1000.00", "USD", 13, "82.41 at 12.0");
        check("1000.00", "USD", 25, "46.82 at 15.0");
        check("100000", "JPY", 12, "8699 at 8.0");
        check("1000.000", "KWD", 12, "86.988 at 8.0");
        check("1000.00", "USD", 0, "LoanTermMonths");
        check("1000.00", "USD", 361, "LoanTermMonths");
        check("90071992547409.91", "USD", 12, "Amount");
    }
}
