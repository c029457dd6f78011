//! The JSON of requests and answers. What is decided, and how HTTP carries it, is not here.

use http_api::{CurrencyText, MoneyText};
use kernel::event::Capture;
use kernel::operators::{Delivery, DeliveryState};
use kernel::text::{Description, MerchantId, Reason, Reference};
use kernel::{Currency, Envelope, PaymentId, RefundId, Subject, Time, WalletId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::records::{Asked, Payment, PaymentStatus, Refund, RefundStatus};

/// A payment that is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentAsked {
    /// The wallet that is to pay.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub wallet_id: WalletId,
    /// Who is to be paid.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "bookshop-12")]
    pub merchant_id: MerchantId,
    /// How much.
    pub amount: MoneyText,
    /// The amount's currency. `USD` if it is left out (the deployment's default, which may be set
    /// otherwise on AWS), whatever the wallet's is: name the wallet's own where that is another.
    pub currency: Option<CurrencyText>,
    /// `automatic` takes the money at once, `manual` holds it until it is captured or voided.
    #[schema(value_type = Option<String>, pattern = "^(automatic|manual)$", default = "automatic", example = "automatic")]
    pub capture: Option<Capture>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "Two novels")]
    pub description: Option<Description>,
    /// The caller's own reference, by which operators find it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, example = "order-4711")]
    pub reference: Option<Reference>,
}

/// How much of a hold is to be taken.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureAsked {
    /// In the payment's currency; all that is held if it is left out. The rest is released.
    pub amount: Option<MoneyText>,
}

/// Nothing: a void has no fields.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidAsked {}

/// How much is to go back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundAsked {
    /// In the payment's currency; all that can still go back if it is left out.
    pub amount: Option<MoneyText>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "One novel was torn")]
    pub description: Option<Description>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, example = "return-815")]
    pub reference: Option<Reference>,
}

/// Which payments an operator wants to see. What is left out matches everything.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentFilter {
    /// Those in this status.
    pub status: Option<PaymentStatus>,
    /// Those to this merchant.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub merchant_id: Option<MerchantId>,
    /// Those with this reference.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub reference: Option<Reference>,
}

/// A payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentShown {
    /// Its id.
    #[schema(value_type = String, example = "pay_01979e6c-5b4c-7d65-9e2f-3a4b5c6d7e8f")]
    pub transaction_id: PaymentId,
    /// The wallet that pays.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub wallet_id: WalletId,
    /// Who is paid.
    #[schema(value_type = String, example = "bookshop-12")]
    pub merchant_id: MerchantId,
    /// How much was asked for.
    #[schema(example = "25.50")]
    pub amount: String,
    /// The currency of all its amounts.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// `automatic` or `manual`.
    #[schema(value_type = String, example = "automatic")]
    pub capture: Capture,
    /// How far it is.
    pub status: PaymentStatus,
    /// Why it failed; `requested` or `expired` of a void; why the last capture failed while it is
    /// still authorized.
    #[schema(value_type = Option<String>, example = "insufficient-funds")]
    pub reason: Option<Reason>,
    /// What the wallet was asked to do with held money and has not answered.
    pub under_way: Option<Asked>,
    /// What was taken.
    #[schema(example = "0.00")]
    pub captured_amount: String,
    /// What is back. Refunds under way are not in it.
    #[schema(example = "0.00")]
    pub refunded_amount: String,
    /// When the hold is released by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, example = "Two novels")]
    pub description: Option<Description>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>, example = "order-4711")]
    pub reference: Option<Reference>,
    /// Who asked for it.
    #[schema(value_type = String, example = "anna")]
    pub requested_by: Subject,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl From<&Payment> for PaymentShown {
    fn from(payment: &Payment) -> Self {
        Self {
            transaction_id: payment.payment_id,
            wallet_id: payment.wallet_id,
            merchant_id: payment.merchant_id.clone(),
            amount: payment.amount().to_string(),
            currency: payment.currency,
            capture: payment.capture,
            status: payment.status,
            reason: payment.reason.clone(),
            under_way: payment.asked,
            captured_amount: payment.captured().to_string(),
            refunded_amount: payment.refunded().to_string(),
            expires_at: payment.expires_at,
            description: payment.description.clone(),
            reference: payment.reference.clone(),
            requested_by: payment.created_by.clone(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A refund.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefundShown {
    /// Its id.
    #[schema(value_type = String, example = "ref_01979e6c-6c5d-7e76-8f30-4b5c6d7e8f90")]
    pub refund_id: RefundId,
    /// The payment whose money goes back.
    #[schema(value_type = String, example = "pay_01979e6c-5b4c-7d65-9e2f-3a4b5c6d7e8f")]
    pub transaction_id: PaymentId,
    /// How much goes back.
    #[schema(example = "12.00")]
    pub amount: String,
    /// The payment's currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// How far it is.
    pub status: RefundStatus,
    /// Why it failed.
    #[schema(value_type = Option<String>, example = "wallet-closed")]
    pub reason: Option<Reason>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, example = "One novel was torn")]
    pub description: Option<Description>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>, example = "return-815")]
    pub reference: Option<Reference>,
    /// Who asked for it.
    #[schema(value_type = String, example = "olga")]
    pub requested_by: Subject,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl From<&Refund> for RefundShown {
    fn from(refund: &Refund) -> Self {
        Self {
            refund_id: refund.refund_id,
            transaction_id: refund.payment_id,
            amount: refund.amount().to_string(),
            currency: refund.currency,
            status: refund.status,
            reason: refund.reason.clone(),
            description: refund.description.clone(),
            reference: refund.reference.clone(),
            requested_by: refund.created_by.clone(),
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}

/// Everything that was said of a payment, in order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Timeline {
    /// Each event once, in the order in which they were first said.
    pub items: Vec<TimelineItem>,
}

/// An event and how it was heard.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineItem {
    /// The event as it travels: CloudEvents 1.0.
    #[schema(value_type = Object)]
    pub event: Envelope,
    /// The service that said it.
    #[schema(example = "payment")]
    pub said_by: &'static str,
    /// To each subscription that hears it.
    pub deliveries: Vec<DeliveryShown>,
}

/// The delivery of an event to a subscription.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryShown {
    /// The function that hears it.
    #[schema(example = "process_payment_request")]
    pub subscription: String,
    /// How often it was tried.
    #[schema(example = 1)]
    pub attempts: u32,
    /// `WAITING`, `DELIVERED`, `PARKED` (it is tried again) or `DEAD` (an operator must redrive it).
    #[schema(example = "DELIVERED")]
    pub state: &'static str,
    /// When it came to that state.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Time>,
    /// Milliseconds from the event to there.
    #[schema(example = 3)]
    pub took_ms: Option<u64>,
}

impl From<&Delivery> for DeliveryShown {
    fn from(delivery: &Delivery) -> Self {
        let took_ms = |took: std::time::Duration| u64::try_from(took.as_millis()).ok();
        Self {
            subscription: delivery.subscription.as_ref().to_owned(),
            attempts: delivery.attempts,
            state: DeliveryState::text(delivery.state),
            at: delivery.at,
            took_ms: delivery.took.and_then(took_ms),
        }
    }
}
