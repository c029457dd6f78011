//! Measures: a server, a workload and a window become figures.
//!
//! In which order what is measured is `main.rs`; what is asked, `scenario.rs`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::counter;
use crate::failure::{Failure, doing};
use crate::load::{Load, Tally, Workload};
use crate::plan::Window;
use crate::process::{self, FolderSize, Usage};
use crate::report::{Figures, Run};
use crate::server::Server;
use crate::statistics::{change_each, each, milliseconds, per_second, seconds};

const SECOND: Duration = Duration::from_secs(1);
/// For the answers that are on their way when a window ends.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(25);

/// What ends a measurement before its time, and who is told how far it is.
pub(crate) struct Session {
    pub(crate) stopped: Arc<AtomicBool>,
    pub(crate) started: Instant,
    pub(crate) time_limit: Duration,
    pub(crate) progress: ProgressBar,
}

impl Session {
    /// Whether one may go on.
    ///
    /// # Errors
    /// Where the program was told to stop, or its time is over.
    pub(crate) fn may_go_on(&self) -> Result<(), Failure> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Failure::Stopped);
        }
        if self.started.elapsed() >= self.time_limit {
            return Err(Failure::TimeLimit(self.time_limit.as_secs()));
        }
        Ok(())
    }

    /// Keeps the connections busy for that long; gives the good answers of each whole second.
    ///
    /// # Errors
    /// As [`Session::may_go_on`], and where the server is gone.
    pub(crate) fn keep_busy(
        &self,
        load: &mut Load,
        workload: &mut impl Workload,
        time: Duration,
    ) -> Result<Vec<u64>, Failure> {
        let begun = Instant::now();
        let mut seconds = Vec::new();
        let mut passed = Duration::ZERO;
        while passed < time {
            self.may_go_on()?;
            let slice = SECOND.min(time.saturating_sub(passed));
            passed = passed.saturating_add(slice);
            let before = load.good();
            let until = begun.checked_add(passed).unwrap_or(begun);
            load.run(workload, until).map_err(doing(
                || "keeping the server busy (its log is target/bench-server.log)",
            ))?;
            if slice == SECOND {
                seconds.push(load.good().saturating_sub(before));
                self.progress.inc(1);
            }
        }
        Ok(seconds)
    }
}

/// What is measured: a server, and its data folder where it has one.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) server: &'a Server,
    pub(crate) data: Option<&'a Path>,
}

/// The state of things at one end of a window.
struct Snapshot {
    server: Usage,
    generator: Usage,
    folder: FolderSize,
    journal_bytes: u64,
    good: u64,
    at: Instant,
}

impl Snapshot {
    fn take(target: Target<'_>, load: &Load) -> Result<Self, Failure> {
        let reading = || "reading what the server has used";
        Ok(Self {
            folder: target
                .data
                .map_or_else(|| Ok(FolderSize::default()), process::folder_size)
                .map_err(doing(reading))?,
            journal_bytes: counter::read(target.server.address, counter::JOURNAL_BYTES)
                .map_err(doing(reading))?
                .unwrap_or_default(),
            generator: process::usage(std::process::id()).map_err(doing(reading))?,
            server: process::usage(target.server.pid()).map_err(doing(reading))?,
            good: load.good(),
            at: Instant::now(),
        })
    }
}

/// What happened between the two ends of a window.
pub(crate) struct Observed {
    before: Snapshot,
    after: Snapshot,
    seconds: Vec<u64>,
    resident_bytes: (u64, u64),
}

/// Warms up, then watches for as long as the window is. What is on its way stays so.
///
/// # Errors
/// As [`Session::keep_busy`].
pub(crate) fn observe(
    session: &Session,
    target: Target<'_>,
    load: &mut Load,
    workload: &mut impl Workload,
    window: Window,
) -> Result<Observed, Failure> {
    session.keep_busy(load, workload, window.warm_up)?;
    load.forget_latencies();
    let before = Snapshot::take(target, load)?;
    let seconds = session.keep_busy(load, workload, window.measured)?;
    let after = Snapshot::take(target, load)?;
    let resident_bytes = process::resident_bytes(target.server.pid())
        .map_err(doing(|| "reading the server's memory"))?;
    Ok(Observed { before, after, seconds, resident_bytes })
}

/// As [`observe`], over new connections, whose last answers are waited for.
///
/// # Errors
/// As [`observe`].
pub(crate) fn measure(
    session: &Session,
    target: Target<'_>,
    connections: usize,
    workload: &mut impl Workload,
    window: Window,
) -> Result<(Observed, Measured), Failure> {
    let mut load =
        Load::open(target.server.address, connections).map_err(doing(|| "connecting"))?;
    let observed = observe(session, target, &mut load, workload, window)?;
    let now = Instant::now();
    let until = now.checked_add(DRAIN_TIME_MAX).unwrap_or(now);
    load.drain(workload, until).map_err(doing(|| "waiting for the last answers"))?;
    let measured = Measured { connections, tally: tally(&mut load)? };
    Ok((observed, measured))
}

/// What the connections have to say of a window.
pub(crate) struct Measured {
    pub(crate) connections: usize,
    pub(crate) tally: Tally,
}

/// Takes the tally of these connections.
///
/// # Errors
/// None in practice.
pub(crate) fn tally(load: &mut Load) -> Result<Tally, Failure> {
    load.take_tally().map_err(doing(|| "counting"))
}

impl Observed {
    /// The good answers within the window.
    pub(crate) fn count(&self) -> u64 {
        self.after.good.saturating_sub(self.before.good)
    }

    /// Bytes that the server appended to its journal within the window, for each good answer.
    pub(crate) fn journal_bytes_each(&self) -> u64 {
        self.journal_bytes().checked_div(self.count()).unwrap_or_default()
    }

    fn journal_bytes(&self) -> u64 {
        self.after.journal_bytes.saturating_sub(self.before.journal_bytes)
    }

    /// How fast it was, and what it cost in processor time.
    pub(crate) fn figures(&self, measured: &Measured) -> Figures {
        let elapsed = self.after.at.saturating_duration_since(self.before.at);
        let count = self.count();
        let server = self.after.server.since(&self.before.server);
        let generator = self.after.generator.since(&self.before.generator);
        let living = server.cpu_us_by_thread.values().copied().fold(0, u64::saturating_add);
        let ended = ("(ended threads)".to_owned(), server.cpu_us.saturating_sub(living));
        let parts = server.cpu_us_by_thread.into_iter().chain([ended]);
        let latencies = &measured.tally.latencies;
        Figures {
            connections: measured.connections,
            seconds: seconds(elapsed),
            count,
            per_second: per_second(count, elapsed),
            slowest_second: self.seconds.iter().copied().min().unwrap_or_default(),
            p50_ms: milliseconds(latencies.within(0.5)),
            p99_ms: milliseconds(latencies.within(0.99)),
            p999_ms: milliseconds(latencies.within(0.999)),
            max_ms: milliseconds(latencies.longest()),
            errors: measured.tally.errors,
            error_kinds: measured.tally.error_kinds(),
            server_cpu_us: each(server.cpu_us, count),
            server_cpu_us_by_part: parts.map(|(name, us)| (name, each(us, count))).collect(),
            generator_cpu_us: each(generator.cpu_us, count),
        }
    }

    /// The whole of a scenario.
    pub(crate) fn run(&self, scenario: &'static str, measured: &Measured) -> Run {
        let count = self.count();
        let (before, after) = (self.before.folder, self.after.folder);
        let (resident_bytes, resident_bytes_max) = self.resident_bytes;
        let written = self.after.server.since(&self.before.server).written_bytes;
        Run {
            scenario,
            figures: self.figures(measured),
            journal_bytes: each(self.journal_bytes(), count),
            written_bytes: each(written, count),
            kept_bytes: change_each(before.apparent_bytes, after.apparent_bytes, count),
            kept_allocated_bytes: change_each(before.allocated_bytes, after.allocated_bytes, count),
            resident_bytes,
            resident_bytes_max,
            http_floor_ratio: None,
        }
    }
}
