//! The verifier as its users see it: headers in, a caller or a problem out; tokens made by a forge.
//! Not in here: routes and what a caller may do, which the program tests.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod bad;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod good;
#[cfg(test)]
mod keys;
