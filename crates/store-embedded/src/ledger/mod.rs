//! The ledger's machinery: one writer, the steps it makes, what readers see of them, and the fold
//! behind. It knows records and events, not what they mean.

mod causes;
mod clock;
mod delivery;
mod fold;
mod log;
mod merge;
mod overlay;
mod queue;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod waiters;
mod writer;

pub(crate) use causes::Causes;
pub(crate) use clock::LedgerClock;
pub(crate) use fold::Fold;
pub(crate) use log::Log;
pub(crate) use merge::merge;
pub(crate) use overlay::{Kinds, Overlay};
pub(crate) use queue::{Command, Queue};
pub(crate) use state::{LastWord, Shared};
pub(crate) use waiters::Waiters;
pub(crate) use writer::Writer;
