//! A wallet service as small as it can be: one wallet, its holds, and for each question the first
//! answer, given again whenever the question comes again. What it says is what a correct wallet says;
//! that it is one is checked by its own sum. How messages travel is not here.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::event::{
    Capture, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptureRequested, PaymentCaptured,
    PaymentFailed, PaymentRefundFailed, PaymentRefundRequested, PaymentRefunded, PaymentRequested,
    PaymentSuccessful, PaymentVoidRequested, PaymentVoided, VoidReason,
};
use kernel::{Envelope, EventData, EventId, HoldId, Id, PaymentId, Subject, Time, WalletId};

use super::world::reason;

pub(crate) const HOLD_LIFE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Active,
    Frozen,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldState {
    Pending,
    Captured(u64),
    Voided(VoidReason),
}

#[derive(Debug)]
struct Hold {
    hold_id: HoldId,
    held: u64,
    expires_at: Time,
    state: HoldState,
}

/// What became of a payment, as the ledger has it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) refused: bool,
    pub(crate) hold: Option<HoldState>,
    pub(crate) taken: u64,
    pub(crate) back: u64,
}

pub(crate) struct Wallet {
    pub(crate) mood: Mood,
    pub(crate) balance: u64,
    pub(crate) held: u64,
    pub(crate) merchants: u64,
    pub(crate) booked: BTreeMap<PaymentId, Booked>,
    holds: BTreeMap<PaymentId, Hold>,
    /// What was answered to which question.
    answers: BTreeMap<EventId, Envelope>,
    next_id: u128,
}

impl Wallet {
    pub(crate) fn with(balance: u64) -> Self {
        Self {
            mood: Mood::Active,
            balance,
            held: 0,
            merchants: 0,
            booked: BTreeMap::new(),
            holds: BTreeMap::new(),
            answers: BTreeMap::new(),
            next_id: 1 << 64,
        }
    }

    /// The answer to a question, the same each time that it comes.
    #[allow(clippy::wildcard_enum_match_arm, reason = "whatever else it hears is a mistake")]
    pub(crate) fn hear(&mut self, question: &Envelope, now: Time) -> Envelope {
        if let Some(first) = self.answers.get(&question.id) {
            return first.clone();
        }
        let data = match &question.data {
            EventData::PaymentRequested(asked) => self.pay(asked, now),
            EventData::PaymentCaptureRequested(asked) => self.capture(asked, now),
            EventData::PaymentVoidRequested(asked) => self.void(asked),
            EventData::PaymentRefundRequested(asked) => self.refund(asked),
            other => panic!("the wallet does not hear {other:?}"),
        };
        let answer = self.say(data, now, Some(question.id));
        self.answers.insert(question.id, answer.clone());
        answer
    }

    pub(crate) fn has_answered(&self, question: EventId) -> bool {
        self.answers.contains_key(&question)
    }

    /// What the clock does: holds whose time is up are released.
    pub(crate) fn expire(&mut self, now: Time) -> Vec<Envelope> {
        let due: Vec<PaymentId> = self
            .holds
            .iter()
            .filter(|(_, hold)| hold.state == HoldState::Pending && hold.expires_at <= now)
            .map(|(payment_id, _)| *payment_id)
            .collect();
        due.into_iter()
            .map(|payment_id| {
                let data = self.release(payment_id, VoidReason::Expired);
                self.say(data, now, None)
            })
            .collect()
    }

    fn say(&mut self, data: EventData, now: Time, answers: Option<EventId>) -> Envelope {
        self.next_id += 1;
        Envelope {
            id: EventId::from_uuid(self.next_id),
            sequence: 1,
            time: now,
            correlation: kernel::CorrelationId(1),
            causation: answers,
            trace: None,
            data,
        }
    }

    fn available(&self) -> u64 {
        self.balance - self.held
    }

    fn pay(&mut self, asked: &PaymentRequested, now: Time) -> EventData {
        let (transaction_id, wallet_id) = (asked.transaction_id, asked.wallet_id);
        let minor = asked.amount.minor();
        let refusal = match self.mood {
            Mood::Frozen => Some("wallet-frozen"),
            Mood::Closed => Some("wallet-closed"),
            Mood::Active => (minor > self.available()).then_some("insufficient-funds"),
        };
        if let Some(refusal) = refusal {
            let refused = Booked { refused: true, ..Booked::default() };
            self.booked.insert(transaction_id, refused);
            let wallet_owner = Some(owner());
            let reason = reason(refusal);
            return PaymentFailed { transaction_id, wallet_id, wallet_owner, reason }.into();
        }
        let (wallet_owner, amount) = (owner(), asked.amount);
        if asked.capture == Capture::Automatic {
            self.balance -= minor;
            self.merchants += minor;
            self.booked.insert(transaction_id, Booked { taken: minor, ..Booked::default() });
            return PaymentSuccessful { transaction_id, wallet_id, wallet_owner, amount }.into();
        }
        self.held += minor;
        self.next_id += 1;
        let hold_id = HoldId::from_uuid(self.next_id);
        let expires_at = now.plus(HOLD_LIFE);
        let hold = Hold { hold_id, held: minor, expires_at, state: HoldState::Pending };
        self.holds.insert(transaction_id, hold);
        let booked = Booked { hold: Some(HoldState::Pending), ..Booked::default() };
        self.booked.insert(transaction_id, booked);
        PaymentAuthorized { transaction_id, wallet_id, wallet_owner, hold_id, amount, expires_at }
            .into()
    }

    fn capture(&mut self, asked: &PaymentCaptureRequested, now: Time) -> EventData {
        let (transaction_id, wallet_id) = (asked.transaction_id, asked.wallet_id);
        let hold = self.holds.get_mut(&transaction_id).expect("it captures what is held");
        assert_eq!(asked.hold_id, hold.hold_id);
        let refusal = match hold.state {
            HoldState::Captured(_) => Some("hold-captured"),
            HoldState::Voided(_) => Some("hold-voided"),
            HoldState::Pending if hold.expires_at <= now => Some("hold-expired"),
            HoldState::Pending if self.mood == Mood::Frozen => Some("wallet-frozen"),
            HoldState::Pending => None,
        };
        if let Some(refusal) = refusal {
            let reason = reason(refusal);
            return PaymentCaptureFailed { transaction_id, wallet_id, reason }.into();
        }
        let minor = asked.amount.minor();
        assert!(minor <= hold.held, "it captures more than is held");
        hold.state = HoldState::Captured(minor);
        self.held -= hold.held;
        self.balance -= minor;
        self.merchants += minor;
        let booked = self.booked.get_mut(&transaction_id).expect("it was held");
        (booked.hold, booked.taken) = (Some(hold.state), minor);
        let (hold_id, amount) = (hold.hold_id, asked.amount);
        PaymentCaptured { transaction_id, wallet_id, hold_id, amount }.into()
    }

    fn void(&mut self, asked: &PaymentVoidRequested) -> EventData {
        match self.holds[&asked.transaction_id].state {
            HoldState::Pending => self.release(asked.transaction_id, VoidReason::Requested),
            // What ended the hold is the answer.
            HoldState::Voided(_) => self.voided(asked.transaction_id),
            HoldState::Captured(_) => panic!("a captured payment was to be voided"),
        }
    }

    fn release(&mut self, payment_id: PaymentId, why: VoidReason) -> EventData {
        let hold = self.holds.get_mut(&payment_id).expect("it releases what is held");
        hold.state = HoldState::Voided(why);
        self.held -= hold.held;
        self.booked.get_mut(&payment_id).expect("it was held").hold = Some(hold.state);
        self.voided(payment_id)
    }

    fn voided(&self, transaction_id: PaymentId) -> EventData {
        let hold = &self.holds[&transaction_id];
        let HoldState::Voided(reason) = hold.state else { panic!("{hold:?} is not voided") };
        let hold_id = hold.hold_id;
        PaymentVoided { transaction_id, wallet_id: the_wallet(), hold_id, reason }.into()
    }

    fn refund(&mut self, asked: &PaymentRefundRequested) -> EventData {
        let (transaction_id, refund_id) = (asked.transaction_id, asked.refund_id);
        let (wallet_id, amount) = (asked.wallet_id, asked.amount);
        if self.mood == Mood::Closed {
            let reason = reason("wallet-closed");
            return PaymentRefundFailed { transaction_id, refund_id, wallet_id, reason }.into();
        }
        let booked = self.booked.get_mut(&transaction_id).expect("it refunds what was taken");
        booked.back += amount.minor();
        assert!(booked.back <= booked.taken, "more goes back than was taken");
        self.balance += amount.minor();
        self.merchants -= amount.minor();
        PaymentRefunded { transaction_id, refund_id, wallet_id, amount }.into()
    }
}

pub(crate) fn the_wallet() -> WalletId {
    WalletId::from_uuid(5)
}

fn owner() -> Subject {
    Subject::new("anna").unwrap()
}
