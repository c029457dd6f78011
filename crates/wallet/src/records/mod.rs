//! What the wallet service keeps: entries of chains, holds, and refusals that stand in no chain.
//! What is decided about them is not here.

mod entry;
mod hold;
mod refusal;
mod words;

pub use entry::{Entry, OUTSIDE_THE_HASH};
pub use hold::Hold;
pub use refusal::Refusal;
pub use words::{Direction, EntryKind, HoldState, WalletStatus};
