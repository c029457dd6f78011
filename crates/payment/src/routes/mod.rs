//! The routes of the service: from HTTP to a decision and back. Who may call which is said in the
//! manifest and laid over them by `http-api`; what is decided is not here.

mod holds;
mod lists;
mod payments;
mod refunds;
mod timeline;

use http_api::{Deployment, Problem, ProblemKind, Request, Routes, routes};
use kernel::{Known, PaymentId};

use crate::decide::PaymentRefused;
use crate::manifest;
use crate::records::Payment;

/// Every route of the service.
pub fn routes() -> Routes {
    Routes::new()
        .add(&manifest::REQUEST_PAYMENT, routes!(payments::request_payment))
        .add(&manifest::GET_PAYMENT, routes!(payments::get_payment))
        .add(
            &manifest::LIST_PAYMENTS_BY_WALLET,
            routes!(lists::list_payments_by_wallet).with_query(),
        )
        .add(&manifest::LIST_PAYMENTS, routes!(lists::list_payments).with_query())
        .add(&manifest::CAPTURE_PAYMENT, routes!(holds::capture_payment))
        .add(&manifest::VOID_PAYMENT, routes!(holds::void_payment))
        .add(&manifest::REFUND_PAYMENT, routes!(refunds::refund_payment))
        .add(&manifest::LIST_REFUNDS, routes!(refunds::list_refunds).with_query())
        .add(&manifest::GET_REFUND, routes!(refunds::get_refund))
        .add(&manifest::GET_PAYMENT_TIMELINE, routes!(timeline::get_payment_timeline))
}

/// The payment, if it is there and the caller may see it.
async fn visible(
    app: &Deployment,
    request: &Request,
    payment_id: PaymentId,
) -> Result<Known<Payment>, Problem> {
    let known = app.store.get::<Payment>(payment_id).await?;
    known
        .filter(|payment| payment.is_visible_to(&request.caller))
        .ok_or_else(|| Problem::not_found("payment"))
}

impl From<PaymentRefused> for Problem {
    fn from(refused: PaymentRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            PaymentRefused::NotFound => Self::not_found("payment"),
            PaymentRefused::KeyReused => Self::key_reused(),
            PaymentRefused::WrongState { .. } | PaymentRefused::UnderWay { .. } => {
                Self::conflict(ProblemKind::WrongState, detail)
            }
            PaymentRefused::HoldExpired => Self::rule(ProblemKind::HoldExpired, detail),
            PaymentRefused::CaptureExceedsHold { .. } => {
                Self::rule(ProblemKind::CaptureExceedsHold, detail)
            }
            PaymentRefused::RefundExceedsCapture { .. } => {
                Self::rule(ProblemKind::RefundExceedsCapture, detail)
            }
        }
    }
}

/// Where a payment is polled.
fn place_of(payment_id: PaymentId) -> String {
    format!("/v1/payment/{payment_id}")
}
