//! What is used, as `terraform/units.toml` says; how that is known stands there.

use serde::Deserialize;

/// See the file's comment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Units {
    /// One payment, asked for and looked at once.
    pub(super) payment: Payment,
    /// One schedule that finds nothing due.
    pub(super) tick: Tick,
    /// One invocation.
    pub(super) function: Function,
    /// What could not be measured.
    pub(super) assumed: Assumed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    pub(super) gateway_requests: u64,
    pub(super) answer_bytes: u64,
    pub(super) invocations: u64,
    pub(super) store_requests: u64,
    pub(super) write_units: u64,
    pub(super) read_units: u64,
    pub(super) stream_records: u64,
    pub(super) publishes: u64,
    pub(super) deliveries: u64,
    pub(super) log_lines: u64,
    pub(super) log_bytes: u64,
    pub(super) stored_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tick {
    pub(super) invocations: u64,
    pub(super) store_requests: u64,
    pub(super) read_units: u64,
    pub(super) log_lines: u64,
    pub(super) log_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    pub(super) own_ms: u64,
    pub(super) memory_mib: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assumed {
    pub(super) round_trip_ms: u64,
    pub(super) platform_lines: u64,
    pub(super) platform_bytes: u64,
    pub(super) access_bytes: u64,
    pub(super) line_overhead_bytes: u64,
    pub(super) polls_by_queue_and_minute: u64,
    pub(super) tokens_by_hour: u64,
}
