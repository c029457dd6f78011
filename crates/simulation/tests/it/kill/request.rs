//! The requests that are sent, each as it is sent again word for word. What answers must say is not
//! here.

use serde_json::{Value, json};

use super::thing::Thing;

/// More than is ever in a wallet.
pub(super) const TOO_MUCH: i64 = 1_000_000_000_000_000;

/// What is asked for. Amounts are in minor units; `on` is the place of the thing that changes among
/// those of the same hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    OpenWallet,
    Credit { minor: i64 },
    Debit { minor: i64 },
    Transfer { to: usize, minor: i64 },
    Pay { minor: i64, is_manual: bool },
    Capture { on: usize, minor: i64 },
    Void { on: usize },
    Refund { on: usize, minor: i64 },
    Apply { minor: i64 },
    Approve { on: usize },
}

impl What {
    /// The place of the thing that it changes.
    pub(super) fn on(self) -> Option<usize> {
        match self {
            Self::Capture { on, .. }
            | Self::Void { on }
            | Self::Refund { on, .. }
            | Self::Approve { on } => Some(on),
            Self::OpenWallet
            | Self::Credit { .. }
            | Self::Debit { .. }
            | Self::Transfer { .. }
            | Self::Pay { .. }
            | Self::Apply { .. } => None,
        }
    }

    /// Whether it starts a saga, whose end can be waited for.
    pub(super) fn is_saga(self) -> bool {
        matches!(
            self,
            Self::Pay { .. }
                | Self::Capture { .. }
                | Self::Void { .. }
                | Self::Refund { .. }
                | Self::Approve { .. }
        )
    }

    /// Whether what came of it can be found without its key.
    pub(super) fn can_be_found(self) -> bool {
        !matches!(self, Self::OpenWallet | Self::Apply { .. })
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) what: What,
    /// The place of the wallet that it is about.
    pub(super) wallet: usize,
    /// No other request has it. Where there is place for it, it is the reference.
    pub(super) name: String,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) key: Option<String>,
    /// Whether it waits for the end of its saga.
    pub(super) waits: bool,
}

impl Request {
    /// A request with a key that does not wait.
    pub(super) fn new(
        what: What,
        wallet: usize,
        name: String,
        (wallets, things): (&[String], &[Thing]),
    ) -> Self {
        let id = wallets.get(wallet).map_or("", String::as_str);
        let on = what.on().and_then(|on| things[on].place.as_deref()).unwrap_or("");
        let amount = |minor| json!({ "amount": money(minor), "reference": name });
        let (path, body) = match what {
            What::OpenWallet => ("/wallet".to_owned(), json!({})),
            What::Credit { minor } => (format!("/wallet/{id}/credit"), amount(minor)),
            What::Debit { minor } => (format!("/wallet/{id}/debit"), amount(minor)),
            What::Transfer { to, minor } => {
                let mut body = amount(minor);
                body["to_wallet_id"] = json!(wallets[to]);
                (format!("/wallet/{id}/transfer"), body)
            }
            What::Pay { minor, is_manual } => {
                let mut body = amount(minor);
                body["wallet_id"] = json!(id);
                body["merchant_id"] = json!("bookshop-12");
                body["capture"] = json!(if is_manual { "manual" } else { "automatic" });
                ("/payment".to_owned(), body)
            }
            What::Capture { minor, .. } => {
                (format!("{on}/capture"), json!({ "amount": money(minor) }))
            }
            What::Void { .. } => (format!("{on}/void"), json!({})),
            What::Refund { minor, .. } => (format!("{on}/refund"), amount(minor)),
            What::Apply { minor } => {
                let amount = money(minor);
                let body = json!({ "wallet_id": id, "amount": amount, "loan_term_months": 12 });
                ("/loan".to_owned(), body)
            }
            What::Approve { .. } => (format!("{on}/approve"), json!({})),
        };
        let key = Some(name.clone());
        Self { what, wallet, name, path, body, key, waits: false }
    }
}

/// Minor units as the API writes them.
pub(super) fn money(minor: i64) -> String {
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.abs());
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}
