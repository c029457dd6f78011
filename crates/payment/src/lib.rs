//! The service `payment`: what was asked to be paid, and what became of it.
//!
//! It owns payments and refunds, but no money: that is the wallet service's, which it asks by event
//! and whose answers it writes down.
//! - It says `PAYMENT_REQUESTED`, `PAYMENT_CAPTURE_REQUESTED`, `PAYMENT_VOID_REQUESTED` and
//!   `PAYMENT_REFUND_REQUESTED`.
//! - It hears `PAYMENT_SUCCESSFUL`, `PAYMENT_FAILED` (`update_transaction_status`);
//!   `PAYMENT_AUTHORIZED`, `PAYMENT_CAPTURED`, `PAYMENT_CAPTURE_FAILED`, `PAYMENT_VOIDED`
//!   (`update_authorization_status`); `PAYMENT_REFUNDED`, `PAYMENT_REFUND_FAILED`
//!   (`update_refund_status`).
//!
//! What waits for an answer asks again, and so does held money whose time is up and of which the wallet
//! was not heard.
//!
//! It knows nothing of wallets but their ids, and nothing of SQL or of how an event travels.

pub mod bodies;
pub mod decide;
pub mod manifest;
pub mod reactions;
pub mod records;
mod routes;

pub use manifest::MANIFEST;
pub use routes::routes;
