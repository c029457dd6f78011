//! The stores that are put through the suites.

mod embedded;
mod memory;
mod mishap;

pub use embedded::Embedded;
pub(crate) use embedded::temporary_folder;
pub use memory::Memory;
pub use mishap::Mishap;
