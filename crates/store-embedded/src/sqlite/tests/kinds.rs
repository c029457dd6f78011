//! The kinds of record that the tests keep: one with a column of every type, and a chain.

use std::sync::Arc;

use kernel::event::{EventData, PaymentFailed};
use kernel::record::{Account, Hash32, Shard};
use kernel::text::{Reason, Words};
use kernel::{
    AnyId, AnyRecord, ChainId, CorrelationId, Currency, EventId, EventKind, Id, PaymentId, Rules,
    Said, Subject, Time, TraceParent, WalletId,
};

use crate::rows::{EventRow, RecordRow};

kernel::record! {
    /// A column of every type, there and absent.
    pub struct Sample in "sample" of "test" version 1 {
        /// Its id.
        sample_id: PaymentId,
        /// Another's.
        wallet_id: WalletId,
        /// A partition that may be absent.
        open: Option<Shard>,
        /// A sort value that may be absent.
        due_at: Option<Time>,
        /// A sort value.
        created_at: Time,
        /// A whole number.
        signed: i64,
        /// None below zero.
        count: u64,
        /// A small one.
        small: u32,
        /// Text.
        text: String,
        /// Text that may be absent, with a name that is a word of SQL.
        order: Option<Words<64>>,
        /// A currency.
        currency: Currency,
        /// Somebody.
        sub: Option<Subject>,
        /// An account.
        account: Account,
        /// Any id.
        about: Option<AnyId>,
        /// Bytes.
        hash: Hash32,
        /// Bytes that may be absent.
        body_hash: Option<Hash32>,
    }
    key (sample_id: PaymentId)
    index "by_wallet" (wallet_id, created_at) every
    index "open" (open, due_at) every
    index "by_text" (text, count) embedded
}

impl Rules for Sample {
    fn check(&self) -> Result<(), String> {
        if self.small == 13 { Err("13 is no number of ours".to_owned()) } else { Ok(()) }
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        (said.kind == EventKind::PaymentFailed).then(|| {
            let (transaction_id, wallet_id) = (self.sample_id, self.wallet_id);
            let reason = Reason::new(said.detail.as_deref().unwrap_or("none")).unwrap();
            PaymentFailed { transaction_id, wallet_id, wallet_owner: None, reason }.into()
        })
    }
}

kernel::record! {
    /// A link of a chain.
    pub struct Link in "link" of "test" version 1 {
        /// The chain.
        account_id: ChainId,
        /// The place.
        sequence: u64,
        /// What made it.
        cause: AnyId,
        /// When.
        booked_at: Time,
        /// Whose.
        owner: Option<Subject>,
    }
    key (account_id: ChainId, sequence)
    chain (cause, booked_at)
    index "by_owner" (owner, booked_at) every
}

impl Rules for Link {}

pub(super) fn at(micros: i64) -> Time {
    Time::from_micros(micros)
}

pub(super) fn sample(id: u128) -> Sample {
    Sample {
        sample_id: PaymentId::from_uuid(id),
        wallet_id: WalletId::from_uuid(1),
        open: None,
        due_at: None,
        created_at: at(0),
        signed: i64::MIN,
        count: 0,
        small: u32::MAX,
        text: String::new(),
        order: None,
        currency: Currency::USD,
        sub: None,
        account: Account::World,
        about: None,
        hash: Hash32([7; 32]),
        body_hash: None,
    }
}

pub(crate) fn link(wallet: u128, sequence: u64) -> Link {
    Link {
        account_id: WalletId::from_uuid(wallet).into(),
        sequence,
        cause: EventId::from_uuid(u128::from(sequence)).any(),
        booked_at: at(i64::try_from(sequence).unwrap()),
        owner: None,
    }
}

/// A record that says nothing.
pub(crate) fn silent(record: impl AnyRecord, version: u64) -> RecordRow {
    RecordRow { record: Arc::new(record), version, said: Arc::from([]), said_position: None }
}

pub(super) fn said(id: u128) -> Said {
    Said {
        id: EventId::from_uuid(id),
        kind: EventKind::PaymentFailed,
        at: at(1_000_000),
        sequence: 1,
        causation: None,
        correlation: CorrelationId(id),
        trace: None,
        detail: None,
    }
}

pub(super) fn said_in_full(id: u128) -> Said {
    Said {
        causation: Some(EventId::from_uuid(3)),
        trace: Some(TraceParent { trace: 4, span: 5, flags: 1 }),
        detail: Some("it's said \"so\"".into()),
        sequence: 7,
        ..said(id)
    }
}

/// The record with what it says, and the rows of the log.
pub(super) fn speaking(
    record: impl AnyRecord,
    (version, position): (u64, u64),
    said: &[Said],
) -> (RecordRow, Vec<EventRow>) {
    let record = Arc::new(record);
    let subject = PaymentId::from_uuid(9).any();
    let event = |(said, position): (&Said, u64)| EventRow {
        position,
        said: said.clone(),
        kind: record.kind(),
        key: record.key(),
        subject: if record.kind().sort.is_none() { record.key().id } else { subject },
    };
    let events = said.iter().zip(position..).map(event).collect();
    let row = RecordRow { record, version, said: said.into(), said_position: Some(position) };
    (row, events)
}
