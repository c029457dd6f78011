//! The daily check of the whole ledger, which also keeps the trial balance. The tables do not stand
//! still meanwhile: it is as of a moment, so that once is enough. Not in here: what is checked.

use kernel::time::System;
use kernel::{Context, Store};
use operations::trial_balance::KeepBalance;
use operations::verify::{Moment, Report, verify_as_of};

use crate::failure::Failure;
use crate::metrics::Metrics;

/// How many violations the failure itself names; all are in the log.
const TOLD_MAX: usize = 5;

/// Checks everything. The answer is the report.
///
/// # Errors
/// When the store cannot read, or something is wrong.
pub(crate) async fn check(store: &Store, metrics: &Metrics) -> Result<Report, Failure> {
    let moment = Moment::before(store.now());
    let (report, trial) = verify_as_of(&**store.port(), moment, &mut |_| {}).await?;
    if let Some(trial) = trial {
        let context = Context::own(&System);
        store.decide(KeepBalance::of(&trial), context).await?;
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
