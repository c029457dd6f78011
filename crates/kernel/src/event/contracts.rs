//! The events and their data: the published language of the services. Within a schema version only
//! optional fields are added; a changed meaning is a new version with an upgrade in `envelope`.

use serde::{Deserialize, Serialize};

use super::declare::events;
use crate::caller::{RoleName, Subject};
use crate::id::{AnyId, HoldId, Id, LoanId, PaymentId, RefundId, WalletId};
use crate::money::Amount;
use crate::text::{Description, MerchantId, Reason, Reference};
use crate::time::Time;

/// How a payment takes its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// At once.
    Automatic,
    /// Held first, then captured or voided.
    Manual,
}

crate::word_column!(Capture { Automatic = "automatic", Manual = "manual" });

/// Why a hold was released without a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    /// Somebody asked for it.
    Requested,
    /// Its time was up.
    Expired,
}

crate::word_column!(VoidReason { Requested = "requested", Expired = "expired" });

events! {
    /// Somebody asks that a wallet pay a merchant.
    PaymentRequested "PAYMENT_REQUESTED" on Payment by "payment" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet that is to pay.
        wallet_id: WalletId,
        /// Who is to be paid.
        merchant_id: MerchantId,
        /// How much.
        #[serde(flatten)]
        amount: Amount,
        /// Whether the money is taken or held.
        capture: Capture,
        /// Who asked; the wallet service decides whether he may.
        requested_by: Subject,
        /// As what he asked.
        requested_as: RoleName,
        /// How long the money is held, in seconds; the wallet service's default where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold_seconds: Option<u32>,
        /// The caller's own description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// The caller's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Reference>,
    }
    /// The wallet has paid.
    PaymentSuccessful "PAYMENT_SUCCESSFUL" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet that paid.
        wallet_id: WalletId,
        /// Whose wallet it is; he sees the payment from now on.
        wallet_owner: Subject,
        /// What was taken.
        #[serde(flatten)]
        amount: Amount,
    }
    /// The wallet did not pay, and says why. No money moved.
    PaymentFailed "PAYMENT_FAILED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet that was to pay.
        wallet_id: WalletId,
        /// Whose wallet it is; absent when it is not the requester's to see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wallet_owner: Option<Subject>,
        /// The kind of refusal, such as `insufficient-funds`.
        reason: Reason,
    }
    /// The wallet holds the money for a payment.
    PaymentAuthorized "PAYMENT_AUTHORIZED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet whose money is held.
        wallet_id: WalletId,
        /// Whose wallet it is.
        wallet_owner: Subject,
        /// The hold.
        hold_id: HoldId,
        /// What is held.
        #[serde(flatten)]
        amount: Amount,
        /// When it is released by itself.
        expires_at: Time,
    }
    /// Somebody asks that held money be taken, in whole or in part.
    PaymentCaptureRequested "PAYMENT_CAPTURE_REQUESTED" on Payment by "payment" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet whose money is held.
        wallet_id: WalletId,
        /// The hold.
        hold_id: HoldId,
        /// How much to take; the rest is released.
        #[serde(flatten)]
        amount: Amount,
    }
    /// Held money was taken; the rest of the hold is released.
    PaymentCaptured "PAYMENT_CAPTURED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet that paid.
        wallet_id: WalletId,
        /// The hold.
        hold_id: HoldId,
        /// What was taken.
        #[serde(flatten)]
        amount: Amount,
    }
    /// Held money was not taken, and why. The hold stands as it stood.
    PaymentCaptureFailed "PAYMENT_CAPTURE_FAILED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet whose money was to be taken.
        wallet_id: WalletId,
        /// The kind of refusal, such as `hold-expired`.
        reason: Reason,
    }
    /// Somebody asks that held money be released.
    PaymentVoidRequested "PAYMENT_VOID_REQUESTED" on Payment by "payment" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet whose money is held.
        wallet_id: WalletId,
        /// The hold.
        hold_id: HoldId,
    }
    /// Held money was released without a capture.
    PaymentVoided "PAYMENT_VOIDED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The wallet whose money was held.
        wallet_id: WalletId,
        /// The hold.
        hold_id: HoldId,
        /// Why.
        reason: VoidReason,
    }
    /// Somebody asks that a payment's money go back, in whole or in part.
    PaymentRefundRequested "PAYMENT_REFUND_REQUESTED" on Payment by "payment" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The refund.
        refund_id: RefundId,
        /// The wallet that paid.
        wallet_id: WalletId,
        /// Who was paid.
        merchant_id: MerchantId,
        /// How much goes back.
        #[serde(flatten)]
        amount: Amount,
    }
    /// The money is back in the wallet.
    PaymentRefunded "PAYMENT_REFUNDED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The refund.
        refund_id: RefundId,
        /// The wallet that was refunded.
        wallet_id: WalletId,
        /// What came back.
        #[serde(flatten)]
        amount: Amount,
    }
    /// The money could not go back, and why.
    PaymentRefundFailed "PAYMENT_REFUND_FAILED" on Payment by "wallet" version 1 about transaction_id {
        /// The payment.
        transaction_id: PaymentId,
        /// The refund.
        refund_id: RefundId,
        /// The wallet that was to be refunded.
        wallet_id: WalletId,
        /// The kind of refusal, such as `wallet-closed`.
        reason: Reason,
    }
    /// An operator approved a loan: its wallet is to be credited.
    LoanApproved "LOAN_APPROVED" on Loan by "loan" version 1 about loan_id {
        /// The loan.
        loan_id: LoanId,
        /// The wallet to credit.
        wallet_id: WalletId,
        /// How much.
        #[serde(flatten)]
        amount: Amount,
        /// 1, and one more for each approval after a failed funding.
        attempt: u32,
        /// Who applied; the wallet service decides whether the wallet is his.
        applied_by: Subject,
        /// As what he applied.
        applied_as: RoleName,
        /// The operator.
        approved_by: Subject,
    }
    /// An operator turned a loan down.
    LoanRejected "LOAN_REJECTED" on Loan by "loan" version 1 about loan_id {
        /// The loan.
        loan_id: LoanId,
        /// The wallet it was for.
        wallet_id: WalletId,
        /// The operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }
    /// The wallet was credited with the loan.
    LoanFunded "LOAN_FUNDED" on Loan by "wallet" version 1 about loan_id {
        /// The loan.
        loan_id: LoanId,
        /// The wallet that was credited.
        wallet_id: WalletId,
        /// Whose wallet it is; he sees the loan from now on.
        wallet_owner: Subject,
        /// What was credited.
        #[serde(flatten)]
        amount: Amount,
        /// When it was booked.
        funded_at: Time,
    }
    /// The wallet could not be credited, and why. The loan can be approved again.
    LoanFundingFailed "LOAN_FUNDING_FAILED" on Loan by "wallet" version 1 about loan_id {
        /// The loan.
        loan_id: LoanId,
        /// The wallet that was to be credited.
        wallet_id: WalletId,
        /// Whose wallet it is; absent when it is not the applicant's to see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wallet_owner: Option<Subject>,
        /// The kind of refusal, such as `wallet-closed`.
        reason: Reason,
    }
}
