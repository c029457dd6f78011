//! What stands still whoever pays: how many of each thing Terraform makes of the manifest.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;

use super::malformed;

/// How many there are.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    /// Schedules of a minute.
    pub(super) schedules: u64,
    /// Queues that the keeper of dead letters is asked from.
    pub(super) queues: u64,
    /// Alarms, as modules/function/letters.tf and modules/dashboard make them.
    pub(super) alarms: u64,
    /// Metrics of our own, each by its dimensions: one for each answer that ends a saga, and those
    /// without a dimension.
    pub(super) metrics: u64,
}

#[derive(Deserialize)]
struct Manifest {
    functions: BTreeMap<String, Function>,
    topics: Vec<String>,
}

#[derive(Deserialize)]
struct Function {
    trigger: String,
    #[serde(default)]
    schedule: Option<String>,
    #[serde(default)]
    subscription: Option<Subscription>,
    #[serde(default)]
    letters: BTreeMap<String, Vec<String>>,
    service: String,
}

#[derive(Deserialize)]
struct Subscription {
    filter_policy: FilterPolicy,
}

#[derive(Deserialize)]
struct FilterPolicy {
    event_type: Vec<String>,
}

/// Of the whole deployment: the ledger, failures of requests, dead letters, the clock.
const ALARMS_OF_ALL: u64 = 4;

/// `SagaDuration`, `Conflicts`, `LedgerViolations`, `DeadLetters`.
const METRICS_OF_ALL: u64 = 4;

impl Deployment {
    /// Of a manifest.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn of(manifest: &str) -> io::Result<Self> {
        let manifest: Manifest = serde_json::from_str(manifest).map_err(malformed)?;
        // And each topic's own.
        let topics = u64::try_from(manifest.topics.len()).unwrap_or(u64::MAX);
        let alarms = ALARMS_OF_ALL.saturating_add(topics);
        let mut all = Self { alarms, metrics: METRICS_OF_ALL, ..Self::default() };
        for function in manifest.functions.values() {
            all.add(function);
        }
        Ok(all)
    }

    fn add(&mut self, function: &Function) {
        let alarms = match function.trigger.as_str() {
            // What it could not do, what was dropped, what was not even kept; and what did not reach it,
            // or how far it is behind.
            "subscription" | "stream" => 4,
            "schedule" => 3,
            _ => 0,
        };
        self.alarms = self.alarms.saturating_add(alarms);
        if function.schedule.as_deref() == Some("rate(1 minute)") {
            self.schedules = self.schedules.saturating_add(1);
        }
        let queues = function.letters.values().map(Vec::len).fold(0, usize::saturating_add);
        self.queues = self.queues.saturating_add(u64::try_from(queues).unwrap_or(u64::MAX));
        // The wallet service waits for nobody: what it hears ends no saga.
        if let Some(subscription) = &function.subscription
            && function.service != "wallet"
        {
            let answers = subscription.filter_policy.event_type.len();
            self.metrics = self.metrics.saturating_add(u64::try_from(answers).unwrap_or(u64::MAX));
        }
    }
}
