//! What the service declares: its operations, what it hears and says, what the clock does for it.

use kernel::audit::AuditLine;
use kernel::manifest::{Due, Method, Operation, Saga, ServiceManifest, Subscription, Who};
use kernel::saga::SayAgain;
use kernel::{EventKind, Id, LoanId, Record, Topic};

use crate::reactions;
use crate::records::Loan;

/// `POST /loan`
pub const APPLY_FOR_LOAN: Operation = Operation {
    name: "apply_for_loan",
    method: Method::Post,
    path: "/loan",
    who: &[Who::Owner, Who::Operator],
    reads: &[Loan::KIND],
    writes: &[Loan::KIND],
    lists: &[],
    events_of: &[],
};

/// `GET /loan/{loan_id}`
pub const GET_LOAN: Operation = Operation {
    name: "get_loan",
    method: Method::Get,
    path: "/loan/{loan_id}",
    who: &[Who::Owner, Who::Operator],
    reads: &[Loan::KIND],
    writes: &[],
    lists: &[],
    events_of: &[],
};

/// `GET /loan/by-wallet/{wallet_id}`
pub const LIST_LOANS_BY_WALLET: Operation = Operation {
    name: "list_loans_by_wallet",
    method: Method::Get,
    path: "/loan/by-wallet/{wallet_id}",
    who: &[Who::Owner, Who::Operator],
    reads: &[Loan::KIND],
    writes: &[],
    lists: &[(Loan::KIND, "by_wallet")],
    events_of: &[],
};

/// `GET /loan`
pub const LIST_LOANS: Operation = Operation {
    name: "list_loans",
    method: Method::Get,
    path: "/loan",
    who: &[Who::Operator],
    reads: &[Loan::KIND],
    writes: &[],
    lists: &[(Loan::KIND, "by_status")],
    events_of: &[],
};

/// `POST /loan/{loan_id}/approve`
pub const APPROVE_LOAN: Operation = Operation {
    name: "approve_loan",
    method: Method::Post,
    path: "/loan/{loan_id}/approve",
    who: &[Who::Operator],
    reads: &[Loan::KIND],
    writes: &[Loan::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};

/// `POST /loan/{loan_id}/reject`
pub const REJECT_LOAN: Operation = Operation {
    name: "reject_loan",
    method: Method::Post,
    path: "/loan/{loan_id}/reject",
    who: &[Who::Operator],
    reads: &[Loan::KIND],
    writes: &[Loan::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};

/// Hears what became of an approval.
pub const UPDATE_LOAN_FUNDING: Subscription = Subscription {
    name: "update_loan_funding",
    topic: Topic::Loan,
    hears: &[EventKind::LoanFunded, EventKind::LoanFundingFailed],
    react: reactions::update_loan_funding,
    writes: &[Loan::KIND],
};

/// The service's part of the manifest.
pub static MANIFEST: ServiceManifest = ServiceManifest {
    name: "loan",
    kinds: &[Loan::KIND],
    operations: &[
        APPLY_FOR_LOAN,
        GET_LOAN,
        LIST_LOANS_BY_WALLET,
        LIST_LOANS,
        APPROVE_LOAN,
        REJECT_LOAN,
    ],
    subscriptions: &[UPDATE_LOAN_FUNDING],
    says: &[EventKind::LoanApproved, EventKind::LoanRejected],
    due: &[Due {
        name: "say_loan_approvals_again",
        kind: Loan::KIND,
        index: "open",
        decide: |key| Box::new(SayAgain::<Loan>::of(LoanId::from_uuid(key.id.uuid))),
    }],
    sagas: &[Saga {
        name: "loan",
        kind: Loan::KIND,
        index: "open",
        waiting_since: "waiting_since",
    }],
};
