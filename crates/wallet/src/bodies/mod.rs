//! The JSON of requests and answers. What is decided, and how HTTP carries it, is not here.

mod asked;
mod shown;

pub(crate) use asked::{MovementAsked, ReversalAsked, StatusAsked, TransferAsked, WalletAsked};
pub(crate) use shown::{Moved, StatementShown, TransactionShown, TransactionType, WalletShown};
