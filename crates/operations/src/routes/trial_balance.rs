//! The trial balance. It reads the whole ledger, so it is summed by one request at a time; where no
//! program runs all the time, by the check of the whole, which keeps it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http_api::{App, Problem, ProblemKind, answer};
use tokio::sync::Mutex;

use crate::bodies::TrialBalanceShown;
use crate::trial_balance::{self, TrialBalance};

/// The newest one, and the turn to sum the next.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<Option<TrialBalance>>);

/// What is in all accounts now, by class and currency; each currency sums to zero.
///
/// Reads the whole ledger. Requests that come while it is summed wait, and share the next one. On AWS
/// it is that of the last `verify_ledger`, as of then.
#[utoipa::path(get, path = "/ledger/trial-balance", tag = "operations",
    responses((status = 200, body = TrialBalanceShown)))]
pub(super) async fn get_trial_balance(
    State(app): State<App>,
    Extension(newest): Extension<Arc<Newest>>,
) -> Result<Response, Problem> {
    if !app.events.keeps_log() {
        let kept = trial_balance::kept(&app.store).await?.ok_or_else(|| {
            let detail = "No trial balance was made yet: run the function verify_ledger, which runs \
                          by itself once a day.";
            Problem::new(ProblemKind::NotFound, detail)
        })?;
        return Ok(answer::ok(&TrialBalanceShown::from(&kept)));
    }
    let asked_at = app.store.now();
    let mut newest = newest.0.lock().await;
    let trial = match newest.take() {
        // Summed while this request was waiting: as new as it can ask for.
        Some(trial) if trial.as_of > asked_at => trial,
        Some(_) | None => trial_balance::trial_balance(&app.store).await?,
    };
    let answer = answer::ok(&TrialBalanceShown::from(&trial));
    *newest = Some(trial);
    Ok(answer)
}
