//! The ledger is read piece by piece: pieces make no difference, rows that cannot be read stop
//! nothing, and what is booked between two pieces is not seen in halves.

use std::any::Any;
use std::sync::Arc;

use kernel::decision::ErasedDecision;
use kernel::record::{BadRecord, ChainId, Stored};
use kernel::store::{BadRow, BoxFuture, Part, Query, Scan, ScanPlace, StoreError, StorePort};
use kernel::{AnyId, Context, Key, Kind, Store, Time};
use operations::sweep::Progress;
use operations::trial_balance::{TrialBalance, trial_balance};
use operations::verify::{verify, verify_as_of};
use wallet::records::Entry;

use crate::tampering::named;
use crate::world::{World, wait};

/// The world's store in small pieces. The rows of these keys cannot be read, and something happens
/// after a row was read.
pub(crate) struct Pieces {
    world: &'static World,
    /// Whether it hands out the kinds of a service mixed, in several parts at once.
    is_mixed: bool,
    /// Whether it sorts numbers as text, which the contract of a store does not allow.
    sorts_text: bool,
    unreadable: Vec<Key>,
    happens_at: usize,
    happens: fn(&World),
}

/// How many rows a piece has.
const PIECE: usize = 2;

/// In how many parts a mixed stage is.
const PARTS: u16 = 3;

impl Pieces {
    /// Where nothing is in order but what must be.
    pub(crate) fn mixed(world: &'static World) -> Self {
        Self { sorts_text: true, ..Self::busy(world, true, 0, |_| {}) }
    }

    /// The same, or not mixed, while something happens after that row of each part.
    pub(crate) fn busy(
        world: &'static World,
        is_mixed: bool,
        happens_at: usize,
        happens: fn(&World),
    ) -> Self {
        Self { world, is_mixed, sorts_text: false, unreadable: Vec::new(), happens_at, happens }
    }

    /// The rows of a part, as the ids come.
    async fn rows(&self, part: &Part) -> Result<Vec<Result<Stored, BadRow>>, StoreError> {
        let mut rows = Vec::new();
        for kind in &part.kinds {
            rows.extend(self.world.store.scan(kind, None, usize::MAX).await?.rows);
        }
        let key_of = |row: &Result<Stored, BadRow>| row.as_ref().unwrap().record.key();
        if self.is_mixed {
            let (share, shares) = part.share;
            let share_of = |row: &_| key_of(row).id.uuid.checked_rem(u128::from(shares));
            rows.retain(|row| share_of(row) == Some(u128::from(share)));
            rows.sort_by_key(|row| (key_of(row).id.uuid, key_of(row).sequence));
            if self.sorts_text {
                let text = |row: &_| key_of(row).sequence.map(|sequence| sequence.to_string());
                rows.sort_by_key(|row| (key_of(row).id.uuid, text(row)));
            }
        }
        Ok(rows)
    }
}

fn check(keys: impl Fn(&World) -> Vec<Key>, expected: &[&str]) {
    let world: &'static World = Box::leak(Box::new(World::new()));
    let mut kinds: Vec<Progress> = Vec::new();
    let pieces = Pieces { unreadable: keys(world), ..Pieces::busy(world, false, 0, |_| {}) };
    let report = wait(verify(&pieces, &mut |progress| kinds.push(progress)));
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
        |world| vec![Key::entry(world.alice, 1)],
        &[
            "The entry alice/1 cannot be read: a entry has a bad value in `amount`.",
            "Of alice the ledger has CREDIT 0 times, the audit trail credit_wallet 1 times.",
            "All accounts in USD sum to 1000.00, not to zero.",
        ],
    );
    check(
        |world| vec![Key::entry(world.alice, 0), Key::entry(world.bob, 7)],
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

#[test]
fn the_trial_balance_is_of_one_moment() {
    let world: &'static World = Box::leak(Box::new(World::new()));
    // Alice's entries are read, and those of Bob are not, when he sends her money.
    let entries = world.store.records::<Entry>();
    let happens_at = entries.iter().filter(|entry| entry.account_id == world.alice.into()).count();
    let happens = |world: &World| {
        world.transfer(world.bob, world.alice, 10_000);
    };
    let pieces = Pieces::busy(world, false, happens_at, happens);
    let balance = wait(trial_balance(&Store::new(Arc::new(pieces)))).unwrap();
    let sums: Vec<_> = balance.sums.by_currency().into_values().collect();
    assert_eq!(sums, [0, 0]);
    let before = wait(trial_balance(&Store::new(world.store.clone()))).unwrap();
    let classes = |trial: &TrialBalance| trial.sums.by_class().collect::<Vec<_>>();
    assert_eq!(classes(&balance), classes(&before), "it moved between wallets alone");
}

#[test]
fn what_is_booked_while_the_ledger_is_read_is_not_missed() {
    let world: &'static World = Box::leak(Box::new(World::new()));
    let entries = world.store.records::<Entry>();
    let happens_at = entries.iter().filter(|entry| entry.account_id == world.alice.into()).count();
    let happens = |world: &World| {
        world.transfer(world.bob, world.alice, 10_000);
    };
    let moment = world.moment();
    let pieces = Pieces::busy(world, false, happens_at, happens);
    let mut read = Vec::new();
    let mut watch = |Progress { kind, seen }: Progress| {
        if kind == "entry" {
            read.push(seen);
        }
    };
    let (report, trial) = wait(verify_as_of(&pieces, moment, &mut watch)).unwrap();
    assert_eq!(named(world, report.violations), Vec::<String>::new());
    assert!(read.is_sorted(), "nothing is read a second time for it: {read:?}");
    let sums: Vec<_> = trial.unwrap().sums.by_currency().into_values().collect();
    assert_eq!(sums, [0, 0]);

    // The same of a store that is said to stand still: there it is missing.
    let world: &'static World = Box::leak(Box::new(World::new()));
    let pieces = Pieces::busy(world, false, happens_at, happens);
    let report = wait(verify(&pieces, &mut |_| {})).unwrap();
    let found = named(world, report.violations);
    assert!(found.iter().any(|one| one.contains("has no other side of it")), "{found:?}");
}

#[test]
fn no_sum_is_told_of_a_ledger_that_cannot_be_read() {
    let world: &'static World = Box::leak(Box::new(World::new()));
    let unreadable = vec![Key::entry(world.bob, 2)];
    let pieces = Pieces { unreadable, ..Pieces::busy(world, false, 0, |_| {}) };
    let refused = wait(trial_balance(&Store::new(Arc::new(pieces)))).unwrap_err();
    assert!(refused.to_string().contains("fintech verify"), "{refused}");
}

impl StorePort for Pieces {
    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        self.scan_part(&Part::of(kind), after, limit)
    }

    fn stages(&self, kinds: &[&'static Kind]) -> Vec<Vec<Part>> {
        if !self.is_mixed {
            return kinds.iter().map(|kind| vec![Part::of(kind)]).collect();
        }
        // The audit list lies with the payments.
        let stages = [&["wallet"][..], &["payment", "audit"], &["loan"]].into_iter().map(|lie| {
            let lies = |kind: &&'static Kind| lie.contains(&kind.service);
            let kinds: Vec<_> = kinds.iter().copied().filter(lies).collect();
            let part = |share| Part { kinds: kinds.clone(), service: None, share: (share, PARTS) };
            (0..PARTS).map(part).collect()
        });
        stages.collect()
    }

    fn scan_part(
        &self,
        part: &Part,
        after: Option<ScanPlace>,
        _: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        let part = part.clone();
        Box::pin(async move {
            let mut rows = self.rows(&part).await?;
            let key_of =
                |row: &Result<Stored, BadRow>| format!("{:?}", row.as_ref().unwrap().record.key());
            let seen = after.map_or(0, |ScanPlace(last)| {
                rows.iter()
                    .position(|row| key_of(row) == last)
                    .map_or(0, |last| last.saturating_add(1))
            });
            let end = seen.saturating_add(PIECE);
            let has_more = rows.len() > end;
            rows = rows.into_iter().skip(seen).take(PIECE).collect();
            let next = rows.last().filter(|_| has_more).map(|row| ScanPlace(key_of(row)));
            if (seen..end).contains(&self.happens_at) {
                (self.happens)(self.world);
            }
            let read = |row: Result<Stored, BadRow>| {
                let stored = row?;
                let key = stored.record.key();
                let kind = stored.record.kind().name;
                let why = BadRecord::Column { kind, column: "amount" };
                if self.unreadable.contains(&key) {
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
