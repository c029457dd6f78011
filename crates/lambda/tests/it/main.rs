//! Functions over the reference store, by the events that Lambda hands them: what a file under
//! `tests/events` holds is what AWS documents.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod functions;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod sagas;
#[cfg(test)]
mod start;
