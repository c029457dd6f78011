//! The services over an emulator of DynamoDB: whole sagas, and what they cost.
#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod hot;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod sagas;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod units;
#[cfg(test)]
mod whole;
