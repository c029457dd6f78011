//! Loans. Owns applications, their terms and how far each is; hears `LOAN_FUNDED` and
//! `LOAN_FUNDING_FAILED`; says `LOAN_APPROVED` and `LOAN_REJECTED`. Money is not kept here: whether a
//! wallet can be credited, and what is owed, the wallet service's ledger says.

pub mod bodies;
pub mod decide;
pub mod instalment;
pub mod manifest;
pub mod rate;
pub mod reactions;
pub mod records;
mod routes;
pub mod terms;

pub use manifest::MANIFEST;
pub use routes::routes;
