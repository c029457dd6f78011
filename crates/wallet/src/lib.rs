//! The wallet service: all the money. Owns accounts as chains of entries, holds, and refusals; hears
//! `PAYMENT_REQUESTED`, `PAYMENT_CAPTURE_REQUESTED`, `PAYMENT_VOID_REQUESTED`,
//! `PAYMENT_REFUND_REQUESTED` and `LOAN_APPROVED`; says what happened to the money:
//! `PAYMENT_SUCCESSFUL`, `_FAILED`, `_AUTHORIZED`, `_CAPTURED`, `_CAPTURE_FAILED`, `_VOIDED`,
//! `_REFUNDED`, `_REFUND_FAILED`, `LOAN_FUNDED` and `LOAN_FUNDING_FAILED`. What a payment or a loan is
//! is not known here.

mod bodies;
pub mod decide;
pub mod manifest;
pub mod reactions;
pub mod read;
pub mod records;
mod routes;

pub use manifest::MANIFEST;
pub use routes::routes;
