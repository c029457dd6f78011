//! A batch as bytes: what an [`Encoder`] writes into a frame and the journal reads back. Frames,
//! segments and their checksums are not known here.
//!
//! # Format
//! A batch is the byte [`FORMAT`], then its records, events, deliveries and cursors, each list after
//! its length. Whole numbers are varints (seven bits a byte, the lowest first); signed ones are
//! folded, so that small ones stay short. What was written shortly before is not written again:
//! - Ids and texts that stand in a table of 64 places, filled as the batch is written, are given by
//!   their place (see [`recent`]).
//! - Times are given as their distance from the last large number, positions from the last position.
//! - An event that a record of the batch has just said is given by that record.
//!
//! A record is its kind's number, its version, what it said, and the value of each column in the
//! order of the kind's declaration; a value begins with a byte that says what it is (see [`values`]).
//! Kinds and types of event are numbered by [`Names`], which stand at the head of each segment.

mod decode;
mod encode;
mod names;
mod reader;
mod recent;
mod values;

pub(super) use decode::decode;
pub use encode::Encoder;
pub use names::Names;
pub(super) use names::Table;

/// The version of the format, and the first byte of each batch.
pub const FORMAT: u8 = 1;
