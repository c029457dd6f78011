//! The async runtime of a command: few threads, for what they do is short and the store has its own.

use tokio::runtime::{Builder, Runtime};

use crate::end::Failure;

/// Threads that answer requests, at most. More would only wait for the one that decides.
const WORKERS_MAX: usize = 4;

/// Threads that read from SQLite or wait for the disk, at most.
const BLOCKING_MAX: usize = 16;

/// A runtime whose threads are called `name`.
///
/// # Errors
/// When the machine gives no threads.
pub(crate) fn build(name: &str) -> Result<Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(cores.clamp(1, WORKERS_MAX))
        .max_blocking_threads(BLOCKING_MAX)
        .thread_name(name)
        .enable_all()
        .build()
        .map_err(Failure::cannot_run)
}
