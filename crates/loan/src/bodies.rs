//! The bodies of requests and answers. Which request may have which answer, the routes say.

use http_api::{CurrencyText, MoneyText};
use kernel::text::Reason;
use kernel::{Currency, LoanId, Time, WalletId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::records::{Loan, LoanStatus};

/// An application for a loan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanAsked {
    /// The wallet to be credited. Whether it is there and yours is said when the loan is funded.
    #[schema(value_type = String, example = "wal_01890a5d-ac96-774b-bcce-b302099a8057")]
    pub wallet_id: WalletId,
    /// What is to be lent.
    pub amount: MoneyText,
    /// The amount's currency. `USD` if it is left out (the deployment's default, which may be set
    /// otherwise on AWS), whatever the wallet's is: name the wallet's own where that is another.
    pub currency: Option<CurrencyText>,
    /// For how many months.
    #[schema(minimum = 1, maximum = 360)]
    pub loan_term_months: u32,
}

/// Why a loan is rejected.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanRejection {
    /// For the applicant and the audit trail.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    pub reason: Option<Reason>,
}

/// Which loans the operators' queue shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LoanFilter {
    /// Those of this status.
    pub status: LoanStatus,
}

/// A loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LoanShown {
    /// Its id.
    #[schema(value_type = String)]
    pub loan_id: LoanId,
    /// The wallet that is credited.
    #[schema(value_type = String)]
    pub wallet_id: WalletId,
    /// How far it is.
    pub status: LoanStatus,
    /// What is lent.
    #[schema(example = "1000.00")]
    pub amount: String,
    /// The currency of all its amounts.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// For how many months.
    pub loan_term_months: u32,
    /// Percent a year.
    #[schema(example = "8.0")]
    pub interest_rate: String,
    /// The equal instalment of each month.
    #[schema(example = "86.99")]
    pub minimum_payment: String,
    /// How often it was approved.
    pub attempt: u32,
    /// Why it was rejected, or why its wallet could not be credited.
    #[schema(value_type = Option<String>)]
    pub reason: Option<Reason>,
    /// When it was applied for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When the money was booked; null until it is there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub funded_at: Option<Time>,
}

impl From<&Loan> for LoanShown {
    fn from(loan: &Loan) -> Self {
        Self {
            loan_id: loan.loan_id,
            wallet_id: loan.wallet_id,
            status: loan.status,
            amount: loan.amount().to_string(),
            currency: loan.currency,
            loan_term_months: loan.loan_term_months,
            interest_rate: loan.rate().to_string(),
            minimum_payment: loan.minimum_payment().to_string(),
            attempt: loan.attempt,
            reason: loan.reason.clone(),
            created_at: loan.created_at,
            updated_at: loan.updated_at,
            funded_at: loan.funded_at,
        }
    }
}
