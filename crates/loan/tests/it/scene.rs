//! What the tests share: a store with the service over it, callers, and the wallet service's answers
//! said by hand.

use std::sync::Arc;
use std::time::Duration;

use kernel::context::{Context, CorrelationId};
use kernel::event::{EventData, LoanApproved, LoanFunded, LoanFundingFailed};
use kernel::memory::MemoryStore;
use kernel::record::Hash32;
use kernel::request::RequestKey;
use kernel::text::Reason;
use kernel::{
    Amount, Caller, Currency, Decision, Envelope, EventId, EventKind, Id, Known, LoanId, Role,
    Subject, WalletId,
};
use loan::decide::{Apply, Approve, ApproveRefused, Reject, RejectRefused};
use loan::manifest::UPDATE_LOAN_FUNDING;
use loan::rate::RateTable;
use loan::records::Loan;
use loan::terms::Terms;

pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
}

pub(crate) fn caller(sub: &str, role: Role) -> Caller {
    Caller { sub: Subject::new(sub).unwrap(), role }
}

pub(crate) fn alice() -> Caller {
    caller("alice", Role::Customer)
}

pub(crate) fn operator() -> Caller {
    caller("olga", Role::Operator)
}

pub(crate) fn key(caller: &Caller, operation: &[&str], key: &str, body: u8) -> RequestKey {
    RequestKey::new(&caller.sub, operation, key, Hash32([body; 32]))
}

pub(crate) fn wallet() -> WalletId {
    WalletId::named(&["alice's wallet"])
}

pub(crate) fn thousand() -> Amount {
    Amount::from_minor(100_000, Currency::USD).unwrap()
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()) }
    }

    pub(crate) fn decide<D: Decision>(&self, decision: &D) -> D::Outcome {
        let context = Context::request(CorrelationId(7), None);
        let outcome = self.store.run(decision, context).unwrap();
        *outcome.downcast().unwrap()
    }

    pub(crate) fn application(key: Option<RequestKey>) -> Apply {
        let terms = Terms::of(&RateTable::default(), thousand(), 12).unwrap();
        Apply { key, caller: alice(), wallet_id: wallet(), terms }
    }

    pub(crate) fn apply(&self) -> LoanId {
        self.decide(&Self::application(None)).unwrap().loan_id
    }

    pub(crate) fn approve(&self, loan_id: LoanId) -> Result<Known<Loan>, ApproveRefused> {
        self.decide(&Approve { key: None, caller: operator(), loan_id })
    }

    pub(crate) fn reject(&self, loan_id: LoanId) -> Result<Known<Loan>, RejectRefused> {
        self.decide(&Reject { key: None, caller: operator(), loan_id, reason: None })
    }

    /// The loan in one line: status, attempt, reason, whether funded, whether it waits.
    pub(crate) fn line(&self, loan_id: LoanId) -> String {
        let loans = self.store.records::<Loan>();
        let loan = loans.iter().find(|loan| loan.loan_id == loan_id).unwrap();
        let reason = loan.reason.as_ref().map_or(String::new(), |reason| format!(" {reason}"));
        let funded = if loan.funded_at.is_some() { " funded" } else { "" };
        let waits = if loan.open.is_some() { " waits" } else { "" };
        format!("{} {}{reason}{funded}{waits}", loan.status.text(), loan.attempt)
    }

    /// The latest approval that was said.
    pub(crate) fn approval(&self) -> Envelope {
        let mut said = self.store.said().into_iter();
        said.rfind(|event| event.kind() == EventKind::LoanApproved).unwrap()
    }

    pub(crate) fn hear(&self, answer: &Envelope) {
        self.store.deliver(&UPDATE_LOAN_FUNDING, answer).unwrap();
    }
}

fn answer(approval: &Envelope, data: EventData) -> Envelope {
    Envelope {
        id: EventId::named(&[&approval.id.to_string(), data.kind().name()]),
        sequence: 1,
        time: approval.time,
        correlation: approval.correlation,
        causation: Some(approval.id),
        trace: None,
        data,
    }
}

fn approved(approval: &Envelope) -> &LoanApproved {
    let EventData::LoanApproved(data) = &approval.data else { panic!("{approval:?}") };
    data
}

/// The wallet service's answer that the money is there.
pub(crate) fn funded(approval: &Envelope) -> Envelope {
    let data = approved(approval);
    let funded = LoanFunded {
        loan_id: data.loan_id,
        wallet_id: data.wallet_id,
        wallet_owner: Subject::new("alice").unwrap(),
        amount: data.amount,
        funded_at: approval.time.plus(Duration::from_millis(5)),
    };
    answer(approval, funded.into())
}

/// The wallet service's answer that it is not.
pub(crate) fn failed(approval: &Envelope) -> Envelope {
    let data = approved(approval);
    let failed = LoanFundingFailed {
        loan_id: data.loan_id,
        wallet_id: data.wallet_id,
        wallet_owner: None,
        reason: Reason::new("wallet-closed").unwrap(),
    };
    answer(approval, failed.into())
}
