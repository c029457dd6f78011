//! What requests say. Unknown fields are refused.

use http_api::{CurrencyText, MoneyText};
use kernel::WalletId;
use kernel::text::{Description, Reason, Reference};
use serde::Deserialize;
use utoipa::ToSchema;

/// A wallet that is to be opened.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalletAsked {
    /// The wallet's currency, for good. `USD` if it is left out (the deployment's default, which may
    /// be set otherwise on AWS).
    pub(crate) currency: Option<CurrencyText>,
}

/// Money that is to come in or go out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MovementAsked {
    /// How much.
    pub(crate) amount: MoneyText,
    /// The amount's currency; the wallet's if it is left out. Nothing is converted.
    pub(crate) currency: Option<CurrencyText>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "Salary of March")]
    pub(crate) description: Option<Description>,
    /// The caller's own reference, by which he finds it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, example = "salary-2026-03")]
    pub(crate) reference: Option<Reference>,
}

/// Money that is to go to another wallet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferAsked {
    /// The wallet that receives it, whoever owns it.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub(crate) to_wallet_id: WalletId,
    /// How much.
    pub(crate) amount: MoneyText,
    /// The amount's currency; the wallet's if it is left out. Nothing is converted.
    pub(crate) currency: Option<CurrencyText>,
    /// The caller's own description, which the receiver sees too.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "Half of the rent")]
    pub(crate) description: Option<Description>,
    /// The caller's own reference, by which both find it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, example = "rent-2026-03")]
    pub(crate) reference: Option<Reference>,
}

/// A movement that is to be reversed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReversalAsked {
    /// Why; shown on the reversal and in the audit trail.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "Credited to the wrong wallet")]
    pub(crate) reason: Reason,
}

/// A wallet that is to be frozen, unfrozen or closed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusAsked {
    /// Why; shown in the audit trail.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "The owner lost her phone")]
    pub(crate) reason: Option<Reason>,
}
