//! The conformance suites that every store and bus must pass, the stores that are put through them,
//! and a model of the whole system. Nothing of this is in the program that customers run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "every line here is part of a test: what goes wrong must be seen at once"
)]

pub mod candidates;
pub mod conformance;
pub mod dice;
pub mod hands;
pub mod institution;
pub mod model;
