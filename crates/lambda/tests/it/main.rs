//! Functions over the reference store and the emulator's tables, by the events that Lambda hands them: what a file under
//! `tests/events` holds is what AWS documents. The program's own cases of who may call and of bad input
//! are asked here too, through the gateway's events.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
#[path = "../../../fintech/tests/it/access.rs"]
mod access;
#[cfg(test)]
#[path = "../../../fintech/tests/it/bad_input/mod.rs"]
mod bad_input;
#[cfg(test)]
#[path = "../../../fintech/tests/it/bearer.rs"]
mod bearer;
#[cfg(test)]
#[path = "../../../fintech/tests/it/contract.rs"]
mod contract;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod functions;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod operations;
#[cfg(test)]
#[path = "../../../fintech/tests/it/promised.rs"]
mod promised;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod sagas;
#[cfg(test)]
#[path = "../../../fintech/tests/it/samples.rs"]
mod samples;
#[cfg(test)]
#[path = "../../../fintech/src/services.rs"]
mod services;
#[cfg(test)]
#[path = "../../../fintech/tests/it/site.rs"]
mod site;
#[cfg(test)]
mod start;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod units;
#[cfg(test)]
mod wired;
