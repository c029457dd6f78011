//! Payments as the fold sees them after their states were merged: as wide and as much indexed as
//! those of the services, which are not known here.

use std::sync::Arc;
use std::time::Duration;

use kernel::operators::DeliveryState;
use kernel::record::{Account, Hash32, Shard};
use kernel::text::Words;
use kernel::{
    AnyId, AnyRecord, ChainId, CorrelationId, Currency, EventId, EventKind, HoldId, Id, PaymentId,
    Rules, Said, Subject, Time, WalletId,
};

use crate::rows::{Batch, DeliveryRow, EventRow, RecordRow};

kernel::record! {
    /// As wide and as much indexed as a payment.
    pub struct Paid in "paid" of "test" version 1 {
        payment_id: PaymentId,
        wallet_id: WalletId,
        merchant_id: Words<64>,
        amount_minor: u64,
        currency: Currency,
        capture: Words<16>,
        status: Words<16>,
        reason: Option<Words<64>>,
        description: Option<Words<64>>,
        reference: Option<Words<64>>,
        created_by: Subject,
        requested_as: Words<16>,
        owner: Option<Subject>,
        created_at: Time,
        updated_at: Time,
        captured_minor: u64,
        refunded_minor: u64,
        refunding_minor: u64,
        hold_id: Option<HoldId>,
        expires_at: Option<Time>,
        held: Option<Shard>,
        asked: Option<Words<16>>,
        asked_minor: Option<u64>,
        asked_event: Option<EventId>,
        recent_keys: String,
        body_hash: Option<Hash32>,
        waiting_since: Option<Time>,
        speaks_at: Option<Time>,
        open: Option<Shard>,
    }
    key (payment_id: PaymentId)
    index "by_wallet" (wallet_id, created_at) every
    index "open" (open, speaks_at) every
    index "held" (held, created_at) every
    index "by_status" (status, created_at) embedded
    index "by_merchant" (merchant_id, created_at) embedded
    index "by_reference" (reference, created_at) embedded
}

impl Rules for Paid {}

kernel::record! {
    /// As wide as an entry of a wallet.
    pub struct Booked in "booked" of "test" version 1 {
        account_id: ChainId,
        sequence: u64,
        kind: Words<16>,
        status: Words<16>,
        currency: Currency,
        direction: Option<Words<16>>,
        amount: Option<u64>,
        counterparty: Option<Account>,
        hold_amount: Option<u64>,
        balance_after: i64,
        held_after: u64,
        cause: AnyId,
        related_id: Option<AnyId>,
        reason: Option<Words<64>>,
        description: Option<Words<64>>,
        reference: Option<Words<64>>,
        owner: Option<Subject>,
        expires_at: Option<Time>,
        effective_at: Time,
        booked_at: Time,
        hash: Hash32,
    }
    key (account_id: ChainId, sequence)
    chain (cause, booked_at)
    index "by_owner" (owner, booked_at) every
}

impl Rules for Booked {}

fn words<const MAX: usize>(text: &str) -> Words<MAX> {
    Words::new(text).unwrap()
}

/// As a UUID of version 7 grows: time in front, then what is random.
pub(super) fn uuid(number: u64, salt: u64) -> u128 {
    let random = (number ^ (salt << 56)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (u128::from(number) << 80) | (7 << 76) | (2 << 62) | u128::from(random >> 2)
}

pub(super) struct World {
    pub(super) wallets: Vec<u64>,
    pub(super) sagas: u64,
    pub(super) position: u64,
}

impl World {
    fn said(&self, saga: u64, step: u64, kind: EventKind) -> Said {
        Said {
            id: EventId::from_uuid(uuid(saga * 2 + step, 2)),
            kind,
            at: Time::from_micros(1_767_225_600_000_000).plus(Duration::from_micros(saga)),
            sequence: 1,
            causation: (step == 1).then(|| EventId::from_uuid(uuid(saga * 2, 2))),
            correlation: CorrelationId(uuid(saga, 3)),
            trace: None,
            detail: None,
        }
    }

    /// A whole payment.
    pub(super) fn pay(&mut self, batch: &mut Batch) {
        let saga = self.sagas;
        self.sagas += 1;
        let wallet = uuid(saga, 5) % u128::try_from(self.wallets.len()).unwrap();
        let wallet_id = WalletId::from_uuid(uuid(u64::try_from(wallet).unwrap(), 4));
        let sequence = &mut self.wallets[usize::try_from(wallet).unwrap()];
        *sequence += 1;
        let sequence = *sequence;
        let requested = self.said(saga, 0, EventKind::PaymentRequested);
        let successful = self.said(saga, 1, EventKind::PaymentSuccessful);
        let (cause, at) = (requested.id.any(), requested.at);
        let paid = paid(PaymentId::from_uuid(uuid(saga, 1)), wallet_id, at);
        let booked = booked((wallet_id.into(), sequence), (cause, at), &paid);
        let subject = paid.payment_id.any();
        self.say(batch, requested, &paid, subject);
        self.say(batch, successful.clone(), &booked, subject);
        let (record, said) = (Arc::new(paid), Arc::from([]));
        batch.records.push(RecordRow { record, version: 2, said, said_position: None });
        let (record, said, position) = (Arc::new(booked), Arc::from([successful]), self.position);
        batch.records.push(RecordRow { record, version: 1, said, said_position: Some(position) });
    }

    fn say(&mut self, batch: &mut Batch, said: Said, by: &dyn AnyRecord, subject: AnyId) {
        self.position += 1;
        let (position, at) = (self.position, said.at);
        batch.events.push(EventRow { position, said, kind: by.kind(), key: by.key(), subject });
        batch.deliveries.push(DeliveryRow {
            position,
            subscription: 1,
            state: DeliveryState::Delivered,
            attempts: 1,
            at,
            took_us: 900,
            next_at: None,
            reason: None,
        });
    }
}

fn paid(payment_id: PaymentId, wallet_id: WalletId, at: Time) -> Paid {
    let merchant = payment_id.uuid() % 100;
    Paid {
        payment_id,
        wallet_id,
        merchant_id: words(&format!("merchant-{merchant}")),
        amount_minor: 2550,
        currency: Currency::USD,
        capture: words("automatic"),
        status: words("SUCCESSFUL"),
        reason: None,
        description: None,
        reference: None,
        created_by: Subject::new("local").unwrap(),
        requested_as: words("operator"),
        owner: Subject::new("local").ok(),
        created_at: at,
        updated_at: at,
        captured_minor: 2550,
        refunded_minor: 0,
        refunding_minor: 0,
        hold_id: None,
        expires_at: None,
        held: None,
        asked: None,
        asked_minor: None,
        asked_event: None,
        recent_keys: String::new(),
        body_hash: None,
        waiting_since: None,
        speaks_at: None,
        open: None,
    }
}

fn booked(
    (account_id, sequence): (ChainId, u64),
    (cause, at): (AnyId, Time),
    paid: &Paid,
) -> Booked {
    Booked {
        account_id,
        sequence,
        kind: words("PAYMENT_OUT"),
        status: words("ACTIVE"),
        currency: Currency::USD,
        direction: Some(words("debit")),
        amount: Some(paid.amount_minor),
        counterparty: Some(Account::Merchant(paid.merchant_id.clone())),
        hold_amount: None,
        balance_after: 1_000_000,
        held_after: 0,
        cause,
        related_id: Some(paid.payment_id.any()),
        reason: None,
        description: None,
        reference: None,
        owner: None,
        expires_at: None,
        effective_at: at,
        booked_at: at,
        hash: Hash32([7; 32]),
    }
}
