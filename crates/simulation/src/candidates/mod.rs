//! The stores that are put through the suites.

mod memory;

pub use memory::Memory;
