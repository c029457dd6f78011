//! The durable store of one program: a ledger that makes decisions one after another, a journal that
//! makes them durable, SQLite that is read from, and the event bus. What the records and events mean
//! is not known here.

pub mod backup;
pub mod bus;
pub mod files;
pub mod folder;
pub mod journal;
mod ledger;
pub mod load;
mod open;
pub mod policy;
mod read_only;
pub mod rows;
pub mod sqlite;
mod store;

pub use open::{Durability, OpenError, Options};
pub use read_only::{ReadOnlyStore, Unheard};
pub use store::EmbeddedStore;
