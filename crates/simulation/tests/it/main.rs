//! The suites over every store, and tests of the whole system.
#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod beside;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod sagas;
