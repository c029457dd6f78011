//! The store port on DynamoDB: a table a service, a decision one conditional write or transaction;
//! and how AWS is reached. Who calls it, and how events travel on from a table's stream, is not known
//! here.

#[cfg(feature = "client")]
mod decide;
#[cfg(feature = "emulator")]
pub mod emulator;
#[cfg(feature = "client")]
mod home;
#[cfg(feature = "client")]
pub mod items;
#[cfg(feature = "client")]
mod list;
#[cfg(feature = "client")]
mod load;
#[cfg(feature = "client")]
mod loaded;
#[cfg(feature = "client")]
mod patience;
#[cfg(feature = "client")]
mod reach;
#[cfg(feature = "client")]
mod rights;
#[cfg(feature = "client")]
mod scan;
#[cfg(feature = "client")]
mod signed;
#[cfg(feature = "client")]
mod store;
pub mod tables;
#[cfg(feature = "client")]
mod trouble;
#[cfg(feature = "client")]
mod wire;
#[cfg(feature = "client")]
mod write;

#[cfg(feature = "client")]
pub use home::Observer;
#[cfg(feature = "client")]
pub use load::Loaded;
#[cfg(feature = "client")]
pub use patience::Waits;
#[cfg(feature = "client")]
pub use reach::{Aws, Reach, ReachError};
#[cfg(feature = "client")]
pub use signed::Post;
#[cfg(feature = "client")]
pub use store::{DynamoStore, Options};
