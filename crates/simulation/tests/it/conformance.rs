//! Every store through the same suite.

use simulation::candidates::{Embedded, Memory, Mishap};
use simulation::conformance::store;
use store_embedded::Durability;

#[test]
fn memory_is_a_store() {
    store::run(&Memory(Mishap::None));
}

#[test]
fn sqlite_is_a_store() {
    store::run(&Embedded(Durability::Sqlite, Mishap::None));
}

#[test]
fn journal_is_a_store() {
    store::run(&Embedded(Durability::Journal, Mishap::None));
}
