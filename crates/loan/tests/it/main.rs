//! Tests of the loan service: its decisions over the reference store, the approval saga with each
//! step repeated and out of order, its routes.

#[cfg(test)]
mod applying;
#[cfg(test)]
mod approving;
#[cfg(test)]
mod client;
#[cfg(test)]
mod record;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod scene;
