//! How fast a function of AWS Lambda starts and answers: a stand-in of Lambda's runtime interface and
//! one of DynamoDB, on the loopback interface, once without TLS and once with it. A time is the median
//! of many starts, and is shown beside its budget. What the functions do is not known here, beyond one
//! that reads a payment by key.
//!
//! Real starts add what Lambda itself takes, and real calls the way to DynamoDB: neither is here.

mod endpoint;
mod http;
mod pool;
mod runtime;
mod table;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use self::endpoint::Endpoint;
use self::pool::Pool;
use self::runtime::{Start, start};
use crate::failure::{Failure, doing};
use crate::statistics::{megabytes, milliseconds};

/// How functions are measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The program that all functions are.
    #[arg(long, value_name = "PATH", default_value = "target/lambda/x86_64/bootstrap")]
    bootstrap: PathBuf,
    /// What is uploaded, for its size.
    #[arg(long, value_name = "PATH", default_value = "target/lambda/x86_64/bootstrap.zip")]
    archive: PathBuf,
    /// How often it is started, for each way.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000))]
    starts: u16,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE", default_value = "target/bench-functions.json")]
    json: PathBuf,
}

/// What came out for one way to DynamoDB; medians.
#[derive(Debug, Clone, Serialize)]
struct Figures {
    endpoint: &'static str,
    starts: usize,
    /// From the start of the process to its first request for work.
    ready_ms: f64,
    /// The first invocation, from the event's last byte to the answer's last.
    first_ms: f64,
    /// A later one.
    warm_ms: f64,
    /// Resident after that.
    resident_mb: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    archive_mb: f64,
    /// From the start to the end of a process that does nothing: what no start is faster than.
    nothing_ms: f64,
    ways: Vec<Figures>,
    left_out: Option<&'static str>,
}

/// Measures, prints a table and leaves a file.
///
/// # Errors
/// When the program does not start or does not answer as it must.
pub(crate) fn bench(options: &Options) -> Result<(), Failure> {
    let archive = fs::metadata(&options.archive)
        .map_err(doing(|| format!("{} (`make lambda` makes it)", options.archive.display())))?;
    let mut report = Report {
        archive_mb: megabytes(archive.len()),
        nothing_ms: milliseconds(nothing(options.starts)?),
        ways: Vec::new(),
        left_out: None,
    };
    let folder = tempfile::tempdir().map_err(doing(|| "making a temporary folder"))?;
    let pool = Pool::new();
    report.ways.push(measure(options, &Endpoint::plain(&pool.keys)?, &pool)?);
    match Endpoint::tls(folder.path(), &pool.keys)? {
        Some(endpoint) => report.ways.push(measure(options, &endpoint, &pool)?),
        None => report.left_out = Some("the TLS endpoint, for there is no `openssl`"),
    }
    let json = serde_json::to_string_pretty(&report).unwrap_or_default();
    fs::write(&options.json, json).map_err(doing(|| options.json.display().to_string()))?;
    let text = format!("{}all of it: {}\n", table::text(&report), options.json.display());
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(doing(|| "writing to standard output"))
}

fn measure(options: &Options, endpoint: &Endpoint, pool: &Pool) -> Result<Figures, Failure> {
    let program = options.bootstrap.as_path();
    // The first start reads the program from the disk; Lambda's own caches are as warm.
    one(program, endpoint, pool)?;
    let mut starts = Vec::new();
    for _ in 0..options.starts {
        starts.push(one(program, endpoint, pool)?);
    }
    Ok(Figures {
        endpoint: endpoint.name(),
        starts: starts.len(),
        ready_ms: milliseconds(median(starts.iter().map(|start| start.ready))),
        first_ms: milliseconds(median(starts.iter().map(|start| start.first))),
        warm_ms: milliseconds(median(starts.iter().map(|start| start.warm))),
        resident_mb: megabytes(median(starts.iter().map(|start| start.resident_bytes))),
    })
}

fn one(program: &Path, endpoint: &Endpoint, pool: &Pool) -> Result<Start, Failure> {
    let variables = [endpoint.variables(), Pool::variables().into()].concat();
    start(program, "get_payment", &variables, &pool.token)
}

/// The middle one, the lower of two.
fn median<T: Ord + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort();
    let middle = values.len().saturating_sub(1) / 2;
    values.into_iter().nth(middle).unwrap_or_default()
}

/// The median of as many starts of `true`.
fn nothing(starts: u16) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..starts {
        let begun = Instant::now();
        let ended = Command::new("true").env_clear().stdin(Stdio::null()).status();
        ended.map_err(doing(|| "starting `true`"))?;
        times.push(begun.elapsed());
    }
    Ok(middle(times))
}

/// The middle of durations, for one start's warm calls.
fn middle(times: Vec<Duration>) -> Duration {
    median(times.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3, 1, 2].into_iter()), 2);
        assert_eq!(median([4, 1, 3, 2].into_iter()), 2);
        assert_eq!(median(std::iter::empty::<u64>()), 0);
    }
}
