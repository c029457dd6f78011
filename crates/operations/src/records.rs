//! What operators keep themselves where no bus and no program that runs all the time does: dead
//! letters, the newest trial balance, and the keys of the provider of sign-in. On AWS alone; the one
//! program has the first in its bus, sums the second when it is asked, and holds the last in memory.
//! What is decided of them is in `letters`, `trial_balance` and `keys`.

use kernel::record::{ColumnType, Rules};
use kernel::text::Words;
use kernel::{
    Currency, DeadLetterId, SigningKeysId, Time, TrialBalanceId, Value, record, word_column,
};

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterState {
    /// Nobody did anything about it yet.
    Waiting,
    /// It was given to its function again, and has not come back.
    Redriven,
}

word_column!(LetterState { Waiting = "WAITING", Redriven = "REDRIVEN" });

record! {
    /// A message that a function could not hear, relay or do.
    pub struct DeadLetter in "dead_letter" of "operations" version 1 {
        /// Named by the function and the event: an event that dies twice is one letter.
        dead_letter_id: DeadLetterId,
        /// The function, such as `process_payment_request`.
        function: Words<64>,
        /// What became of it.
        state: LetterState,
        /// How often the function was tried.
        attempts: u32,
        /// Why it failed last.
        reason: String,
        /// Since when it is dead.
        died_at: Time,
        /// The message as its topic says it; none where it was no message of a topic.
        message: Option<String>,
        /// The message of a queue that told of it last: the same one again tells nothing new.
        told_by: String,
    }
    key (dead_letter_id: DeadLetterId)
    index "by_state" (state, died_at) every
}

impl Rules for DeadLetter {}

/// What a class of accounts has in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassSum {
    /// `world`, `wallet`, `merchant`, `loan`, …
    pub class: String,
    /// The currency.
    pub currency: Currency,
    /// What they have together, in minor units; signed.
    pub minor: i128,
}

/// The sums of all classes. In a column: a line each, of class, currency and minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassSums(pub Vec<ClassSum>);

impl kernel::record::Column for ClassSums {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        let line = |sum: &ClassSum| format!("{} {} {}", sum.class, sum.currency, sum.minor);
        let lines: Vec<_> = self.0.iter().map(line).collect();
        Value::Text(lines.join("\n").into())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        let text = String::from_value(value)?;
        let sum = |line: &str| {
            let (class, rest) = line.split_once(' ')?;
            let (currency, minor) = rest.split_once(' ')?;
            let (currency, minor) = (currency.parse().ok()?, minor.parse().ok()?);
            Some(ClassSum { class: class.to_owned(), currency, minor })
        };
        text.lines().map(sum).collect::<Option<_>>().map(Self)
    }
}

record! {
    /// A trial balance. There is one, the newest.
    pub struct KeptBalance in "trial_balance" of "operations" version 1 {
        /// Always the same.
        trial_balance_id: TrialBalanceId,
        /// Everything booked before this moment is in, and nothing else.
        as_of: Time,
        /// What each class of accounts has in each of its currencies.
        classes: ClassSums,
    }
    key (trial_balance_id: TrialBalanceId)
}

impl Rules for KeptBalance {}

record! {
    /// The keys that the tokens of a provider of sign-in are checked with. There is one such record.
    /// Whoever can write it can sign in as whom he likes.
    pub struct SigningKeys in "signing_keys" of "operations" version 1 {
        /// Always the same, see [`SIGNING_KEYS`](crate::keys::SIGNING_KEYS).
        signing_keys_id: SigningKeysId,
        /// Whose they are.
        issuer: String,
        /// They, as the issuer publishes them: a JSON Web Key Set.
        keys: String,
        /// Since when they are these.
        changed_at: Time,
    }
    key (signing_keys_id: SigningKeysId)
}

impl Rules for SigningKeys {}

#[cfg(test)]
mod tests {
    use kernel::record::Column;

    use super::*;

    #[test]
    fn sums_come_back_from_their_column() {
        let sum = |class: &str, currency: &str, minor| ClassSum {
            class: class.to_owned(),
            currency: currency.parse().unwrap(),
            minor,
        };
        let sums = ClassSums(vec![
            sum("interest-income", "USD", i128::from(i64::MIN) * 10),
            sum("world", "JPY", 0),
        ]);
        assert_eq!(ClassSums::from_value(&sums.to_value()), Some(sums));
        let none = ClassSums::default();
        assert_eq!(ClassSums::from_value(&none.to_value()), Some(none));
        assert_eq!(ClassSums::from_value(&Value::from("world USD")), None);
        assert_eq!(ClassSums::from_value(&Value::from("world USD 1.5")), None);
    }
}
