//! Applying for a loan.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Problem, Request, answer};

use crate::bodies::{LoanAsked, LoanShown};
use crate::decide::{Apply, ApplyRefused};
use crate::manifest::APPLY_FOR_LOAN;
use crate::rate::RateTable;
use crate::terms::{Terms, TermsRefused};

/// Applies for a loan.
///
/// The rate follows from the term, the instalment from both. An operator decides.
#[utoipa::path(post, path = "/loan", tag = "loan", request_body = LoanAsked,
    responses((status = 201, body = LoanShown,
        headers(("Location" = String, description = "Where the loan is.")))))]
pub(super) async fn apply_for_loan(
    State(app): State<App>,
    Extension(rates): Extension<Arc<RateTable>>,
    request: Request,
    body: Body<LoanAsked>,
) -> Result<Response, Problem> {
    let asked = body.value;
    let (amount, currency) = (&asked.amount, asked.currency.as_ref());
    let amount = amount.parse_or_default("amount", currency, &app.settings)?;
    let terms = Terms::of(&rates, amount, asked.loan_term_months).map_err(|refused| {
        let field = match refused {
            TermsRefused::LoanTermMonths => "loan_term_months",
            TermsRefused::Amount => "amount",
        };
        Problem::bad_field(field, refused.to_string())
    })?;
    let key = request.key(&[APPLY_FOR_LOAN.name], body.hash);
    let apply = Apply { key, caller: request.caller, wallet_id: asked.wallet_id, terms };
    let loan =
        app.store.decide(apply, request.context).await?.map_err(|refused| match refused {
            ApplyRefused::KeyReused => Problem::key_reused(),
        })?;
    Ok(answer::created(&format!("/v1/loan/{}", loan.loan_id), &LoanShown::from(&*loan)))
}
