//! What the clock does, once, as a function that is asked by a schedule. What it does stands in
//! `kernel::due`; the next schedule finds what was left.

use kernel::due::{Done, Pace, decide_due};
use kernel::manifest::Due;
use kernel::time::System;
use kernel::{Store, Time};

use crate::failure::Failure;

/// How many records of a partition are read, and decided on, at once.
const PAGE: usize = 25;

/// How many partitions at once: each decision has a connection of its own meanwhile, on a small machine.
const PARTITIONS: usize = 2;

/// Does everything of one kind that is due now. After `until` no further page is begun.
///
/// # Errors
/// When the store cannot. What was done before stays done.
pub(crate) async fn tick(store: &Store, due: &'static Due, until: Time) -> Result<u64, Failure> {
    let (name, pace) = (due.name, Pace { page: PAGE, partitions: PARTITIONS, until });
    let Done { records, failed, is_cut_off } =
        decide_due(&**store.port(), due, pace, &System).await?;
    for (key, error) in failed {
        tracing::error!(due = name, ?key, %error, "a record that is due cannot be decided on");
    }
    if is_cut_off {
        tracing::warn!(due = name, records, "time is up; the next schedule goes on");
    }
    if records > 0 {
        tracing::info!(due = name, records, "the clock did what was due");
    }
    Ok(records)
}
