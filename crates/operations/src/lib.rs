//! What operators look at: the trial balance, open and stuck sagas, events, dead letters, the audit
//! list, and the check of the whole. It alone reads every service's records, and writes none of them;
//! the one thing it changes is that a dead letter is delivered again.

pub mod bodies;
mod facts;
pub mod manifest;
pub mod portable;
mod routes;
mod sagas;
pub mod said;
pub mod sums;
pub mod trial_balance;
pub mod verify;

pub use manifest::{MANIFEST, SERVICES};
pub use routes::routes;
