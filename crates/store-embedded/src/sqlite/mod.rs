//! The database: SQLite, with a table for each kind of record, the event log and its deliveries, all
//! in named columns. One writer, many readers. What is decided, and what a journal holds before the
//! database does, is not known here; no type of SQLite's leaves this module.

mod bind;
mod bus;
mod connection;
mod copy;
mod decode;
mod error;
mod events;
mod list;
mod log_file;
mod log_sums;
mod reader;
mod readers;
mod scan;
mod schema;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod trickle;
mod writer;

pub use connection::{Durability, Options, Vfs};
pub use error::SqliteError;
pub use reader::{Reader, Snapshot};
pub use readers::Readers;
pub use schema::Schema;
pub use writer::Writer;
