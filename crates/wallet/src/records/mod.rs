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

/// The first rule that does not hold, as a sentence.
fn all_hold(rules: &[(bool, &str)]) -> Result<(), String> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err((*broken).to_owned()),
        None => Ok(()),
    }
}
