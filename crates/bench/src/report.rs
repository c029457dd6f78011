//! The figures that a measurement leaves, in the form of its JSON.
//!
//! Where they come from is `run.rs`, how people see them `table.rs`. The JSON form is read by
//! other programs: fields are added, never renamed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::floors::Preparation;
use crate::load::ErrorKind;
use crate::process::Machine;

/// Everything that was measured in one go.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) runs: Vec<Run>,
    pub(crate) floors: Vec<Floor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sustained: Option<Sustained>,
    /// Payments alone and beside floods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) floods: Vec<Flood>,
    /// Why it ended before its time, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_early: Option<String>,
}

/// How fast requests were answered, and what that cost.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Good answers within these seconds.
    pub(crate) count: u64,
    pub(crate) per_second: f64,
    /// Good answers in the worst whole second.
    pub(crate) slowest_second: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
    /// Wrong answers and requests without one, those of the warm-up too.
    pub(crate) errors: u64,
    pub(crate) error_kinds: Vec<ErrorKind>,
    /// Processor time of the server for each good answer, in microseconds.
    pub(crate) server_cpu_us: f64,
    /// The same by the names of its threads.
    pub(crate) server_cpu_us_by_part: BTreeMap<String, f64>,
    /// Processor time of this program for each good answer, in microseconds.
    pub(crate) generator_cpu_us: f64,
}

/// One scenario at one number of connections.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Run {
    pub(crate) scenario: &'static str,
    #[serde(flatten)]
    pub(crate) figures: Figures,
    /// Bytes that the server appended to its journal for each good answer.
    pub(crate) journal_bytes: f64,
    /// As the kernel counts them: whole pieces of its cache, so more than was written.
    pub(crate) written_bytes: f64,
    /// By how many bytes the data folder grew for each good answer.
    pub(crate) kept_bytes: f64,
    /// The same, in space taken on the disk.
    pub(crate) kept_allocated_bytes: f64,
    /// Memory of the server at the end, and the most that it ever took.
    pub(crate) resident_bytes: u64,
    pub(crate) resident_bytes_max: u64,
    /// Which share of the HTTP floor of the same run this is.
    pub(crate) http_floor_ratio: Option<f64>,
}

/// What this machine can do at most.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "floor", rename_all = "kebab-case")]
pub(crate) enum Floor {
    /// The same generator against a route that only answers.
    Http {
        route: &'static str,
        #[serde(flatten)]
        figures: Figures,
    },
    /// The same bytes written to a bare file and synced.
    AppendAndSync(SyncFigures),
}

/// How often bytes could be written and synced.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SyncFigures {
    pub(crate) preparation: Preparation,
    /// Sagas a second, where that many share a sync.
    pub(crate) per_second: f64,
    pub(crate) syncs_per_second: f64,
    pub(crate) sagas_a_sync: u64,
    pub(crate) saga_bytes: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

/// The server after many payments.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Sustained {
    pub(crate) payments_asked: u64,
    /// Since the data folder was made.
    pub(crate) payments_made: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) resident_bytes_max: u64,
    pub(crate) data_apparent_bytes: u64,
    pub(crate) data_allocated_bytes: u64,
    /// From the start after a SIGKILL under load to being ready.
    pub(crate) ready_after_kill_ms: f64,
    pub(crate) resident_bytes_after_restart: u64,
}

/// A few payments a second beside a flood of requests.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Flood {
    pub(crate) flood: &'static str,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    pub(crate) tries: u64,
    pub(crate) tries_per_second: f64,
    pub(crate) by_status: BTreeMap<String, u64>,
    /// Which share of the tries was answered 429.
    pub(crate) throttled_share: f64,
    /// For what share of the time a processor hashed passwords.
    pub(crate) hashing_share: f64,
    pub(crate) payments_due: u64,
    pub(crate) payments: u64,
    pub(crate) payment_errors: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    /// How many times those of the same run beside nothing.
    pub(crate) p50_ratio: Option<f64>,
    pub(crate) p99_ratio: Option<f64>,
    /// The most memory that the server ever took.
    pub(crate) resident_bytes_max: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) afterwards: Option<Afterwards>,
}

/// What the right password gives after a flood.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Afterwards {
    /// The status from an address of his own.
    pub(crate) at_home: u16,
    /// From an address from which the flood came: at once, and when he came back as he was told.
    pub(crate) beside_it_first: u16,
    pub(crate) beside_it: u16,
    /// After how many seconds that was.
    pub(crate) after_s: f64,
}

impl Report {
    /// Wrong answers in all runs and floors.
    pub(crate) fn errors(&self) -> u64 {
        let floors = self.floors.iter().map(|floor| match floor {
            Floor::Http { figures, .. } => figures.errors,
            Floor::AppendAndSync(_) => 0,
        });
        let runs = self.runs.iter().map(|run| run.figures.errors);
        let beside = self.floods.iter().map(|flood| flood.payment_errors);
        runs.chain(floors).chain(beside).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn no_room() -> ErrorKind {
        ErrorKind { kind: "status 503".into(), count: 2, example: "no\nroom".into() }
    }

    fn flood() -> Flood {
        Flood {
            flood: "wrong passwords, one name",
            connections: 64,
            tries: 10_000,
            by_status: [("401".to_owned(), 7), ("429".to_owned(), 9_993)].into(),
            p99_ratio: Some(1.25),
            afterwards: Some(Afterwards { at_home: 200, ..Afterwards::default() }),
            ..Flood::default()
        }
    }

    /// A report with one of everything, in figures that can be told apart.
    pub(crate) fn sample() -> Report {
        let figures = Figures {
            connections: 64,
            seconds: 10.0,
            count: 123_456,
            per_second: 12_345.6,
            slowest_second: 11_000,
            p50_ms: 4.5,
            p99_ms: 9.25,
            p999_ms: 14.125,
            max_ms: 20.0,
            errors: 2,
            error_kinds: vec![no_room()],
            server_cpu_us: 90.5,
            server_cpu_us_by_part: [("http".to_owned(), 60.25), ("ledger".to_owned(), 30.25)]
                .into(),
            generator_cpu_us: 15.5,
        };
        let run = Run {
            scenario: "payment-saga",
            figures: figures.clone(),
            journal_bytes: 600.0,
            written_bytes: 2_000.0,
            kept_bytes: 820.0,
            kept_allocated_bytes: 900.0,
            resident_bytes: 100 << 20,
            resident_bytes_max: 110 << 20,
            http_floor_ratio: Some(0.25),
        };
        let http = Figures { errors: 0, error_kinds: Vec::new(), ..figures };
        let sync = SyncFigures {
            preparation: Preparation::Appended,
            per_second: 64_000.0,
            syncs_per_second: 1_000.0,
            sagas_a_sync: 64,
            saga_bytes: 1_024,
            p50_ms: 1.0,
            p99_ms: 2.0,
            p999_ms: 3.0,
            max_ms: 4.0,
        };
        Report {
            machine: Machine {
                cpu: "A processor".into(),
                cores: 2,
                memory_bytes: 4 << 30,
                kernel: "6.1".into(),
            },
            runs: vec![run],
            floors: vec![
                Floor::Http { route: "bare POST", figures: http },
                Floor::AppendAndSync(sync),
            ],
            sustained: Some(Sustained {
                payments_asked: 1_000_000,
                payments_made: 900_000,
                resident_bytes: 120 << 20,
                resident_bytes_max: 130 << 20,
                data_apparent_bytes: 800 << 20,
                data_allocated_bytes: 801 << 20,
                ready_after_kill_ms: 345.6,
                resident_bytes_after_restart: 50 << 20,
            }),
            floods: vec![flood()],
            ended_early: None,
        }
    }

    #[test]
    fn the_json_form_is_what_others_read() {
        let json = serde_json::to_value(sample()).unwrap();
        let number = |pointer: &str| json.pointer(pointer).unwrap().as_f64().unwrap();
        let word = |pointer: &str| json.pointer(pointer).unwrap().as_str().unwrap();
        assert_eq!(number("/machine/cores"), 2.0);
        assert_eq!(word("/runs/0/scenario"), "payment-saga");
        assert_eq!(number("/runs/0/connections"), 64.0);
        assert_eq!(number("/runs/0/per_second"), 12_345.6);
        assert_eq!(number("/runs/0/p50_ms"), 4.5);
        assert_eq!(number("/runs/0/p99_ms"), 9.25);
        assert_eq!(number("/runs/0/p999_ms"), 14.125);
        assert_eq!(number("/runs/0/server_cpu_us_by_part/ledger"), 30.25);
        assert_eq!(number("/runs/0/http_floor_ratio"), 0.25);
        assert_eq!(word("/floors/0/floor"), "http");
        assert_eq!(number("/floors/0/per_second"), 12_345.6);
        assert_eq!(word("/floors/1/floor"), "append-and-sync");
        assert_eq!(word("/floors/1/preparation"), "appended");
        assert_eq!(number("/floors/1/per_second"), 64_000.0);
        assert_eq!(number("/sustained/payments_made"), 900_000.0);
        assert_eq!(number("/floods/0/by_status/429"), 9_993.0);
        assert_eq!(number("/floods/0/p99_ratio"), 1.25);
        assert_eq!(number("/floods/0/afterwards/at_home"), 200.0);
        assert_eq!(json.pointer("/ended_early"), None);
    }

    #[test]
    fn errors_are_summed_over_runs_and_floors() {
        let mut report = sample();
        assert_eq!(report.errors(), 2);
        if let Some(Floor::Http { figures, .. }) = report.floors.first_mut() {
            figures.errors = 3;
        }
        assert_eq!(report.errors(), 5);
    }
}
