//! The trial balance: what is in all accounts at one moment, by class and currency, summed from the
//! entries, and kept where the check of the whole makes it. Whether each entry is right is not looked
//! at here, see `verify`.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{
    Context, CorrelationId, Decision, Id, Record, Store, StoreError, Suspend, Time, TrialBalanceId,
    View, Writes,
};
use wallet::records::Entry;

use crate::records::{ClassSum, ClassSums, KeptBalance};
use crate::sums::Sums;
use crate::sweep::{Piece, Sweep};

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
    let mut summing = Summing::of(as_of);
    let mut parts: BTreeMap<usize, Newest> = BTreeMap::new();
    let mut sweep = Sweep::over(&**store.port(), &[Entry::KIND]);
    while let Some(Piece { part, rows, .. }) = sweep.next(&mut |_| {}).await? {
        let newest = parts.entry(part).or_default();
        for row in rows {
            let stored = row.map_err(|bad| {
                StoreError::Broken(format!(
                    "the ledger cannot be summed; run `fintech verify`: {bad}"
                ))
            })?;
            if let Some(entry) = stored.downcast::<Entry>() {
                summing.add(&entry, newest);
            }
        }
    }
    parts.into_values().for_each(|newest| summing.end_chain(newest));
    Ok(summing.end())
}

/// The id of the one that is kept.
fn kept_id() -> TrialBalanceId {
    TrialBalanceId::from_uuid(0)
}

/// The one that was kept last; none if none was.
///
/// # Errors
/// When the store cannot.
pub async fn kept(store: &Store) -> Result<Option<KeptBalance>, StoreError> {
    Ok(store.get::<KeptBalance>(kept_id()).await?.map(|known| KeptBalance::clone(&known)))
}

/// Keeps a trial balance in the place of the one before.
#[derive(Debug, Clone)]
pub struct KeepBalance(KeptBalance);

impl KeepBalance {
    /// That one.
    pub fn of(trial: &TrialBalance) -> Self {
        let sum = |(class, currency, minor): (&str, _, _)| ClassSum {
            class: class.to_owned(),
            currency,
            minor,
        };
        let classes = ClassSums(trial.sums.by_class().map(sum).collect());
        Self(KeptBalance { trial_balance_id: kept_id(), as_of: trial.as_of, classes })
    }
}

impl Decision for KeepBalance {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "verify_ledger"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        match view.get::<KeptBalance>(kept_id())? {
            None => {
                writes.create(self.0.clone());
            }
            // Two checks at once may end in another order than they began.
            Some(known) if known.as_of >= self.0.as_of => {}
            Some(known) => {
                writes.update(&known, self.0.clone());
            }
        }
        Ok(())
    }
}

/// The newest entry so far of the chain that is being read, of those that were booked before the moment.
pub(crate) type Newest = Option<Arc<Entry>>;

/// Sums entries as of a moment. They may come in several parts at once, within each chain by chain.
#[derive(Debug)]
pub(crate) struct Summing {
    as_of: Time,
    sums: Sums,
}

impl Summing {
    /// Nothing so far.
    pub(crate) fn of(as_of: Time) -> Self {
        Self { as_of, sums: Sums::default() }
    }

    /// After the last chain of each part.
    pub(crate) fn end(self) -> TrialBalance {
        TrialBalance { as_of: self.as_of, sums: self.sums }
    }

    /// The next entry of a part.
    pub(crate) fn add(&mut self, entry: &Arc<Entry>, newest: &mut Newest) {
        self.end_chain(newest.take_if(|newest| newest.account_id != entry.account_id));
        if entry.booked_at < self.as_of {
            self.sums.add_other_side(entry);
            *newest = Some(Arc::clone(entry));
        }
    }

    /// After the last entry of a chain.
    pub(crate) fn end_chain(&mut self, newest: Newest) {
        if let Some(newest) = newest {
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
