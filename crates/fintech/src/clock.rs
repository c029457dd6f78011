//! When the clock does its work, and who is told of it. What it does stands in `kernel::due`.

use std::time::Duration;

use kernel::due::{Done, Pace, decide_due};
use kernel::time::System;
use kernel::{Context, Decision, Store, StoreError, Suspend, Time, View, Writes};
use tokio::time::MissedTickBehavior;

use crate::services;

/// As many records as share a commit; and however long it takes, nobody else does it.
const PACE: Pace = Pace { page: 100, partitions: usize::MAX, until: Time::MAX };

/// How often the clock looks.
const EVERY: Duration = Duration::from_secs(1);

/// How often one of the things that are due was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticked {
    /// Which, as the service names it.
    pub(crate) name: &'static str,
    /// How many records were decided on.
    pub(crate) records: u64,
}

/// Does everything that is due now, once.
///
/// # Errors
/// When the store cannot. What was done before stays done.
pub(crate) async fn tick(store: &Store) -> Result<Vec<Ticked>, StoreError> {
    let mut ticked = Vec::new();
    for due in services::due() {
        let name = due.name;
        let Done { records, failed, .. } = decide_due(&**store.port(), due, PACE, &System).await?;
        for (key, error) in failed {
            tracing::error!(due = name, ?key, %error, "a record that is due cannot be decided on");
        }
        ticked.push(Ticked { name, records });
    }
    Ok(ticked)
}

/// The moment at which the store would book something now: the machine's, or, where that is behind
/// what is booked already, the moment of that.
///
/// # Errors
/// When the store cannot.
pub(crate) async fn of(store: &Store) -> Result<Time, StoreError> {
    store.decide(ReadClock, Context::own(&System)).await
}

struct ReadClock;

impl Decision for ReadClock {
    type Outcome = Time;

    fn name(&self) -> &'static str {
        "read_clock"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<Time, Suspend> {
        Ok(view.now())
    }
}

/// Ticks for ever; dropping it stops it. A store that cannot is told of once, until it can again.
pub(crate) async fn run(store: Store, each: impl Fn()) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_well = true;
    loop {
        ticks.tick().await;
        each();
        match tick(&store).await {
            Ok(ticked) => {
                was_well = true;
                for Ticked { name, records } in ticked.iter().filter(|ticked| ticked.records > 0) {
                    tracing::info!(due = name, records, "the clock did what was due");
                    metrics::counter!("due_records_total", "due" => *name).increment(*records);
                }
            }
            Err(error) => {
                if was_well {
                    tracing::warn!(%error, "the clock cannot do what is due; it tries on");
                }
                was_well = false;
            }
        }
    }
}
