//! The kinds of record that the suites keep: one with indexes and events, one with every type of
//! column, one that is a chain.

use kernel::event::{EventData, PaymentFailed, PaymentVoidRequested, PaymentVoided, VoidReason};
use kernel::record::{Hash32, Rules, Shard};
use kernel::text::Reason;
use kernel::{
    Account, AnyId, ChainId, Currency, EventId, EventKind, HoldId, Id, Kind, PaymentId, Record,
    RefundId, Said, Time, WalletId, record,
};

record! {
    /// A card on a shelf.
    pub struct Card in "suite_card" of "suite" version 1 {
        /// Its id.
        card_id: PaymentId,
        /// The chain that hears of it.
        wallet_id: WalletId,
        /// What is written on it.
        title: String,
        /// What is counted on it.
        count: u64,
        /// The shelf it stands on, if any.
        shelf: Option<WalletId>,
        /// Its place there, if any.
        rank: Option<i64>,
        /// Its partition among what is open.
        open: Option<Shard>,
        /// When it is due.
        due_at: Option<Time>,
        /// The last event that closed it.
        closed_by: Option<EventId>,
        /// The hash of the request that made it.
        body_hash: Option<Hash32>,
    }
    key (card_id: PaymentId)
    index "by_shelf" (shelf, rank) every
    index "open" (open, due_at) every
}

record! {
    /// A slip with every type of column.
    pub struct Slip in "suite_slip" of "suite" version 1 {
        /// Its id.
        slip_id: RefundId,
        /// Any whole number.
        number: i64,
        /// Up to 2^63 - 1.
        natural: u64,
        /// Up to 2^32 - 1.
        small: u32,
        /// Any text.
        text: String,
        /// A moment.
        at: Time,
        /// An account.
        account: Account,
        /// A currency.
        currency: Currency,
        /// An id of whatever kind.
        any: AnyId,
        /// Bytes.
        hash: Hash32,
        /// A number that can be absent.
        maybe_number: Option<i64>,
        /// A text that can be absent.
        maybe_text: Option<String>,
        /// An id that can be absent.
        maybe_id: Option<WalletId>,
        /// Bytes that can be absent.
        maybe_hash: Option<Hash32>,
        /// A partition of the same name as a card's.
        open: Option<Shard>,
    }
    key (slip_id: RefundId)
    index "open" (open, number) every
}

record! {
    /// A mark: an entry of a chain.
    pub struct Mark in "suite_mark" of "suite" version 1 {
        /// The chain.
        account_id: ChainId,
        /// The place in it.
        sequence: u64,
        /// What caused it.
        cause: AnyId,
        /// When it was booked.
        booked_at: Time,
        /// By how much the total changed.
        change: i64,
        /// The total after it.
        total: i64,
        /// The card that it is about, if it is about one.
        card_id: Option<PaymentId>,
    }
    key (account_id: ChainId, sequence)
    chain (cause, booked_at)
    index "by_card" (card_id, booked_at) every
}

/// All of them.
pub const KINDS: [&Kind; 3] = [Card::KIND, Slip::KIND, Mark::KIND];

impl Card {
    /// The card of a name: on no shelf, nothing counted.
    pub fn of(name: &str) -> Self {
        Self {
            card_id: card(name),
            wallet_id: wallet(name),
            title: name.to_owned(),
            count: 0,
            shelf: None,
            rank: None,
            open: None,
            due_at: None,
            closed_by: None,
            body_hash: None,
        }
    }

    /// On a shelf.
    #[must_use]
    pub fn at(self, shelf: &str, rank: i64) -> Self {
        Self { shelf: Some(wallet(shelf)), rank: Some(rank), ..self }
    }

    /// With something counted on it.
    #[must_use]
    pub fn with_count(self, count: u64) -> Self {
        Self { count, ..self }
    }
}

/// The id of the card of a name.
pub fn card(name: &str) -> PaymentId {
    PaymentId::named(&["card", name])
}

/// The id of the wallet of a name.
pub fn wallet(name: &str) -> WalletId {
    WalletId::named(&["wallet", name])
}

/// The chain of a name.
pub fn chain(name: &str) -> ChainId {
    wallet(name).into()
}

/// The cause of a name.
pub fn cause(name: &str) -> AnyId {
    EventId::named(&["cause", name]).any()
}

impl Rules for Card {
    fn event_data(&self, said: &Said) -> Option<EventData> {
        let asked = PaymentVoidRequested {
            transaction_id: self.card_id,
            wallet_id: self.wallet_id,
            hold_id: HoldId::from_uuid(self.card_id.uuid()),
        };
        if said.kind == EventKind::PaymentVoidRequested {
            return Some(asked.into());
        }
        let failed = PaymentFailed {
            transaction_id: self.card_id,
            wallet_id: self.wallet_id,
            wallet_owner: None,
            reason: Reason::new(said.detail.as_deref()?).ok()?,
        };
        (said.kind == EventKind::PaymentFailed).then(|| failed.into())
    }
}

impl Rules for Slip {}

impl Rules for Mark {
    fn check(&self) -> Result<(), String> {
        if self.total < 0 { Err(format!("its total is {}", self.total)) } else { Ok(()) }
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        let voided = PaymentVoided {
            transaction_id: self.card_id?,
            wallet_id: self.account_id.wallet()?,
            hold_id: HoldId::from_uuid(self.card_id?.uuid()),
            reason: VoidReason::Requested,
        };
        (said.kind == EventKind::PaymentVoided).then(|| voided.into())
    }
}
