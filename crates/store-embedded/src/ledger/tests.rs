//! Tests of how the ledger ends: nobody waits for a thread that is gone, and nothing holds up a stop.
//! What a store does while all is well is shown by the conformance suites.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::event::{EventData, PaymentFailed};
use kernel::store::BoxFuture;
use kernel::text::Reason;
use kernel::time::System;
use kernel::{
    Clock, Context, Decision, Envelope, EventKind, Id, Kind, PaymentId, Record, Rules, Said, Store,
    StoreError, Suspend, Time, Topic, View, WalletId, Writes,
};
use tempfile::TempDir;

use crate::bus::{Hearer, Listener, Subscriber};
use crate::files::faulty::FaultyFiles;
use crate::policy::FilterPolicy;
use crate::{EmbeddedStore, Options};

kernel::record! {
    /// A note, which says that it was made.
    pub struct Note in "note" of "test" version 1 {
        note_id: PaymentId,
    }
    key (note_id: PaymentId)
}

impl Rules for Note {
    fn event_data(&self, _: &Said) -> Option<EventData> {
        let (transaction_id, wallet_id) = (self.note_id, WalletId::from_uuid(1));
        let reason = Reason::new("none").unwrap();
        Some(PaymentFailed { transaction_id, wallet_id, wallet_owner: None, reason }.into())
    }
}

kernel::record! {
    /// A kind that no store of these tests is opened with.
    pub struct Stray in "stray" of "test" version 1 {
        stray_id: PaymentId,
    }
    key (stray_id: PaymentId)
}

impl Rules for Stray {}

const KINDS: [&Kind; 1] = [Note::KIND];

/// Makes a note that says this event.
struct MakeNote(EventKind);

impl Decision for MakeNote {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "make_note"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        let note_id = view.id();
        let said = view.event(self.0);
        writes.create(Note { note_id }).says(said);
        Ok(())
    }
}

/// Writes what the store does not keep.
struct MakeStray;

impl Decision for MakeStray {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "make_stray"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        writes.create(Stray { stray_id: view.id() });
        Ok(())
    }
}

/// A clock that breaks when it is told to.
#[derive(Default)]
struct Fragile(AtomicBool);

impl Clock for Fragile {
    fn now(&self) -> Time {
        assert!(!self.0.load(Ordering::SeqCst), "the clock is broken");
        System.now()
    }
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _: Envelope) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// Runs a test; longer than a minute it would only wait for ever.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(60), test).await.expect("it still waits");
    });
    runtime.shutdown_background();
}

fn options(folder: &TempDir) -> Options {
    Options::new(folder.path(), KINDS.to_vec(), Vec::new())
}

async fn decide<D: Decision>(store: &Arc<EmbeddedStore>, decision: D) -> Result<(), StoreError> {
    let context = Context::own(&System);
    Store::new(Arc::<EmbeddedStore>::clone(store)).decide(decision, context).await.map(drop)
}

async fn close(store: Arc<EmbeddedStore>) {
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

#[test]
fn what_no_store_can_take_loses_its_own_writes_only() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(options(&folder)).unwrap();
        let strange = [
            decide(&store, MakeStray).await,
            // A note says another event than it is asked to.
            decide(&store, MakeNote(EventKind::LoanFunded)).await,
        ];
        for refused in strange {
            assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
        }
        assert_eq!(decide(&store, MakeNote(EventKind::PaymentFailed)).await, Ok(()));
        close(store).await;
    });
}

#[test]
fn nobody_waits_for_a_writer_that_is_gone() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Fragile::default());
        let store = EmbeddedStore::open(Options { clock: clock.clone(), ..options(&folder) });
        let store = store.unwrap();
        clock.0.store(true, Ordering::SeqCst);
        store.ended().await;
        for _ in 0..2 {
            let refused = decide(&store, MakeNote(EventKind::PaymentFailed)).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        close(store).await;
    });
}

#[test]
fn what_was_not_heard_does_not_hold_up_a_stop_when_the_disk_fails() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let subscriber = Subscriber {
            name: "deaf".into(),
            topic: Topic::Payment,
            policy: FilterPolicy::parse(r#"{"event_type": ["PAYMENT_FAILED"]}"#).unwrap(),
            hearer: Hearer::Listen(Arc::new(Deaf)),
        };
        let heard = || Options { subscribers: vec![subscriber.clone()], ..options(&folder) };
        close(EmbeddedStore::open(heard()).unwrap()).await;
        // Away while something is said, it has something to hear when it is back.
        let store = EmbeddedStore::open(options(&folder)).unwrap();
        assert_eq!(decide(&store, MakeNote(EventKind::PaymentFailed)).await, Ok(()));
        close(store).await;

        let disk = FaultyFiles::new(1);
        disk.fail_writes(u32::MAX);
        let store = EmbeddedStore::open(Options { files: Some(Arc::new(disk)), ..heard() });
        close(store.unwrap()).await;
    });
}
