//! The wallet service's tests: rules as tables, decisions and reactions over the reference store,
//! random histories, and the routes.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

#[cfg(test)]
mod bank;
#[cfg(test)]
mod books;
#[cfg(test)]
mod events;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod import;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod records;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod reverse;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod rules;
