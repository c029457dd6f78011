//! Tests of the service as one program: its decisions, its reactions, its routes. The wallet service
//! is not here; what it says is said for it.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod world;
