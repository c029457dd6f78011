//! What the wallet service declares: its operations and who may call them, what it hears and says,
//! what it keeps, and what the clock does. The functions themselves are elsewhere.

use kernel::audit::AuditLine;
use kernel::event::{EventKind, Topic};
use kernel::manifest::{Due, Method, Operation, ServiceManifest, Subscription, Who};
use kernel::{HoldId, Id, Kind, Record};

use crate::decide::ExpireHold;
use crate::reactions;
use crate::records::{Entry, Hold, Refusal};

/// Everything that the wallet service declares.
pub static MANIFEST: ServiceManifest = ServiceManifest {
    name: "wallet",
    kinds: &[Entry::KIND, Hold::KIND, Refusal::KIND],
    operations: OPERATIONS,
    subscriptions: SUBSCRIPTIONS,
    says: &[
        EventKind::PaymentSuccessful,
        EventKind::PaymentFailed,
        EventKind::PaymentAuthorized,
        EventKind::PaymentCaptured,
        EventKind::PaymentCaptureFailed,
        EventKind::PaymentVoided,
        EventKind::PaymentRefunded,
        EventKind::PaymentRefundFailed,
        EventKind::LoanFunded,
        EventKind::LoanFundingFailed,
    ],
    due: &[Due {
        name: "expire_holds",
        kind: Hold::KIND,
        index: "expiring",
        decide: |key| Box::new(ExpireHold { hold_id: HoldId::from_uuid(key.id.uuid) }),
    }],
    // What waits for an answer waits for this service; it waits for nobody.
    sagas: &[],
};

/// Whose wallet it is, or an operator.
const OWNER: &[Who] = &[Who::Owner, Who::Operator];
const OPERATOR: &[Who] = &[Who::Operator];

const ENTRIES: &[&Kind] = &[Entry::KIND];
const AUDITED: &[&Kind] = &[Entry::KIND, AuditLine::KIND];

const fn reads(name: &'static str, path: &'static str) -> Operation {
    Operation {
        name,
        method: Method::Get,
        path,
        who: OWNER,
        reads: ENTRIES,
        writes: &[],
        lists: &[],
        events_of: &[],
    }
}

/// An operator in a wallet that is not his is written down.
const fn moves(name: &'static str, path: &'static str) -> Operation {
    Operation {
        name,
        method: Method::Post,
        path,
        who: OWNER,
        reads: ENTRIES,
        writes: AUDITED,
        lists: &[],
        events_of: &[],
    }
}

const fn audited(name: &'static str, path: &'static str) -> Operation {
    Operation {
        name,
        method: Method::Post,
        path,
        who: OPERATOR,
        reads: ENTRIES,
        writes: AUDITED,
        lists: &[],
        events_of: &[],
    }
}

/// A new wallet.
pub static CREATE_WALLET: Operation = Operation {
    name: "create_wallet",
    method: Method::Post,
    path: "/wallet",
    who: OWNER,
    reads: ENTRIES,
    writes: ENTRIES,
    lists: &[],
    events_of: &[],
};
/// The caller's wallets.
pub static LIST_WALLETS: Operation =
    Operation { lists: &[(Entry::KIND, "by_owner")], ..reads("list_wallets", "/wallet") };
/// A wallet, now or at a moment.
pub static GET_WALLET: Operation = reads("get_wallet", "/wallet/{wallet_id}");
/// Money from outside.
pub static CREDIT_WALLET: Operation = moves("credit_wallet", "/wallet/{wallet_id}/credit");
/// Money to outside.
pub static DEBIT_WALLET: Operation = moves("debit_wallet", "/wallet/{wallet_id}/debit");
/// Money to another wallet.
pub static TRANSFER: Operation = moves("transfer", "/wallet/{wallet_id}/transfer");
/// Movements, newest first.
pub static LIST_TRANSACTIONS: Operation =
    reads("list_transactions", "/wallet/{wallet_id}/transactions");
/// Movements of a period between two balances.
pub static GET_STATEMENT: Operation = reads("get_statement", "/wallet/{wallet_id}/statement");
/// No money leaves any more.
pub static FREEZE_WALLET: Operation = audited("freeze_wallet", "/wallet/{wallet_id}/freeze");
/// Money leaves again.
pub static UNFREEZE_WALLET: Operation = audited("unfreeze_wallet", "/wallet/{wallet_id}/unfreeze");
/// Nothing more is booked.
pub static CLOSE_WALLET: Operation = audited("close_wallet", "/wallet/{wallet_id}/close");
/// A movement the other way round.
pub static REVERSE_TRANSACTION: Operation =
    audited("reverse_transaction", "/wallet/{wallet_id}/transactions/{transaction_id}/reverse");

static OPERATIONS: &[Operation] = &[
    CREATE_WALLET,
    LIST_WALLETS,
    GET_WALLET,
    CREDIT_WALLET,
    DEBIT_WALLET,
    TRANSFER,
    LIST_TRANSACTIONS,
    GET_STATEMENT,
    FREEZE_WALLET,
    UNFREEZE_WALLET,
    CLOSE_WALLET,
    REVERSE_TRANSACTION,
];

static SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        name: "process_payment_request",
        topic: Topic::Payment,
        hears: &[EventKind::PaymentRequested],
        react: reactions::process_payment_request,
        writes: &[Entry::KIND, Hold::KIND, Refusal::KIND],
    },
    Subscription {
        name: "process_payment_capture",
        topic: Topic::Payment,
        hears: &[EventKind::PaymentCaptureRequested],
        react: reactions::process_payment_capture,
        writes: &[Entry::KIND, Hold::KIND, Refusal::KIND],
    },
    Subscription {
        name: "process_payment_void",
        topic: Topic::Payment,
        hears: &[EventKind::PaymentVoidRequested],
        react: reactions::process_payment_void,
        writes: &[Entry::KIND, Hold::KIND, Refusal::KIND],
    },
    Subscription {
        name: "process_payment_refund",
        topic: Topic::Payment,
        hears: &[EventKind::PaymentRefundRequested],
        react: reactions::process_payment_refund,
        writes: &[Entry::KIND, Refusal::KIND],
    },
    Subscription {
        name: "process_loan_approval",
        topic: Topic::Loan,
        hears: &[EventKind::LoanApproved],
        react: reactions::process_loan_approval,
        writes: &[Entry::KIND, Refusal::KIND],
    },
];
