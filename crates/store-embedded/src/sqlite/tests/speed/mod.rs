//! What a payment costs the database: `cargo test --release -p store-embedded speed -- --ignored
//! --nocapture`. Prints; it fails only if something does not work.

#![allow(clippy::arithmetic_side_effects, reason = "nothing that is measured comes near a bound")]

mod world;

use std::sync::Arc;
use std::time::Instant;

use kernel::store::{Order, Query};
use kernel::{EventId, Id, Key, PaymentId, Record, Value, WalletId};

use super::Database;
use crate::rows::{Batch, CursorRow};
use crate::sqlite::{Durability, Options, Writer};
use world::{Booked, Paid, World, uuid};

/// Nanoseconds that this thread has run.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
#[ignore = "it measures"]
fn speed_of_payments() {
    let (total, each) = (number("SAGAS", 200_000), number("EACH", 2_000));
    let wallets = usize::try_from(number("WALLETS", 10_000)).unwrap();
    let options = Options {
        durability: Durability::Later,
        page_bytes: u32::try_from(number("PAGE", 4096)).unwrap(),
        writer_cache_bytes_max: u32::try_from(number("CACHE_MIB", 16) << 20).unwrap(),
        ..Options::default()
    };
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
        if database.writer.wal_bytes() > number("WAL_MIB", 32) << 20 {
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
        apply / total,
        checkpoint / total,
        bytes / total,
        wal_max >> 20,
    );
    reopening(&mut database, &mut world);
    sizes(&database);
    reads(&database, &world);
}

/// Opens what a process leaves behind that is killed: the files as they are, the log included.
fn reopening(database: &mut Database, world: &mut World) {
    while database.writer.wal_bytes() < 32 << 20 {
        let mut batch = Batch::default();
        (0..2_000).for_each(|_| world.pay(&mut batch));
        database.put(batch);
    }
    let folder = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let name = format!("test.sqlite3{ending}");
        std::fs::copy(database.folder.path().join(&name), folder.path().join(&name)).unwrap();
    }
    let (path, schema) = (folder.path().join("test.sqlite3"), Arc::clone(&database.schema));
    let start = Instant::now();
    let writer = Writer::open(&path, schema, Options::default()).unwrap();
    println!("  opened after a kill: {:.1?}", start.elapsed());
    assert_eq!(writer.folded(), database.writer.folded());
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
