//! A small world: wallets, payments, holds, refunds, loans and an imported history, all made by the
//! services' own decisions over the reference store.

use std::sync::Arc;
use std::time::Duration;

use kernel::context::{Context, CorrelationId};
use kernel::event::Capture;
use kernel::manifest::{ServiceManifest, Subscription};
use kernel::memory::MemoryStore;
use kernel::text::{MerchantId, Reason, Reference};
use kernel::{
    Amount, Caller, ChainId, Clock, Currency, Decision, HoldId, Id, Key, LoanId, PaymentId, Record,
    RefundId, Role, Subject, Time, TransferId, WalletId,
};
use loan::decide::{Apply, Approve, Reject};
use loan::rate::RateTable;
use loan::terms::Terms;
use operations::verify::{Moment, Report, verify};
use payment::decide::{CapturePayment, RefundPayment, RequestPayment, VoidPayment};
use wallet::decide::{
    ChangeStatus, Credit, Debit, ExpireHold, ImportRow, Movement, Note, OpenWallet, Reverse,
    StatusChange, Transfer,
};
use wallet::records::{Direction, Entry, Hold};

pub(crate) const SERVICES: [&ServiceManifest; 3] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST];

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    heard: usize,
    pub(crate) alice: WalletId,
    pub(crate) bob: WalletId,
    pub(crate) credited: TransferId,
    pub(crate) transfer: TransferId,
    pub(crate) reversal: TransferId,
    pub(crate) paid: PaymentId,
    pub(crate) unpaid: PaymentId,
    pub(crate) captured: PaymentId,
    pub(crate) voided: PaymentId,
    pub(crate) held: PaymentId,
    pub(crate) expired: PaymentId,
    pub(crate) refund: RefundId,
    pub(crate) loan: LoanId,
    pub(crate) unfunded: LoanId,
    pub(crate) rejected: LoanId,
}

pub(crate) fn caller(sub: &str, role: Role) -> Caller {
    Caller { sub: Subject::new(sub).unwrap(), role }
}

pub(crate) fn customer(sub: &str) -> Caller {
    caller(sub, Role::Customer)
}

pub(crate) fn operator() -> Caller {
    caller("olga", Role::Operator)
}

fn usd(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::USD).unwrap()
}

impl World {
    /// What every test begins with. Nothing in it is wrong, and nothing waits.
    pub(crate) fn new() -> Self {
        let mut world = Self::empty();
        world.alice = world.open("alice", "USD");
        world.bob = world.open("bob", "USD");
        let kuwait = world.open("alice", "KWD");
        world.credit(world.alice, usd(100_000));
        world.credited = world.credit(world.bob, usd(50_000));
        world.credit(kuwait, Amount::from_minor(5_001, "KWD".parse().unwrap()).unwrap());
        world.direct_movements();
        world.paid = world.pay(2_550, Capture::Automatic);
        world.unpaid = world.pay(99_999_999, Capture::Automatic);
        world.settle();
        world.refund = world.refund(world.paid, 1_000);
        world.holds();
        world.loan = world.approved_loan(world.bob);
        world.unfunded = world.approved_loan(WalletId::named(&["nobody's"]));
        world.rejected = world.applied_loan(world.alice);
        world.settle();
        world.reject(world.rejected);
        world.import();
        world
    }

    fn empty() -> Self {
        Self {
            store: Arc::new(MemoryStore::new()),
            heard: 0,
            alice: WalletId::from_uuid(0),
            bob: WalletId::from_uuid(0),
            credited: TransferId::from_uuid(0),
            transfer: TransferId::from_uuid(0),
            reversal: TransferId::from_uuid(0),
            paid: PaymentId::from_uuid(0),
            unpaid: PaymentId::from_uuid(0),
            captured: PaymentId::from_uuid(0),
            voided: PaymentId::from_uuid(0),
            held: PaymentId::from_uuid(0),
            expired: PaymentId::from_uuid(0),
            refund: RefundId::from_uuid(0),
            loan: LoanId::from_uuid(0),
            unfunded: LoanId::from_uuid(0),
            rejected: LoanId::from_uuid(0),
        }
    }

    pub(crate) fn decide<D: Decision>(&self, decision: &D) -> D::Outcome {
        let context = Context::request(CorrelationId(7), None);
        *self.store.run(decision, context).unwrap().downcast().unwrap()
    }

    /// Delivers all that was said and not heard yet.
    pub(crate) fn settle(&mut self) {
        self.heard = self.deliver(self.heard);
    }

    /// Delivers what was said from there on; gives back how much was said in all.
    pub(crate) fn deliver(&self, from: usize) -> usize {
        let subscriptions: Vec<&Subscription> =
            SERVICES.iter().flat_map(|service| service.subscriptions).collect();
        self.store.settle(&subscriptions, from).unwrap()
    }

    /// What the check finds.
    pub(crate) fn verify(&self) -> Report {
        wait(verify(&*self.store, &mut |_| {})).unwrap()
    }

    /// All that is there has settled.
    pub(crate) fn moment(&self) -> Moment {
        self.store.pass(Duration::from_secs(61));
        Moment::before(Clock::now(&*self.store))
    }

    pub(crate) fn record<R: Record>(&self, is_it: impl Fn(&R) -> bool) -> R {
        let found: Vec<_> =
            self.store.records::<R>().into_iter().filter(|record| is_it(record)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        R::clone(&found[0])
    }

    pub(crate) fn entry(&self, wallet_id: WalletId, sequence: u64) -> Entry {
        let of = ChainId::from(wallet_id);
        self.record(|entry: &Entry| entry.account_id == of && entry.sequence == sequence)
    }

    pub(crate) fn open(&self, owner: &str, currency: &str) -> WalletId {
        let owner = Subject::new(owner).unwrap();
        let currency = currency.parse().unwrap();
        let opened = self.decide(&OpenWallet { owner, currency, key: None }).unwrap();
        opened.account_id.wallet().unwrap()
    }

    pub(crate) fn movement(&self, wallet_id: WalletId, amount: Amount) -> Movement {
        Movement { caller: operator(), wallet_id, amount, note: Note::default(), key: None }
    }

    pub(crate) fn credit(&self, wallet_id: WalletId, amount: Amount) -> TransferId {
        let credited = self.decide(&Credit(self.movement(wallet_id, amount))).unwrap();
        credited.transfer_id().unwrap()
    }

    fn direct_movements(&mut self) {
        self.decide(&Debit(self.movement(self.bob, usd(700)))).unwrap();
        self.transfer = self.transfer(self.alice, self.bob, 1_234);
        self.reversal = self.reverse(self.bob, self.transfer);
        for change in [StatusChange::Freeze, StatusChange::Unfreeze] {
            self.change_status(self.bob, change);
        }
    }

    pub(crate) fn reverse(&self, wallet_id: WalletId, transaction_id: TransferId) -> TransferId {
        let reason = Reason::new("sent to the wrong wallet").unwrap();
        let reverse = Reverse { caller: operator(), wallet_id, transaction_id, reason, key: None };
        self.decide(&reverse).unwrap().transfer_id().unwrap()
    }

    pub(crate) fn change_status(&self, wallet_id: WalletId, change: StatusChange) {
        let change =
            ChangeStatus { caller: operator(), wallet_id, change, reason: None, key: None };
        self.decide(&change).unwrap();
    }

    pub(crate) fn transfer(&self, from: WalletId, to: WalletId, minor: u64) -> TransferId {
        let movement = self.movement(from, usd(minor));
        let moved = self.decide(&Transfer { movement, to_wallet_id: to }).unwrap();
        moved.transfer_id().unwrap()
    }

    pub(crate) fn pay(&self, minor: u64, capture: Capture) -> PaymentId {
        let request = RequestPayment {
            wallet_id: self.alice,
            merchant_id: MerchantId::new("coffee").unwrap(),
            amount: usd(minor),
            capture,
            description: None,
            reference: None,
            hold_life: Duration::from_secs(3600),
            caller: customer("alice"),
            key: None,
        };
        self.decide(&request).unwrap().payment_id
    }

    pub(crate) fn refund(&self, payment_id: PaymentId, minor: u64) -> RefundId {
        let refund = RefundPayment {
            payment_id,
            amount: Some(usd(minor)),
            description: None,
            reference: None,
            caller: operator(),
            key: None,
        };
        self.decide(&refund).unwrap().refund_id
    }

    pub(crate) fn capture(&self, payment_id: PaymentId, minor: u64) {
        let (amount, caller) = (Some(usd(minor)), operator());
        self.decide(&CapturePayment { payment_id, amount, caller, key: None }).unwrap();
    }

    fn holds(&mut self) {
        [self.captured, self.voided, self.expired] =
            [3_000, 4_000, 5_000].map(|minor| self.pay(minor, Capture::Manual));
        self.settle();
        self.capture(self.captured, 2_000);
        self.decide(&VoidPayment { payment_id: self.voided, caller: operator(), key: None })
            .unwrap();
        self.settle();
        self.store.pass(Duration::from_secs(8 * 86_400));
        let hold_id = HoldId::from_uuid(self.expired.uuid());
        assert!(self.decide(&ExpireHold { hold_id }));
        self.held = self.pay(6_000, Capture::Manual);
        self.settle();
    }

    pub(crate) fn applied_loan(&self, wallet_id: WalletId) -> LoanId {
        let terms = Terms::of(&RateTable::default(), usd(20_000), 12).unwrap();
        let apply = Apply { key: None, caller: customer("bob"), wallet_id, terms };
        self.decide(&apply).unwrap().loan_id
    }

    pub(crate) fn reject(&self, loan_id: LoanId) {
        let reason = Reason::new("too much").ok();
        self.decide(&Reject { key: None, caller: operator(), loan_id, reason }).unwrap();
    }

    pub(crate) fn approved_loan(&self, wallet_id: WalletId) -> LoanId {
        let loan_id = self.applied_loan(wallet_id);
        self.decide(&Approve { key: None, caller: operator(), loan_id }).unwrap();
        loan_id
    }

    fn import(&self) {
        for (reference, direction, minor) in
            [("1", Direction::Credit, 1_000), ("2", Direction::Debit, 300)]
        {
            let row = ImportRow {
                source: "old bank".to_owned(),
                account: "17".to_owned(),
                reference: Reference::new(reference).unwrap(),
                owner: Subject::new("carol").unwrap(),
                direction,
                amount: usd(minor),
                effective_at: Time::from_micros(0),
                description: None,
            };
            let imported = self.decide(&row);
            assert!(matches!(imported, wallet::decide::Imported::Booked { .. }), "{imported:?}");
        }
    }

    /// Takes away the newest entry of a chain, as if it had never been made.
    pub(crate) fn remove_newest(&self, wallet_id: WalletId) -> Entry {
        let of = ChainId::from(wallet_id);
        let entries = self.store.records::<Entry>();
        let newest = entries.iter().rev().find(|entry| entry.account_id == of).unwrap();
        self.store.remove::<Entry>(Key::entry(of, newest.sequence));
        Entry::clone(newest)
    }

    pub(crate) fn hold_of(&self, payment_id: PaymentId) -> Hold {
        self.record(|hold: &Hold| hold.payment_id == payment_id)
    }
}

pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
