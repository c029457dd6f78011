//! What the wallet service decides: pure functions over a view. Each file is one decision or a family
//! of them; `rules` holds what they all obey. Waiting, HTTP and storage are not here.

mod booking;
mod expire;
mod heard;
mod hold;
mod import;
mod loan;
mod movement;
mod open;
mod payment;
mod refund;
mod refused;
mod request;
mod reverse;
pub mod rules;
mod status;
mod transfer;

pub use expire::ExpireHold;
pub use heard::Heard;
pub use hold::{ProcessPaymentCapture, ProcessPaymentVoid};
pub use import::{ImportRow, Imported, imported_wallet};
pub use loan::ProcessLoanApproval;
pub use movement::{Credit, Debit, Movement};
pub use open::OpenWallet;
pub use payment::{HOLD_LIFE, ProcessPaymentRequest};
pub use refund::ProcessPaymentRefund;
pub use refused::WalletRefused;
pub use request::Note;
pub use reverse::Reverse;
pub use rules::Wallet;
pub use status::{ChangeStatus, StatusChange};
pub use transfer::Transfer;
