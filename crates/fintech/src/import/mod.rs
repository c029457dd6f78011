//! Importing a history from a CSV file: what a mapping says of its columns (`mapping`), its rows
//! (`rows`), in which order an account's rows are tried (`lane`), and their booking (`book`). What a
//! booking is the wallet service decides.

mod book;
mod lane;
mod lines;
mod mapping;
mod rows;
mod summary;

pub(crate) use book::{Booking, book};
pub(crate) use mapping::Mapping;
pub(crate) use rows::{Row, Rows};
pub(crate) use summary::{Refusal, Summary};
