//! What the service decides: pure functions from what is there to what is written. No HTTP, no store.

mod apply;
mod approve;
mod fund;
mod reject;

pub use apply::{Apply, ApplyRefused};
pub use approve::{Approve, ApproveRefused};
pub use fund::{Answer, Heard, UpdateFunding};
pub use reject::{Reject, RejectRefused};

use kernel::{Known, Put, Stored};

use crate::records::Loan;

/// The loan as this step leaves it.
fn left_by(put: &Put) -> Known<Loan> {
    let said = put.events.clone().into();
    Known::from_stored(Stored::new(put.record.clone(), put.version(), said))
}
