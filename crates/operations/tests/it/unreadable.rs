//! The check of the whole over a store in which rows cannot be read, and which gives its rows in small
//! pieces.

use std::any::Any;

use kernel::decision::ErasedDecision;
use kernel::record::{BadRecord, ChainId, Stored};
use kernel::store::{BadRow, BoxFuture, Query, Scan, ScanPlace, StoreError, StorePort};
use kernel::{AnyId, Context, Key, Kind, Time};
use operations::verify::{Progress, verify};
use wallet::records::Entry;

use crate::tampering::named;
use crate::world::{World, wait};

/// The world's store; the rows of these keys cannot be read.
struct Unreadable<'w> {
    world: &'w World,
    keys: Vec<Key>,
}

/// How many rows a piece has.
const PIECE: usize = 2;

fn check(keys: impl Fn(&World) -> Vec<Key>, expected: &[&str]) {
    let world = World::new();
    let keys = keys(&world);
    let world: &'static World = Box::leak(Box::new(world));
    let mut kinds: Vec<Progress> = Vec::new();
    let report = wait(verify(&Unreadable { world, keys }, &mut |progress| kinds.push(progress)));
    assert_eq!(named(world, report.unwrap().violations), expected);
    let entries = world.store.records::<Entry>().len();
    let seen =
        kinds.iter().filter(|progress| progress.kind == "entry").map(|progress| progress.seen);
    let seen: Vec<_> = seen.collect();
    assert!(seen.contains(&u64::try_from(entries).unwrap()), "{seen:?}");
    assert!(seen.len() > entries / PIECE, "{seen:?}");
}

#[test]
fn pieces_make_no_difference() {
    check(|_| Vec::new(), &[]);
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_stops_nothing() {
    // What stands on both sides of it is checked as far as it can be.
    check(
        |world| vec![Key::entry(world.alice.into(), 1)],
        &[
            "The entry alice/1 cannot be read: a entry has a bad value in `amount`.",
            "All accounts in USD sum to 1000.00, not to zero.",
        ],
    );
    check(
        |world| vec![Key::entry(world.alice.into(), 0), Key::entry(world.bob.into(), 7)],
        &[
            "The entry alice/0 cannot be read: a entry has a bad value in `amount`.",
            "The entry bob/7 cannot be read: a entry has a bad value in `amount`.",
            "Loan LOAN is funded, and no entry books its 200.00 USD between bob and loan:LOAN.",
        ],
    );
    check(
        |world| vec![Key::id(world.unpaid), Key::id(world.hold_of(world.expired).hold_id)],
        &[
            "The hold H-EXPIRED cannot be read: a hold has a bad value in `amount`.",
            "The payment UNPAID cannot be read: a payment has a bad value in `amount`.",
            "Payment EXPIRED is VOIDED, and there is no hold that fits it.",
            "Entry alice/9 holds 50.00 USD for EXPIRED, and there is no such hold.",
            "Entry alice/12 ends the hold of 50.00 USD for EXPIRED, and the hold does not say so.",
        ],
    );
}

impl StorePort for Unreadable<'static> {
    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        _: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        Box::pin(async move {
            let Scan { rows, next } = self.world.store.scan(kind, after, PIECE).await?;
            let read = |row: Result<Stored, BadRow>| {
                let stored = row?;
                let key = stored.record.key();
                let why = BadRecord::Column { kind: kind.name, column: "amount" };
                if self.keys.contains(&key) {
                    return Err(BadRow { key: format!("{key:?}"), why });
                }
                Ok(stored)
            };
            Ok(Scan { rows: rows.into_iter().map(read).collect(), next })
        })
    }

    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        self.world.store.decide(decision, context)
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.world.store.get(kind, key)
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.world.store.head(kind, of)
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.world.store.caused(kind, of, cause)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        self.world.store.list(query)
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.world.store.changed(kind, key, seen)
    }

    fn now(&self) -> Time {
        StorePort::now(&*self.world.store)
    }
}
