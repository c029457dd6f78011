//! What operators look at: the trial balance, open and stuck sagas, events, dead letters, the audit
//! trails, and the check of the whole. It alone reads every service's records, and writes none of them.
//! What it changes is that a dead letter is delivered again; what it keeps, on AWS alone, are those
//! letters, the newest trial balance and the keys that tokens are checked with.

pub mod bodies;
mod facts;
pub mod keys;
pub mod letters;
pub mod manifest;
pub mod portable;
pub mod records;
mod routes;
mod sagas;
pub mod said;
pub mod sums;
pub mod sweep;
mod trails;
pub mod trial_balance;
pub mod verify;

pub use manifest::{MANIFEST, MANIFEST_ON_AWS, SERVICES};
pub use routes::routes;
