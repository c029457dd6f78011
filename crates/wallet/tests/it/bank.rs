//! A bank for tests: three wallets over the reference store, what is done to them, and what comes of
//! it in short words. When a bank is dropped, its books must balance.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::event::{
    Capture, Envelope, EventData, LoanApproved, PaymentCaptureRequested, PaymentRefundRequested,
    PaymentRequested, PaymentVoidRequested,
};
use kernel::memory::MemoryStore;
use kernel::record::{Account, Hash32};
use kernel::text::{Description, MerchantId, Reason, Reference};
use kernel::{
    Amount, Caller, ChainId, Clock, Context, CorrelationId, Currency, Decision, EventId, HoldId,
    Id, Ids, LoanId, PaymentId, RefundId, RequestKey, Role, RoleName, Scope, Subject, TransferId,
    WalletId,
};
use wallet::MANIFEST;
use wallet::decide::{
    ChangeStatus, Credit, Debit, ExpireHold, Movement, Note, OpenWallet, Reverse, StatusChange,
    Transfer, Wallet, WalletRefused,
};
use wallet::records::{Entry, Hold};

/// A bank with wallets `A` (alice, USD), `B` (bob, USD) and `J` (alice, JPY). `X` was never opened.
pub(crate) struct Bank {
    pub(crate) store: Arc<MemoryStore>,
    wallets: HashMap<&'static str, (WalletId, &'static str, Currency)>,
    last_event: RefCell<Option<Envelope>>,
}

impl Default for Bank {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            crate::books::balance(&self.store);
        }
    }
}

pub(crate) fn sub(name: &str) -> Subject {
    Subject::new(name).unwrap()
}

pub(crate) fn customer(name: &str) -> Caller {
    Caller { sub: sub(name), role: Role::Customer }
}

pub(crate) fn operator() -> Caller {
    Caller { sub: sub("olga"), role: Role::Operator }
}

pub(crate) fn service() -> Caller {
    Caller {
        sub: sub("shop"),
        role: Role::Service { scopes: Arc::from([Scope::Payments.text().into()]) },
    }
}

/// A key of a caller's for an operation, with a body of that one byte.
pub(crate) fn key(caller: &Caller, operation: &str, key: &str, body: u8) -> RequestKey {
    RequestKey::new(&caller.sub, &[operation], key, Hash32([body; 32]))
}

/// An outcome in short words.
pub(crate) fn short(outcome: &Result<Entry, WalletRefused>) -> String {
    match outcome {
        Ok(entry) => format!("{} {}", entry.kind.text(), entry.balance_after),
        Err(refused) => format!("refused: {}", refused.slug()),
    }
}

impl Bank {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let mut bank = Self { store, wallets: HashMap::new(), last_event: RefCell::new(None) };
        bank.wallets.insert("X", (WalletId::from_uuid(999), "nobody", Currency::USD));
        for (name, owner, currency) in
            [("A", "alice", "USD"), ("B", "bob", "USD"), ("J", "alice", "JPY")]
        {
            let currency = currency.parse().unwrap();
            let opened = bank.run(OpenWallet { owner: sub(owner), currency, key: None }).unwrap();
            bank.wallets.insert(name, (opened.account_id.wallet().unwrap(), owner, currency));
        }
        bank
    }

    #[allow(clippy::needless_pass_by_value, reason = "a decision is made for this one run")]
    pub(crate) fn run<D: Decision>(&self, decision: D) -> D::Outcome {
        let context = Context::request(CorrelationId(self.store.draw()), None);
        *self.store.run(&decision, context).unwrap().downcast().unwrap()
    }

    pub(crate) fn id(&self, name: &str) -> WalletId {
        self.wallets[name].0
    }

    pub(crate) fn owner(&self, name: &str) -> Caller {
        customer(self.wallets[name].1)
    }

    /// So many minor units in the wallet's currency.
    pub(crate) fn money(&self, name: &str, minor: u64) -> Amount {
        Amount::from_minor(minor, self.wallets[name].2).unwrap()
    }

    pub(crate) fn entries(&self, name: &str) -> Vec<Arc<Entry>> {
        let chain = ChainId::from(self.id(name));
        let entries = self.store.records::<Entry>();
        entries.into_iter().filter(|entry| entry.account_id == chain).collect()
    }

    pub(crate) fn head(&self, name: &str) -> Arc<Entry> {
        self.entries(name).pop().unwrap()
    }

    pub(crate) fn last_transfer(&self, name: &str) -> TransferId {
        let entries = self.entries(name);
        entries.iter().rev().find_map(|entry| entry.transfer_id()).unwrap()
    }

    /// What a wallet is, in short words.
    pub(crate) fn state(&self, name: &str) -> String {
        let wallet = Wallet::after(&self.head(name)).unwrap();
        let (balance, held) = (wallet.balance.minor(), wallet.held.minor());
        format!("{} {balance} held {held}", wallet.status.text())
    }

    pub(crate) fn movement(&self, name: &str, minor: u64) -> Movement {
        Movement {
            caller: self.owner(name),
            wallet_id: self.id(name),
            amount: self.money(name, minor),
            note: Note {
                description: Some(Description::new("a movement").unwrap()),
                reference: Some(Reference::new("r-1").unwrap()),
            },
            key: None,
        }
    }

    pub(crate) fn credit(&self, name: &str, minor: u64) -> String {
        short(&self.run(Credit(self.movement(name, minor))))
    }

    pub(crate) fn debit(&self, name: &str, minor: u64) -> String {
        short(&self.run(Debit(self.movement(name, minor))))
    }

    pub(crate) fn transfer(&self, from: &str, to: &str, minor: u64) -> String {
        let (movement, to_wallet_id) = (self.movement(from, minor), self.id(to));
        short(&self.run(Transfer { movement, to_wallet_id }))
    }

    pub(crate) fn change(&self, name: &str, change: StatusChange) -> String {
        let wallet_id = self.id(name);
        short(&self.run(ChangeStatus {
            caller: operator(),
            wallet_id,
            change,
            reason: None,
            key: None,
        }))
    }

    pub(crate) fn freeze(&self, name: &str) -> String {
        self.change(name, StatusChange::Freeze)
    }

    pub(crate) fn close(&self, name: &str) -> String {
        self.change(name, StatusChange::Close)
    }

    pub(crate) fn reverse(&self, name: &str, transaction_id: TransferId) -> String {
        let reason = Reason::new("a mistake").unwrap();
        let wallet_id = self.id(name);
        let caller = operator();
        short(&self.run(Reverse { caller, wallet_id, transaction_id, reason, key: None }))
    }

    /// Asks as the wallet's owner that it pay, and says what was said of it.
    pub(crate) fn pay(&self, name: &str, minor: u64, capture: Capture) -> (PaymentId, String) {
        let request = self.payment(name, minor, capture);
        (request.transaction_id, self.hear(request))
    }

    pub(crate) fn payment(&self, name: &str, minor: u64, capture: Capture) -> PaymentRequested {
        PaymentRequested {
            transaction_id: PaymentId::from_uuid(self.store.draw()),
            wallet_id: self.id(name),
            merchant_id: MerchantId::new("coffee").unwrap(),
            amount: self.money(name, minor),
            capture,
            requested_by: self.owner(name).sub,
            requested_as: RoleName::Customer,
            hold_seconds: None,
            description: Some(Description::new("a payment").unwrap()),
            reference: None,
        }
    }

    pub(crate) fn capture(&self, name: &str, payment: PaymentId, minor: u64) -> String {
        self.hear(PaymentCaptureRequested {
            transaction_id: payment,
            wallet_id: self.id(name),
            hold_id: Hold::id_of(payment),
            amount: self.money(name, minor),
        })
    }

    pub(crate) fn void(&self, name: &str, payment: PaymentId) -> String {
        let (wallet_id, hold_id) = (self.id(name), Hold::id_of(payment));
        self.hear(PaymentVoidRequested { transaction_id: payment, wallet_id, hold_id })
    }

    pub(crate) fn refund(&self, name: &str, payment: PaymentId, minor: u64) -> String {
        self.hear(PaymentRefundRequested {
            transaction_id: payment,
            refund_id: RefundId::from_uuid(self.store.draw()),
            wallet_id: self.id(name),
            merchant_id: MerchantId::new("coffee").unwrap(),
            amount: self.money(name, minor),
        })
    }

    pub(crate) fn loan(&self, name: &str, minor: u64) -> LoanApproved {
        LoanApproved {
            loan_id: LoanId::from_uuid(self.store.draw()),
            wallet_id: self.id(name),
            amount: self.money(name, minor),
            attempt: 1,
            applied_by: self.owner(name).sub,
            applied_as: RoleName::Customer,
            approved_by: operator().sub,
        }
    }

    pub(crate) fn expire(&self, hold_id: HoldId) -> bool {
        self.run(ExpireHold { hold_id })
    }

    pub(crate) fn pass_days(&self, days: u64) {
        self.store.pass(Duration::from_secs(days * 24 * 60 * 60));
    }

    /// Says an event as its service would, delivers it, and says in short words what was said then.
    pub(crate) fn hear(&self, data: impl Into<EventData>) -> String {
        let event = Envelope {
            id: EventId::from_uuid(self.store.draw()),
            sequence: 1,
            time: Clock::now(&*self.store),
            correlation: CorrelationId(self.store.draw()),
            causation: None,
            trace: None,
            data: data.into(),
        };
        self.deliver(&event)
    }

    pub(crate) fn last_event(&self) -> Envelope {
        self.last_event.borrow().clone().unwrap()
    }

    /// Delivers the last event once more.
    pub(crate) fn hear_again(&self) -> String {
        self.deliver(&self.last_event())
    }

    pub(crate) fn deliver(&self, event: &Envelope) -> String {
        let before = self.store.said().len();
        let subscription = MANIFEST
            .subscriptions
            .iter()
            .find(|subscription| subscription.hears.contains(&event.kind()))
            .unwrap();
        self.store.deliver(subscription, event).unwrap();
        *self.last_event.borrow_mut() = Some(event.clone());
        let said = self.store.said();
        for answer in &said[before..] {
            assert_eq!(answer.causation, Some(event.id), "an answer names what it answers");
            assert_eq!(answer.correlation, event.correlation, "an answer belongs to the saga");
        }
        words(&said[before..])
    }
}

/// Events in short words.
pub(crate) fn words(events: &[Envelope]) -> String {
    let words = events.iter().map(|event| {
        let name = event.kind().name();
        let rest = match &event.data {
            EventData::PaymentSuccessful(data) => {
                format!("{} of {}", data.amount.minor(), data.wallet_owner)
            }
            EventData::PaymentFailed(data) => told(&data.reason, data.wallet_owner.as_ref()),
            EventData::PaymentAuthorized(data) => {
                format!("{} of {}", data.amount.minor(), data.wallet_owner)
            }
            EventData::PaymentCaptured(data) => data.amount.minor().to_string(),
            EventData::PaymentCaptureFailed(data) => data.reason.to_string(),
            EventData::PaymentVoided(data) => data.reason.text().to_owned(),
            EventData::PaymentRefunded(data) => data.amount.minor().to_string(),
            EventData::PaymentRefundFailed(data) => data.reason.to_string(),
            EventData::LoanFunded(data) => {
                format!("{} of {}", data.amount.minor(), data.wallet_owner)
            }
            EventData::LoanFundingFailed(data) => told(&data.reason, data.wallet_owner.as_ref()),
            EventData::PaymentRequested(_)
            | EventData::PaymentCaptureRequested(_)
            | EventData::PaymentVoidRequested(_)
            | EventData::PaymentRefundRequested(_)
            | EventData::LoanApproved(_)
            | EventData::LoanRejected(_) => "is not said here".to_owned(),
        };
        format!("{name} {rest}")
    });
    words.collect::<Vec<_>>().join(", ")
}

fn told(reason: &Reason, owner: Option<&Subject>) -> String {
    match owner {
        Some(owner) => format!("{reason} of {owner}"),
        None => reason.to_string(),
    }
}

/// A house account's balance, from the entries that name it.
pub(crate) fn house(bank: &Bank, account: &Account) -> i128 {
    crate::books::house_accounts(&bank.store).get(account).copied().unwrap_or_default()
}
