//! What somebody does at the institution. Wallets, payments, refunds and loans are named by the
//! number in which they came to be, so that the same acts can be done at another one.

use kernel::event::Capture;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A customer.
    Alice,
    /// Another one.
    Bob,
    /// An operator.
    Operator,
    /// A service with the scope `payments`.
    Shop,
}

/// An idempotency key and the body that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: u8,
    /// Stands for the body's hash.
    pub body: u8,
}

/// What is done, by whom, and under which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// By whom.
    pub by: By,
    /// Under which key, if any.
    pub keyed: Option<Keyed>,
    /// What.
    pub what: What,
}

/// What is done. Amounts are in cents of the dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are numbers of things and amounts, and named so")]
pub enum What {
    /// Opens a wallet in dollars.
    OpenWallet,
    /// Opens one in yen.
    OpenYenWallet,
    /// Puts money in from outside.
    Credit { wallet: usize, cents: u64 },
    /// Pays it out.
    Debit { wallet: usize, cents: u64 },
    /// Moves it to another wallet.
    Transfer { from: usize, to: usize, cents: u64 },
    /// Undoes a wallet's entry of that sequence.
    Reverse { wallet: usize, sequence: u64 },
    /// Freezes a wallet.
    Freeze { wallet: usize },
    /// Unfreezes it.
    Unfreeze { wallet: usize },
    /// Closes it.
    Close { wallet: usize },
    /// Asks for a payment.
    Pay { wallet: usize, cents: u64, capture: Capture },
    /// Asks for held money, all of it or some.
    CapturePayment { payment: usize, cents: Option<u64> },
    /// Asks that held money be released.
    VoidPayment { payment: usize },
    /// Asks that a payment's money go back.
    RefundPayment { payment: usize, cents: Option<u64> },
    /// Applies for a loan over twelve months.
    Apply { wallet: usize, cents: u64 },
    /// Approves one.
    Approve { loan: usize },
    /// Turns one down.
    Reject { loan: usize },
    /// Lets time pass and the clock do its work.
    Pass { seconds: u64 },
}

impl What {
    /// The name of the operation.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::OpenWallet | Self::OpenYenWallet => "create_wallet",
            Self::Credit { .. } => "credit_wallet",
            Self::Debit { .. } => "debit_wallet",
            Self::Transfer { .. } => "transfer",
            Self::Reverse { .. } => "reverse_transaction",
            Self::Freeze { .. } => "freeze_wallet",
            Self::Unfreeze { .. } => "unfreeze_wallet",
            Self::Close { .. } => "close_wallet",
            Self::Pay { .. } => "request_payment",
            Self::CapturePayment { .. } => "capture_payment",
            Self::VoidPayment { .. } => "void_payment",
            Self::RefundPayment { .. } => "refund_payment",
            Self::Apply { .. } => "apply_for_loan",
            Self::Approve { .. } => "approve_loan",
            Self::Reject { .. } => "reject_loan",
            Self::Pass { .. } => "tick",
        }
    }

    /// Done by that one, without a key.
    pub fn by(self, by: By) -> Act {
        Act { by, keyed: None, what: self }
    }
}

impl Act {
    /// Under a key.
    #[must_use]
    pub fn keyed(self, key: u8) -> Self {
        Self { keyed: Some(Keyed { key, body: 0 }), ..self }
    }
}
