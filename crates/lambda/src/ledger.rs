//! The daily check of the whole ledger, which also keeps the trial balance. The tables do not stand
//! still meanwhile. Entries that seem to be missing are read again by key before that is said; what
//! holds, refunds and audit lines are counted to, and what was changed in its place, has no key by
//! which it could be read as it was, so that of the rest only what a second check finds too, word for
//! word, is told. Not in here: what is checked.

use std::collections::HashSet;
use std::time::Duration;

use kernel::time::System;
use kernel::{Context, CorrelationId, Ids, Store};
use operations::trial_balance::KeepBalance;
use operations::verify::{Report, verify_as_of};

use crate::failure::Failure;
use crate::metrics::Metrics;

/// How many violations the failure itself names; all are in the log.
const TOLD_MAX: usize = 5;

/// How long a write may be on its way after the moment that it is booked at: the store's patience, a last
/// attempt with its retries, and clocks that differ. What was booked before that is there.
const ON_ITS_WAY_MAX: Duration = Duration::from_secs(60);

/// Checks everything. The answer is the report.
///
/// # Errors
/// When the store cannot read, or something is wrong.
pub(crate) async fn check(store: &Store, metrics: &Metrics) -> Result<Report, Failure> {
    let mut report = once(store).await?;
    if !report.is_well() {
        let seen = report.violations.len();
        tracing::warn!(seen, "something looks wrong; it is checked again");
        let again = once(store).await?;
        let former: HashSet<String> = report.violations.into_iter().collect();
        report = again;
        report.violations.retain(|violation| former.contains(violation));
    }
    metrics.ledger_violations(report.violations.len(), store.now());
    for violation in &report.violations {
        tracing::error!(violation, "the ledger is not as it must be");
    }
    if report.is_well() {
        let (transfers, accounts) = (report.transfers, report.accounts);
        tracing::info!(transfers, accounts, "the ledger is well");
        return Ok(report);
    }
    let count = report.violations.len();
    let told = report.violations.iter().take(TOLD_MAX).map(String::as_str).collect::<Vec<_>>();
    Err(Failure::Ledger(format!("{count} violations in the ledger: {}", told.join(" "))))
}

async fn once(store: &Store) -> Result<Report, Failure> {
    let as_of = store.now().minus(ON_ITS_WAY_MAX);
    let (report, trial) = verify_as_of(&**store.port(), as_of, &mut |_| {}).await?;
    if let Some(trial) = trial {
        let context = Context::request(CorrelationId(System.draw()), None);
        store.decide(KeepBalance::of(&trial), context).await?;
    }
    Ok(report)
}
