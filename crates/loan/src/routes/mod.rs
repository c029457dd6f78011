//! The service's routes. What they decide is not here.

mod apply;
mod approval;

mod read;

use std::sync::Arc;

use axum::Extension;
use http_api::{Routes, routes};

use crate::manifest;
use crate::rate::RateTable;

/// The service's operations; applications get their rates from the table.
pub fn routes(rates: RateTable) -> Routes {
    let rates = Extension(Arc::new(rates));
    Routes::new()
        .add(&manifest::APPLY_FOR_LOAN, routes!(apply::apply_for_loan).layer(rates))
        .add(&manifest::GET_LOAN, routes!(read::get_loan))
        .add(&manifest::LIST_LOANS_BY_WALLET, routes!(read::list_loans_by_wallet).with_query())
        .add(&manifest::LIST_LOANS, routes!(read::list_loans).with_query())
        .add(&manifest::APPROVE_LOAN, routes!(approval::approve_loan))
        .add(&manifest::REJECT_LOAN, routes!(approval::reject_loan))
}
