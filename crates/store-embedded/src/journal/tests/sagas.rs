//! Batches as payments make them.

use std::sync::Arc;

use kernel::record::{Account, ChainId, Hash32, Shard};
use kernel::text::{Description, MerchantId};
use kernel::{
    AnyRecord, Context, CorrelationId, Currency, EventId, EventKind, Id, PaymentId, Said, Subject,
    Time, WalletId,
};

use super::sample::{Entry, Payment};
use crate::rows::{Batch, EventRow, RecordRow};

pub(super) fn a_payment(uuid: u128) -> Payment {
    Payment {
        payment_id: PaymentId::from_uuid(uuid),
        wallet_id: WalletId::from_uuid(0x0197_b7a4_7000_7000_8000_0000_0000_0001),
        merchant_id: MerchantId::new("coffee-to-go-17").unwrap(),
        amount_minor: 2550,
        currency: "USD".parse::<Currency>().unwrap(),
        capture: "automatic".into(),
        status: "PENDING".into(),
        reason: None,
        description: Some(Description::new("two cups and a roll").unwrap()),
        reference: None,
        created_by: Subject::new("0d6f7b0e-3a0a-4c5e-9d8e-2f1a5b6c7d8e").unwrap(),
        requested_as: "customer".into(),
        owner: None,
        created_at: Time::from_micros(1_800_000_000_123_456),
        updated_at: Time::from_micros(1_800_000_000_123_456),
        captured_minor: 0,
        refunded_minor: 0,
        refunding_minor: 0,
        hold_id: None,
        expires_at: None,
        held: None,
        asked: None,
        asked_minor: None,
        recent_keys: None,
        body_hash: Some(Hash32([7; 32])),
        waiting_since: Some(Time::from_micros(1_800_000_000_123_456)),
        speaks_at: Some(Time::from_micros(1_800_000_060_123_456)),
        open: Some(Shard::of(PaymentId::from_uuid(uuid))),
    }
}

pub(super) fn an_entry(sequence: u64) -> Entry {
    let wallet_id = WalletId::from_uuid(0x0197_b7a4_7000_7000_8000_0000_0000_0001);
    Entry {
        account_id: ChainId::from(wallet_id),
        sequence,
        kind: "PAYMENT_OUT".into(),
        status: "ACTIVE".into(),
        currency: "USD".parse::<Currency>().unwrap(),
        direction: Some("debit".into()),
        amount: Some(2550),
        counterparty: Some(Account::Merchant(MerchantId::new("coffee-to-go-17").unwrap())),
        hold_amount: None,
        balance_after: 1_234_567,
        held_after: 0,
        cause: EventId::from_uuid(1).any(),
        related_id: None,
        reason: None,
        description: None,
        correlation: None,
        owner: None,
        expires_at: None,
        effective_at: Time::from_micros(1_800_000_000_124_000),
        booked_at: Time::from_micros(1_800_000_000_124_000),
        reverses: None,
        body_hash: None,
        reversed_by: None,
        hash: Hash32([9; 32]),
    }
}

/// A UUID of version 7, as one is drawn.
fn drawn(place: u128) -> u128 {
    let random = kernel::id::named_uuid(&[&place.to_string()]);
    (0x0197_b7a4_7c00_u128 << 80) | 7 << 76 | (random & ((1 << 76) - 1))
}

/// The three batches of a payment saga: asked for, paid, done. Each step in a batch of its own.
pub(super) fn saga(place: u128) -> [Batch; 3] {
    let payment_id = PaymentId::from_uuid(drawn(place));
    let wallet_id = WalletId::from_uuid(drawn(place + (1 << 60)));
    let (asked, paid) = (drawn(place + (1 << 61)), drawn(place + (1 << 62)));
    let context = Context::request(CorrelationId(drawn(place + (1 << 63))), None);
    let said = |kind, id, sequence, causation: Option<u128>| Said {
        id: EventId::from_uuid(id),
        kind,
        at: Time::from_micros(1_800_000_000_123_456),
        sequence,
        causation: causation.map(EventId::from_uuid),
        correlation: context.correlation,
        trace: None,
        detail: None,
    };
    let says = |record: Arc<dyn AnyRecord>, said: Said, position| {
        let (kind, key) = (record.kind(), record.key());
        let subject = payment_id.any();
        let event = EventRow { position, said: said.clone(), kind, key, subject };
        let (said, said_position) = (Arc::from([said]), Some(position));
        (RecordRow { record, version: 1, said, said_position }, event)
    };
    let number = u64::try_from(place).unwrap() * 3 + 1;
    let pending = Payment { payment_id, wallet_id, ..a_payment(0) };
    let (first, first_said) = says(
        Arc::new(pending.clone()),
        said(EventKind::PaymentRequested, asked, 1, None),
        number * 16,
    );
    let entry = Entry {
        account_id: wallet_id.into(),
        cause: EventId::from_uuid(asked).any(),
        related_id: Some(payment_id.any()),
        ..an_entry(99)
    };
    let (second, second_said) = says(
        Arc::new(entry),
        said(EventKind::PaymentSuccessful, paid, 1, Some(asked)),
        number * 16 + 16,
    );
    let done = Payment {
        status: "SUCCESSFUL".into(),
        owner: Some(pending.created_by.clone()),
        waiting_since: None,
        speaks_at: None,
        open: None,
        captured_minor: 2550,
        ..pending
    };
    let third =
        RecordRow { record: Arc::new(done), version: 2, said: Arc::from([]), said_position: None };
    let step = |number, record: RecordRow, events: Vec<EventRow>| Batch {
        number,
        records: vec![record],
        events,
        ..Batch::default()
    };
    [
        step(number, first, vec![first_said]),
        step(number + 1, second, vec![second_said]),
        step(number + 2, third, vec![]),
    ]
}

/// A hundred sagas under way, a third of the steps of each in one batch after another.
pub(super) fn busy(sagas: u128) -> [Batch; 3] {
    let mut batches = [Batch::default(), Batch::default(), Batch::default()];
    for place in 0..sagas {
        for (batch, step) in batches.iter_mut().zip(saga(place)) {
            batch.records.extend(step.records);
            batch.events.extend(step.events);
        }
    }
    for (batch, number) in batches.iter_mut().zip(1..) {
        batch.number = number;
    }
    batches
}
