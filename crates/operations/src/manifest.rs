//! What is declared here: operations of operators, and whose records they look at. It hears nothing
//! and says nothing, and keeps records on AWS alone.

use kernel::audit::AuditLine;
use kernel::manifest::{Method, Operation, ServiceManifest, Who};
use kernel::{Kind, Prefix, Record, Scope};
use loan::records::Loan;
use payment::records::{Payment, Refund};

use crate::records::{DeadLetter, KeptBalance, SigningKeys};

/// The services whose records are looked at.
pub static SERVICES: [&ServiceManifest; 3] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST];

/// The services that keep an audit trail. That of the sign-in is in the one program alone.
pub static TRAILS: [&str; 5] = ["wallet", "payment", "loan", "operations", "identity"];

/// Everything that is declared here.
pub static MANIFEST: ServiceManifest = DECLARED;

/// The same on AWS, where dead letters, the trial balance and the provider's keys are records: no bus
/// keeps the first, nobody waits until the second is summed, and no function runs all the time.
pub static MANIFEST_ON_AWS: ServiceManifest = ServiceManifest {
    kinds: &[DeadLetter::KIND, KeptBalance::KIND, SigningKeys::KIND],
    ..DECLARED
};

const DECLARED: ServiceManifest = ServiceManifest {
    name: "operations",
    kinds: &[],
    operations: &[
        GET_ME,
        GET_TRIAL_BALANCE,
        LIST_SAGAS,
        LIST_EVENTS,
        LIST_DEAD_LETTERS,
        REDRIVE_DEAD_LETTER,
        LIST_AUDIT,
    ],
    subscriptions: &[],
    says: &[],
    due: &[],
    sagas: &[],
};

const fn reads(
    name: &'static str,
    path: &'static str,
    reads: &'static [&'static Kind],
) -> Operation {
    Operation {
        name,
        method: Method::Get,
        path,
        who: &[Who::Operator],
        reads,
        writes: &[],
        lists: &[],
        events_of: &[],
    }
}

/// Who the caller is.
pub const GET_ME: Operation = Operation {
    name: "get_me",
    method: Method::Get,
    path: "/me",
    who: &[Who::Owner, Who::Operator, Who::Service(Scope::Payments)],
    reads: &[],
    writes: &[],
    lists: &[],
    events_of: &[],
};
/// What is in all accounts, by class and currency: as it was kept, or summed from all that there is.
pub const GET_TRIAL_BALANCE: Operation =
    reads("get_trial_balance", "/ledger/trial-balance", &[KeptBalance::KIND]);
/// What waits for an answer.
pub const LIST_SAGAS: Operation = Operation {
    lists: &[(Payment::KIND, "open"), (Refund::KIND, "open"), (Loan::KIND, "open")],
    ..reads("list_sagas", "/sagas", &[Payment::KIND, Refund::KIND, Loan::KIND])
};
/// What was said.
pub const LIST_EVENTS: Operation = Operation {
    events_of: &[Prefix::Payment, Prefix::Loan],
    ..reads("list_events", "/events", &[Payment::KIND, Loan::KIND])
};
/// What could not be delivered.
pub const LIST_DEAD_LETTERS: Operation = Operation {
    lists: &[(DeadLetter::KIND, "by_state")],
    ..reads("list_dead_letters", "/dead-letters", &[DeadLetter::KIND])
};
/// What operators did.
pub const LIST_AUDIT: Operation = reads("list_audit", "/audit", &[AuditLine::KIND]);
/// Delivers a dead letter again.
pub const REDRIVE_DEAD_LETTER: Operation = Operation {
    name: "redrive_dead_letter",
    method: Method::Post,
    path: "/dead-letters/{dead_letter_id}/redrive",
    who: &[Who::Operator],
    reads: &[DeadLetter::KIND],
    writes: &[DeadLetter::KIND, AuditLine::KIND],
    lists: &[],
    events_of: &[],
};
