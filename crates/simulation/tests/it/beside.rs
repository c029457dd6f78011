//! `verify` beside a writer, over every store that is written while it is read: random histories go on
//! between any two reads, sagas are left where they are, and nothing looks wrong.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use kernel::decision::ErasedDecision;
use kernel::record::{ChainId, Stored};
use kernel::store::{BoxFuture, Part, Query, Scan, ScanPlace, StoreError, StorePort};
use kernel::{AnyId, Context, Key, Kind, Time};
use operations::verify::{Moment, verify_as_of};
use simulation::candidates::{Dynamodb, Memory, Mishap};
use simulation::conformance::store::Candidate;
use simulation::dice::Dice;
use simulation::institution::{Echo, Institution};
use simulation::model::History;
use tokio::runtime::Builder;
use tokio::sync::Mutex;

/// A store that is written before each piece that is read.
struct Beside {
    port: Arc<dyn StorePort>,
    writer: Mutex<Writer>,
    /// How many rows a piece has.
    piece: usize,
}

struct Writer {
    institution: Institution,
    history: History,
    dice: Dice,
}

impl Writer {
    async fn write(&mut self) {
        for _ in 0..=self.dice.below(2) {
            let seconds = u64::try_from(self.dice.below(10)).unwrap();
            self.institution.clock.pass(Duration::from_secs(seconds));
            if let Some(act) = self.history.next() {
                // What is refused is refused.
                let _answer = self.institution.act(act).await;
            }
            if self.dice.once_in(2) {
                self.institution.settle().await;
            }
        }
    }
}

/// Checks so often, each time while the history goes on.
async fn check(candidate: &dyn Candidate, seed: u64, (acts, piece, checks): (usize, usize, usize)) {
    let institution = Institution::open(candidate, Echo::None).await;
    let port = Arc::clone(institution.store().port());
    let writer = Writer { institution, history: History::of(seed), dice: Dice::of(seed) };
    let beside = Beside { port, writer: Mutex::new(writer), piece };
    for _ in 0..acts {
        beside.writer.lock().await.write().await;
    }
    let mut transfers = 0;
    for number in 0..checks {
        let moment = Moment::before(beside.now());
        let (report, trial) = verify_as_of(&beside, moment, &mut |_| {}).await.unwrap();
        let told = format!("{}, seed {seed}, check {number}", candidate.name());
        assert_eq!(report.violations, [""; 0], "{told}");
        let sums = trial.unwrap().sums.by_currency();
        assert!(sums.values().all(|minor| *minor == 0), "{told}: {sums:?}");
        assert!(report.transfers > transfers, "{told}: nothing was written beside it");
        transfers = report.transfers;
    }
    let writer = beside.writer.into_inner();
    writer.institution.rest().await;
    writer.institution.assert_sound().await;
}

#[test]
fn nothing_looks_wrong_while_sagas_run() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for seed in 1..=10 {
        runtime.block_on(check(&Memory(Mishap::None), seed, (150, 10, 4)));
    }
    if let Some(dynamodb) = Dynamodb::new(Mishap::None) {
        runtime.block_on(check(&dynamodb, 11, (60, 20, 2)));
    }
}

impl StorePort for Beside {
    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        self.port.scan(kind, after, limit)
    }

    fn stages(&self, kinds: &[&'static Kind]) -> Vec<Vec<Part>> {
        self.port.stages(kinds)
    }

    fn scan_part(
        &self,
        part: &Part,
        after: Option<ScanPlace>,
        _: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        let part = part.clone();
        Box::pin(async move {
            self.writer.lock().await.write().await;
            self.port.scan_part(&part, after, self.piece).await
        })
    }

    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        self.port.decide(decision, context)
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.port.get(kind, key)
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.port.head(kind, of)
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        self.port.caused(kind, of, cause)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        self.port.list(query)
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.port.changed(kind, key, seen)
    }

    fn now(&self) -> Time {
        self.port.now()
    }
}
