//! The words that stand in columns of the wallet service's records. No rules beyond which way the
//! money of a kind of entry goes.

use kernel::word_column;

/// Whether anything can be done with a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WalletStatus {
    /// Everything.
    Active,
    /// Money arrives; none leaves or is held.
    Frozen,
    /// Nothing, for good.
    Closed,
}

word_column!(WalletStatus { Active = "ACTIVE", Frozen = "FROZEN", Closed = "CLOSED" });

/// Which side of a movement an account is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Money arrives.
    Credit,
    /// Money leaves.
    Debit,
}

word_column!(Direction { Credit = "credit", Debit = "debit" });

impl Direction {
    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }
}

/// What an entry books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The account was opened: always entry 0, and no other.
    Opened,
    /// Money from outside.
    Credit,
    /// Money to outside.
    Debit,
    /// Money from another wallet.
    TransferIn,
    /// Money to another wallet.
    TransferOut,
    /// Money to a merchant, at once or out of a hold.
    PaymentOut,
    /// Money back from a merchant.
    RefundIn,
    /// A loan's money.
    LoanIn,
    /// Money to a loan.
    LoanRepayment,
    /// Money to a savings goal.
    SavingsAdd,
    /// Money back from a completed goal.
    SavingsRedeem,
    /// Money back from a goal that was given up.
    SavingsRefund,
    /// An earlier movement, the other way round.
    Reversal,
    /// A row of an imported history.
    Import,
    /// Money is held for a payment; none moved.
    Hold,
    /// Held money is free again; none moved.
    Release,
    /// An event asked for something that a rule refused; nothing changed.
    Refused,
    /// An operator froze the account.
    Frozen,
    /// An operator lifted the freeze.
    Unfrozen,
    /// An operator closed the account.
    Closed,
}

word_column!(EntryKind {
    Opened = "OPENED",
    Credit = "CREDIT",
    Debit = "DEBIT",
    TransferIn = "TRANSFER_IN",
    TransferOut = "TRANSFER_OUT",
    PaymentOut = "PAYMENT_OUT",
    RefundIn = "REFUND_IN",
    LoanIn = "LOAN_IN",
    LoanRepayment = "LOAN_REPAYMENT",
    SavingsAdd = "SAVINGS_ADD",
    SavingsRedeem = "SAVINGS_REDEEM",
    SavingsRefund = "SAVINGS_REFUND",
    Reversal = "REVERSAL",
    Import = "IMPORT",
    Hold = "HOLD",
    Release = "RELEASE",
    Refused = "REFUSED",
    Frozen = "FROZEN",
    Unfrozen = "UNFROZEN",
    Closed = "CLOSED",
});

impl EntryKind {
    /// Those that move money: the types that a history shows.
    pub const MOVEMENTS: [Self; 13] = [
        Self::Credit,
        Self::Debit,
        Self::TransferIn,
        Self::TransferOut,
        Self::PaymentOut,
        Self::RefundIn,
        Self::LoanIn,
        Self::LoanRepayment,
        Self::SavingsAdd,
        Self::SavingsRedeem,
        Self::SavingsRefund,
        Self::Reversal,
        Self::Import,
    ];

    /// Whether an entry of this kind may move money that way, or none.
    pub fn allows(self, direction: Option<Direction>) -> bool {
        match self {
            Self::Credit | Self::TransferIn | Self::RefundIn | Self::LoanIn => {
                direction == Some(Direction::Credit)
            }
            Self::Debit | Self::TransferOut | Self::PaymentOut => {
                direction == Some(Direction::Debit)
            }
            // Each of these stands in two chains, or goes either way.
            Self::LoanRepayment
            | Self::SavingsAdd
            | Self::SavingsRedeem
            | Self::SavingsRefund
            | Self::Reversal
            | Self::Import => direction.is_some(),
            Self::Opened
            | Self::Hold
            | Self::Release
            | Self::Refused
            | Self::Frozen
            | Self::Unfrozen
            | Self::Closed => direction.is_none(),
        }
    }

    /// The account's status after an entry of this kind.
    pub fn status_after(self, before: WalletStatus) -> WalletStatus {
        match self {
            Self::Opened | Self::Unfrozen => WalletStatus::Active,
            Self::Frozen => WalletStatus::Frozen,
            Self::Closed => WalletStatus::Closed,
            Self::Credit
            | Self::Debit
            | Self::TransferIn
            | Self::TransferOut
            | Self::PaymentOut
            | Self::RefundIn
            | Self::LoanIn
            | Self::LoanRepayment
            | Self::SavingsAdd
            | Self::SavingsRedeem
            | Self::SavingsRefund
            | Self::Reversal
            | Self::Import
            | Self::Hold
            | Self::Release
            | Self::Refused => before,
        }
    }

    /// Whether an operator may reverse it. Anything else goes back by the way it came: a payment is
    /// refunded.
    pub fn is_reversible(self) -> bool {
        match self {
            Self::Credit | Self::Debit | Self::TransferIn | Self::TransferOut | Self::Import => {
                true
            }
            Self::Opened
            | Self::PaymentOut
            | Self::RefundIn
            | Self::LoanIn
            | Self::LoanRepayment
            | Self::SavingsAdd
            | Self::SavingsRedeem
            | Self::SavingsRefund
            | Self::Reversal
            | Self::Hold
            | Self::Release
            | Self::Refused
            | Self::Frozen
            | Self::Unfrozen
            | Self::Closed => false,
        }
    }
}

/// What became of held money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// It is held.
    Pending,
    /// It was taken, in whole or in part; the rest is free.
    Captured,
    /// It was released on request.
    Voided,
    /// It was released when its time was up.
    Expired,
}

word_column!(HoldState {
    Pending = "PENDING",
    Captured = "CAPTURED",
    Voided = "VOIDED",
    Expired = "EXPIRED",
});
