//! The real program, as its users run it: started, asked over HTTP, stopped by signals.
//! Not in here: what its parts do, which their own crates test.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod access;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bearer;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cookies;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod history;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod log;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod program;
#[cfg(test)]
mod promised;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod secrets;
#[cfg(test)]
#[path = "../../src/services.rs"]
mod services;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod site;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod users;
