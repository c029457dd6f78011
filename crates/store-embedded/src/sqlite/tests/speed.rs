//! What a payment costs the database: `cargo test --release -p store-embedded speed -- --ignored
//! --nocapture`. Prints; it fails only if something does not work.

use std::sync::Arc;
use std::time::Instant;

use kernel::record::{Account, Hash32, Shard};
use kernel::store::{Order, Query};
use kernel::text::Words;
use kernel::{
    AnyId, ChainId, CorrelationId, Currency, EventId, EventKind, HoldId, Id, Key, PaymentId, Record,
    Rules, Said, Subject, Time, Value, WalletId,
};
use kernel::operators::DeliveryState;

use super::Database;
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, RecordRow};
use crate::sqlite::{Durability, Options};

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

/// Nanoseconds that this thread has run.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// As a UUID of version 7 grows: time in front, then what is random.
fn uuid(number: u64, salt: u64) -> u128 {
    let random = (number ^ (salt << 56)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (u128::from(number) << 80) | (7 << 76) | (2 << 62) | u128::from(random >> 2)
}

struct World {
    wallets: Vec<u64>,
    sagas: u64,
    position: u64,
}

impl World {
    fn said(&self, saga: u64, step: u64, kind: EventKind) -> Said {
        Said {
            id: EventId::from_uuid(uuid(saga * 2 + step, 2)),
            kind,
            at: Time::from_micros(1_767_225_600_000_000).plus(std::time::Duration::from_micros(saga)),
            sequence: 1,
            causation: (step == 1).then(|| EventId::from_uuid(uuid(saga * 2, 2))),
            correlation: CorrelationId(uuid(saga, 3)),
            trace: None,
            detail: None,
        }
    }

    /// A whole payment, as the fold sees it after its states were merged.
    fn pay(&mut self, batch: &mut Batch) {
        let saga = self.sagas;
        self.sagas += 1;
        let wallet = uuid(saga, 5) % u128::try_from(self.wallets.len()).unwrap();
        let wallet_id = WalletId::from_uuid(uuid(u64::try_from(wallet).unwrap(), 4));
        let sequence = &mut self.wallets[usize::try_from(wallet).unwrap()];
        *sequence += 1;
        let sequence = *sequence;
        let payment_id = PaymentId::from_uuid(uuid(saga, 1));
        let requested = self.said(saga, 0, EventKind::PaymentRequested);
        let successful = self.said(saga, 1, EventKind::PaymentSuccessful);
        let (at, amount, merchant) = (requested.at, 2550, format!("merchant-{}", saga % 100));
        let paid = Paid {
            payment_id, wallet_id, merchant_id: words(&merchant), amount_minor: amount,
            currency: Currency::USD, capture: words("automatic"), status: words("SUCCESSFUL"),
            reason: None, description: None, reference: None,
            created_by: Subject::new("local").unwrap(), requested_as: words("operator"),
            owner: Some(Subject::new("local").unwrap()), created_at: at, updated_at: at,
            captured_minor: amount, refunded_minor: 0, refunding_minor: 0, hold_id: None,
            expires_at: None, held: None, asked: None, asked_minor: None, asked_event: None,
            recent_keys: String::new(), body_hash: None, waiting_since: None, speaks_at: None,
            open: None,
        };
        let booked = Booked {
            account_id: wallet_id.into(), sequence, kind: words("PAYMENT_OUT"),
            status: words("ACTIVE"), currency: Currency::USD, direction: Some(words("debit")),
            amount: Some(amount), counterparty: Some(Account::Merchant(words(&merchant))),
            hold_amount: None, balance_after: 1_000_000, held_after: 0,
            cause: requested.id.any(), related_id: Some(payment_id.any()), reason: None,
            description: None, reference: None, owner: None, expires_at: None, effective_at: at,
            booked_at: at, hash: Hash32([7; 32]),
        };
        let keys = [Key::id(payment_id), Key::entry(wallet_id.into(), sequence)];
        for (said, kind, key) in
            [(&requested, Paid::KIND, keys[0]), (&successful, Booked::KIND, keys[1])]
        {
            self.position += 1;
            let (position, subject) = (self.position, payment_id.any());
            batch.events.push(EventRow { position, said: said.clone(), kind, key, subject });
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
        batch.records.push(RecordRow {
            record: Arc::new(paid),
            version: 2,
            said: Arc::from([]),
            said_position: None,
        });
        batch.records.push(RecordRow {
            record: Arc::new(booked),
            version: 1,
            said: Arc::from([successful]),
            said_position: Some(self.position),
        });
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
#[ignore = "it measures"]
fn speed_of_payments() {
    let (total, each) = (number("SAGAS", 200_000), number("EACH", 2_000));
    let wallets = usize::try_from(number("WALLETS", 10_000)).unwrap();
    let options = Options { durability: Durability::Later, ..Options::default() };
    let mut database = Database::of(&[Paid::KIND, Booked::KIND], options);
    let mut world = World { wallets: vec![0; wallets], sagas: 0, position: 0 };
    let (mut apply, mut checkpoint, mut wal_max, mut slowest_ms) = (0, 0, 0, 0);
    let start = Instant::now();
    while world.sagas < total {
        let mut batch = Batch::default();
        (0..each).for_each(|_| world.pay(&mut batch));
        batch.cursors.push(CursorRow { subscription: 1, position: world.position });
        let before = processor_ns();
        database.put(batch);
        let between = processor_ns();
        apply += between - before;
        wal_max = wal_max.max(database.writer.wal_bytes());
        if database.writer.wal_bytes() > 32 << 20 {
            let started = Instant::now();
            database.writer.checkpoint().unwrap();
            slowest_ms = slowest_ms.max(started.elapsed().as_millis());
        }
        checkpoint += processor_ns() - between;
    }
    let elapsed = start.elapsed();
    database.writer.checkpoint().unwrap();
    let bytes = std::fs::metadata(database.path()).unwrap().len();
    println!(
        "{total} payments, {each} a transaction, {wallets} wallets, {elapsed:.1?}: \
         {} ns of processor to apply one, {} ns to checkpoint, {} bytes kept; \
         log at most {} MiB, longest checkpoint {slowest_ms} ms",
        apply / total, checkpoint / total, bytes / total, wal_max >> 20,
    );
    sizes(&database);
    reads(&database, &world);
}

fn sizes(database: &Database) {
    let connection = rusqlite::Connection::open(database.path()).unwrap();
    let sql = "SELECT name, sum(pgsize) / 1024, sum(unused) * 100 / sum(pgsize) FROM dbstat \
               GROUP BY name ORDER BY 2 DESC LIMIT 12";
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query(()).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (name, size, unused): (String, i64, i64) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        println!("  {name}: {size} KiB, {unused} % of it unused");
    }
}

fn reads(database: &Database, world: &World) {
    let reader = database.reader();
    let count = 20_000;
    let measure = |name: &str, read: &dyn Fn(u64)| {
        (0..200).for_each(read);
        let start = processor_ns();
        (0..count).for_each(read);
        println!("  {name}: {} ns", (processor_ns() - start) / count);
    };
    let recent = |at: u64| world.sagas - 1 - at % 200;
    let wallet = |at: u64| WalletId::from_uuid(uuid(at % 200, 4));
    measure("get a payment", &|at| {
        let id = PaymentId::from_uuid(uuid(recent(at), 1));
        assert!(reader.get(Paid::KIND, Key::id(id)).unwrap().is_some());
    });
    measure("get nothing", &|at| {
        let id = PaymentId::from_uuid(uuid(recent(at), 9));
        assert!(reader.get(Paid::KIND, Key::id(id)).unwrap().is_none());
    });
    measure("head of a wallet", &|at| {
        reader.head(Booked::KIND, wallet(at).into()).unwrap();
    });
    measure("cause in a wallet", &|at| {
        let cause = EventId::from_uuid(uuid(recent(at) * 2, 2)).any();
        assert!(reader.caused(Booked::KIND, wallet(0).into(), cause).is_ok());
    });
    measure("page of 20 payments", &|at| {
        let query = Query {
            kind: Paid::KIND,
            index: Some("by_wallet"),
            partition: Value::Id(wallet(at).any()),
            from: None,
            to: None,
            after: None,
            order: Order::NewestFirst,
            limit: 20,
        };
        reader.list(&query).unwrap();
    });
}
