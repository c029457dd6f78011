//! Tests of the service as one program: its decisions, its reactions, its routes. The wallet service
//! is not here; a small ledger in `wallet` says what it would say.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod model;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod wallet;
#[cfg(test)]
mod world;
