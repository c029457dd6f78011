//! The suites. A store or a bus that is to be used passes them all; each case has a name, and each
//! begins with an empty store.

pub mod bus;
mod case;
pub mod store;
