//! The trial balance: what is in all accounts at one moment, by class and currency, summed from the
//! entries. Whether each entry is right is not looked at here, see `verify`.

use std::sync::Arc;

use kernel::{ChainId, Decision, Store, StoreError, Suspend, Time, View, Writes};
use kernel::{Context, CorrelationId};
use wallet::records::Entry;

use crate::sums::Sums;
use crate::verify::Rows;

/// What was in all accounts at a moment.
#[derive(Debug)]
pub struct TrialBalance {
    /// The moment: everything that was booked before it is in, and nothing else.
    pub as_of: Time,
    /// The sums.
    pub sums: Sums,
}

/// Sums the whole ledger as of now. Reads every entry.
///
/// Entries that are booked meanwhile are left out by their booked time, so that the sums are those of
/// one moment although the entries are read piece by piece.
///
/// # Errors
/// When the store cannot, or an entry cannot be read: then no sum would be right.
pub async fn trial_balance(store: &Store) -> Result<TrialBalance, StoreError> {
    // What was decided before this decision is durable when it is answered, and what is decided
    // after it is booked no earlier.
    let as_of = store.decide(Now, Context::request(CorrelationId(0), None)).await?;
    let mut summing = Summing { as_of, newest: None, sums: Sums::default() };
    let mut rows = Rows::<Entry>::of(&**store.port());
    while let Some(piece) = rows.next(&mut |_| {}).await? {
        for row in piece {
            let entry = row.map_err(|bad| {
                StoreError::Broken(format!(
                    "the ledger cannot be summed; run `fintech verify`: {bad}"
                ))
            })?;
            summing.add(entry);
        }
    }
    summing.end_chain(None);
    Ok(TrialBalance { as_of, sums: summing.sums })
}

struct Summing {
    as_of: Time,
    newest: Option<Arc<Entry>>,
    sums: Sums,
}

impl Summing {
    fn add(&mut self, entry: Arc<Entry>) {
        self.end_chain(Some(entry.account_id));
        if entry.booked_at < self.as_of {
            self.sums.add_other_side(&entry);
            self.newest = Some(entry);
        }
    }

    fn end_chain(&mut self, next: Option<ChainId>) {
        if let Some(newest) = self.newest.take_if(|newest| Some(newest.account_id) != next) {
            self.sums.add_chain(&newest);
        }
    }
}

/// Asks the store what time it is, in the order of its decisions.
struct Now;

impl Decision for Now {
    type Outcome = Time;

    fn name(&self) -> &'static str {
        "get_trial_balance"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<Time, Suspend> {
        Ok(view.now())
    }
}
