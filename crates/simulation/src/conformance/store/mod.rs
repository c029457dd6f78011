//! What a store must do, whichever it is. Not in here: what only one store has, such as a journal,
//! and how fast it is.

mod atomicity;
mod candidate;
mod chains;
mod concurrency;
pub(crate) mod decisions;
mod due;
mod events;
pub mod kinds;
mod lists;
pub(crate) mod reactions;
mod records;
mod reopening;
mod scans;
mod stage;
mod waiting;

pub use candidate::{Candidate, Opened, Reopened, Setup, unsent};

use super::case::run_all;
use stage::Stage;

/// Puts a store through every case.
pub fn run(candidate: &dyn Candidate) {
    let cases = [
        records::CASES,
        atomicity::CASES,
        chains::CASES,
        lists::CASES,
        due::CASES,
        scans::CASES,
        waiting::CASES,
        events::CASES,
        concurrency::CASES,
        reopening::CASES,
    ];
    let cases = cases.into_iter().flatten();
    run_all(candidate.name(), cases, || Stage::open(candidate), |stage| Box::pin(stage.end()));
}
