//! The tests of what routes share, through a small application of our own.
//! Not in here: any service's routes.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod access;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod waits;
