//! Every store and every bus through the same suites.

use simulation::candidates::{Dynamodb, Embedded, Memory, Mishap};
use simulation::conformance::{bus, store};
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

#[test]
fn dynamodb_is_a_store() {
    if let Some(dynamodb) = Dynamodb::new(Mishap::None) {
        store::run(&dynamodb);
    }
}

#[test]
fn sqlite_has_a_bus() {
    bus::run(Durability::Sqlite);
}

#[test]
fn journal_has_a_bus() {
    bus::run(Durability::Journal);
}
