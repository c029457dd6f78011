//! What operators look at.
mod facts;
pub mod sums;
pub mod verify;
