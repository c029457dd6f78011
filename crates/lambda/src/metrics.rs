//! Metrics in CloudWatch's embedded format: a line of JSON on standard output, of which CloudWatch
//! makes metrics. Each pair of a metric and a dimension's value is paid for by the month, so there are
//! few. What is counted is said where it happens.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::{CorrelationId, Envelope, Time};
use serde_json::{Map, Value, json};
use store_dynamodb::Observer;

/// The metrics of one deployment.
pub struct Metrics {
    /// Under which name CloudWatch keeps them.
    namespace: String,
    /// Decisions that were made again because another came first, since it was last told.
    conflicts: AtomicU64,
}

impl Observer for Metrics {
    fn conflict(&self, decision: &'static str) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(decision, "decided again: another came first");
    }
}

impl Metrics {
    /// Of the deployment of that prefix, apart from those of others in the same account.
    pub fn of(prefix: &str) -> Self {
        Self { namespace: format!("Fintech/{prefix}"), conflicts: AtomicU64::default() }
    }

    /// Writes how many conflicts there were, if any.
    pub(crate) fn tell_conflicts(&self, now: impl FnOnce() -> Time) {
        let count = self.conflicts.swap(0, Ordering::Relaxed);
        if count > 0 {
            self.count("Conflicts", count, now());
        }
    }

    /// Counts the answer to a saga's request by its result, with the time since the request came.
    pub(crate) fn saga_answered(&self, event: &Envelope, now: Time) {
        write(&self.saga_line(event, now));
    }

    /// Counts what the check of the ledger found wrong; zero too, so that silence is noticed.
    pub(crate) fn ledger_violations(&self, count: usize, now: Time) {
        self.count("LedgerViolations", u64::try_from(count).unwrap_or(u64::MAX), now);
    }

    /// Counts a message that became a dead letter.
    pub(crate) fn dead_letter(&self, now: Time) {
        self.count("DeadLetters", 1, now);
    }

    fn count(&self, name: &str, count: u64, now: Time) {
        let mut line = Line::at(now, &self.namespace);
        line.metric(name, "Count", count, None);
        write(&line.into_json());
    }

    /// What is written of an answer to a saga's request.
    pub fn saga_line(&self, event: &Envelope, now: Time) -> Value {
        let mut line = Line::at(now, &self.namespace);
        line.metric("Sagas", "Count", 1, Some("Result"));
        line.put("Result", event.kind().name().into());
        line.put("correlation_id", event.correlation.to_string().into());
        if let Some(duration) = request_time(event.correlation).map(|begun| now.since(begun)) {
            let duration = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            line.metric("SagaDuration", "Milliseconds", duration, None);
        }
        line.into_json()
    }
}

/// A line on its way: the values, and what of them is a metric.
struct Line<'n> {
    now: Time,
    namespace: &'n str,
    metrics: Vec<Value>,
    values: Map<String, Value>,
}

impl<'n> Line<'n> {
    fn at(now: Time, namespace: &'n str) -> Self {
        Self { now, namespace, metrics: Vec::new(), values: Map::new() }
    }

    fn put(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    fn metric(&mut self, name: &str, unit: &str, value: u64, dimension: Option<&str>) {
        self.put(name, value.into());
        self.metrics.push(json!({
            "Namespace": self.namespace,
            "Dimensions": [dimension.as_slice()],
            "Metrics": [{ "Name": name, "Unit": unit }],
        }));
    }

    fn into_json(mut self) -> Value {
        let milliseconds = self.now.micros().div_euclid(1000);
        let about = json!({ "Timestamp": milliseconds, "CloudWatchMetrics": self.metrics });
        self.put("_aws", about);
        Value::Object(self.values)
    }
}

/// When the request came that a correlation began with: its id is a UUID of version 7, which begins
/// with the milliseconds. None where it was made in another way.
fn request_time(correlation: CorrelationId) -> Option<Time> {
    let CorrelationId(id) = correlation;
    if (id >> 76) & 0xf != 7 {
        return None;
    }
    let since_1970 = Duration::from_millis(u64::try_from(id >> 80).ok()?);
    Some(Time::from_micros(0).plus(since_1970))
}

fn write(line: &Value) {
    // Where standard output is closed nobody counts.
    let _unheard = writeln!(io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use kernel::{EventData, EventId, Id, LoanId, WalletId};

    use super::*;

    fn event(correlation: u128) -> Envelope {
        let data = kernel::event::LoanRejected {
            loan_id: LoanId::from_uuid(1),
            wallet_id: WalletId::from_uuid(2),
            reason: None,
        };
        Envelope {
            id: EventId::from_uuid(3),
            sequence: 1,
            time: Time::from_micros(0),
            correlation: CorrelationId(correlation),
            causation: None,
            trace: None,
            data: EventData::from(data),
        }
    }

    #[test]
    fn a_saga_is_counted_with_its_duration() {
        let now: Time = "2026-01-31T09:30:00.5Z".parse().unwrap();
        let begun = u128::try_from(now.micros() / 1000 - 1500).unwrap();
        let line = Metrics::of("lab").saga_line(&event((begun << 80) | (7 << 76) | 99), now);
        assert_eq!(line["Sagas"], 1);
        assert_eq!(line["Result"], "LOAN_REJECTED");
        assert_eq!(line["SagaDuration"], 1500);
        assert_eq!(line["_aws"]["Timestamp"], now.micros() / 1000);
        let metrics = &line["_aws"]["CloudWatchMetrics"];
        assert_eq!(metrics[0]["Namespace"], "Fintech/lab");
        assert_eq!(metrics[0]["Dimensions"], json!([["Result"]]));
        assert_eq!(metrics[0]["Metrics"][0]["Name"], "Sagas");
        assert_eq!(metrics[1]["Dimensions"], json!([[]]));
        assert_eq!(metrics[1]["Metrics"][0]["Name"], "SagaDuration");
    }

    #[test]
    fn a_correlation_that_tells_no_time_has_no_duration() {
        let line = Metrics::of("lab").saga_line(&event(8 << 76), Time::from_micros(0));
        assert_eq!(line.get("SagaDuration"), None);
    }
}
