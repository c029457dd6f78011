//! The stores that are put through the suites.

mod dynamodb;
mod embedded;
mod memory;
mod mishap;
mod post;

pub use dynamodb::Dynamodb;
pub use embedded::Embedded;
pub(crate) use embedded::temporary_folder;
pub use memory::Memory;
pub use mishap::Mishap;
