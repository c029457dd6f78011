//! What the service declares: its operations, what it hears, what the clock does. How that is
//! mounted or deployed is not here.

use kernel::audit::AuditLine;
use kernel::manifest::{Due, Method, Operation, Saga, ServiceManifest, Subscription, Who};
use kernel::saga::SayAgain;
use kernel::{EventKind, Id, PaymentId, Prefix, Record, RefundId, Scope, Topic};

use crate::decide::AskAboutExpiredHold;
use crate::reactions;
use crate::records::{Payment, Refund};

/// Everything that the service declares.
pub static MANIFEST: ServiceManifest = ServiceManifest {
    name: "payment",
    kinds: &[Payment::KIND, Refund::KIND],
    operations: OPERATIONS,
    subscriptions: SUBSCRIPTIONS,
    says: &[
        EventKind::PaymentRequested,
        EventKind::PaymentCaptureRequested,
        EventKind::PaymentVoidRequested,
        EventKind::PaymentRefundRequested,
    ],
    due: &[
        Due {
            name: "say_payments_again",
            kind: Payment::KIND,
            index: "open",
            decide: |key| Box::new(SayAgain::<Payment>::of(PaymentId::from_uuid(key.id.uuid))),
        },
        Due {
            name: "say_refunds_again",
            kind: Refund::KIND,
            index: "open",
            decide: |key| Box::new(SayAgain::<Refund>::of(RefundId::from_uuid(key.id.uuid))),
        },
        Due {
            name: "ask_about_expired_holds",
            kind: Payment::KIND,
            index: "held",
            decide: |key| {
                Box::new(AskAboutExpiredHold { payment_id: PaymentId::from_uuid(key.id.uuid) })
            },
        },
    ],
    sagas: &[
        Saga {
            name: "payment",
            kind: Payment::KIND,
            index: "open",
            waiting_since: "waiting_since",
        },
        Saga { name: "refund", kind: Refund::KIND, index: "open", waiting_since: "waiting_since" },
    ],
};

/// In the order of the API page.
const OPERATIONS: &[Operation] = &[
    REQUEST_PAYMENT,
    GET_PAYMENT,
    LIST_PAYMENTS_BY_WALLET,
    LIST_PAYMENTS,
    CAPTURE_PAYMENT,
    VOID_PAYMENT,
    REFUND_PAYMENT,
    LIST_REFUNDS,
    GET_REFUND,
    GET_PAYMENT_TIMELINE,
];

/// Who has, or may have, something to do with a payment; which one, each operation decides.
const PARTIES: &[Who] = &[Who::Owner, Who::Operator, Who::Service(Scope::Payments)];
/// Capture, void and refund are not the payer's.
const NOT_THE_PAYER: &[Who] = &[Who::Operator, Who::Service(Scope::Payments)];

/// Asks that a wallet pay a merchant.
pub const REQUEST_PAYMENT: Operation = Operation {
    name: "request_payment",
    method: Method::Post,
    path: "/payment",
    who: PARTIES,
    reads: &[Payment::KIND],
    writes: &[Payment::KIND],
    lists: &[],
    events_of: &[],
};

/// One payment.
pub const GET_PAYMENT: Operation = Operation {
    name: "get_payment",
    method: Method::Get,
    path: "/payment/{transaction_id}",
    who: PARTIES,
    reads: &[Payment::KIND],
    writes: &[],
    lists: &[],
    events_of: &[],
};

/// The payments of a wallet.
pub const LIST_PAYMENTS_BY_WALLET: Operation = Operation {
    name: "list_payments_by_wallet",
    method: Method::Get,
    path: "/payment/by-wallet/{wallet_id}",
    who: PARTIES,
    reads: &[Payment::KIND],
    writes: &[],
    lists: &[(Payment::KIND, "by_wallet")],
    events_of: &[],
};

/// Payments of all wallets.
pub const LIST_PAYMENTS: Operation = Operation {
    name: "list_payments",
    method: Method::Get,
    path: "/payment",
    who: &[Who::Operator],
    reads: &[Payment::KIND],
    writes: &[],
    lists: &[(Payment::KIND, "open"), (Payment::KIND, "held")],
    events_of: &[],
};

/// Asks that held money be taken.
pub const CAPTURE_PAYMENT: Operation = Operation {
    name: "capture_payment",
    method: Method::Post,
    path: "/payment/{transaction_id}/capture",
    who: NOT_THE_PAYER,
    reads: &[Payment::KIND],
    writes: &[Payment::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};

/// Asks that held money be released.
pub const VOID_PAYMENT: Operation = Operation {
    name: "void_payment",
    method: Method::Post,
    path: "/payment/{transaction_id}/void",
    who: NOT_THE_PAYER,
    reads: &[Payment::KIND],
    writes: &[Payment::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};

/// Asks that a payment's money go back.
pub const REFUND_PAYMENT: Operation = Operation {
    name: "refund_payment",
    method: Method::Post,
    path: "/payment/{transaction_id}/refund",
    who: NOT_THE_PAYER,
    reads: &[Payment::KIND, Refund::KIND],
    writes: &[Payment::KIND, Refund::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};

/// The refunds of a payment.
pub const LIST_REFUNDS: Operation = Operation {
    name: "list_refunds",
    method: Method::Get,
    path: "/payment/{transaction_id}/refunds",
    who: PARTIES,
    reads: &[Payment::KIND, Refund::KIND],
    writes: &[],
    lists: &[(Refund::KIND, "by_payment")],
    events_of: &[],
};

/// One refund.
pub const GET_REFUND: Operation = Operation {
    name: "get_refund",
    method: Method::Get,
    path: "/payment/{transaction_id}/refunds/{refund_id}",
    who: PARTIES,
    reads: &[Payment::KIND, Refund::KIND],
    writes: &[],
    lists: &[],
    events_of: &[],
};

/// Every event of a payment's saga.
pub const GET_PAYMENT_TIMELINE: Operation = Operation {
    name: "get_payment_timeline",
    method: Method::Get,
    path: "/payment/{transaction_id}/timeline",
    who: PARTIES,
    reads: &[Payment::KIND],
    writes: &[],
    lists: &[],
    events_of: &[Prefix::Payment],
};

const SUBSCRIPTIONS: &[Subscription] =
    &[UPDATE_TRANSACTION_STATUS, UPDATE_AUTHORIZATION_STATUS, UPDATE_REFUND_STATUS];

/// The end of the payment saga.
pub const UPDATE_TRANSACTION_STATUS: Subscription = Subscription {
    name: "update_transaction_status",
    topic: Topic::Payment,
    hears: &[EventKind::PaymentSuccessful, EventKind::PaymentFailed],
    react: reactions::update_transaction_status,
    writes: &[Payment::KIND],
};

/// What becomes of a hold.
pub const UPDATE_AUTHORIZATION_STATUS: Subscription = Subscription {
    name: "update_authorization_status",
    topic: Topic::Payment,
    hears: &[
        EventKind::PaymentAuthorized,
        EventKind::PaymentCaptured,
        EventKind::PaymentCaptureFailed,
        EventKind::PaymentVoided,
    ],
    react: reactions::update_authorization_status,
    writes: &[Payment::KIND],
};

/// The end of a refund.
pub const UPDATE_REFUND_STATUS: Subscription = Subscription {
    name: "update_refund_status",
    topic: Topic::Payment,
    hears: &[EventKind::PaymentRefunded, EventKind::PaymentRefundFailed],
    react: reactions::update_refund_status,
    writes: &[Payment::KIND, Refund::KIND],
};
