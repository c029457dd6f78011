//! The embedded store, in a temporary folder that goes with it. A mishap is a probe that makes a
//! delivery fail.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::operators::EventsPort;
use kernel::store::BoxFuture;
use kernel::{Clock, Envelope, EventId, Store, Time};
use parking_lot::Mutex;
use store_embedded::bus::{Probe, Retries, Subscriber};
use store_embedded::{Durability, EmbeddedStore, Options};
use tempfile::TempDir;

use super::Mishap;
use crate::conformance::store::{Candidate, Opened, Reopened, Setup};

/// The embedded store: what makes its steps durable, and what goes wrong.
pub struct Embedded(pub Durability, pub Mishap);

struct OpenedEmbedded {
    durability: Durability,
    clock: Arc<Ahead>,
    probe: Arc<Failing>,
    setup: Setup,
    folder: TempDir,
    store: Arc<EmbeddedStore>,
}

/// The clock that a store is given, and so much more: what failed is tried again after a while, also
/// where that clock stands still.
struct Ahead {
    of: Arc<dyn Clock>,
    micros: AtomicU64,
}

impl Clock for Ahead {
    fn now(&self) -> Time {
        self.of.now().plus(Duration::from_micros(self.micros.load(Ordering::SeqCst)))
    }
}

/// Makes the deliveries of a mishap fail.
struct Failing {
    mishap: Mishap,
    numbers: Mutex<HashMap<(String, EventId), u64>>,
}

/// Tried again at once.
const RETRIES: Retries =
    Retries { first_wait: Duration::ZERO, longest_wait: Duration::ZERO, attempts_max: 3 };

impl Probe for Failing {
    fn deliver(&self, subscription: &str, event: &Envelope, attempt: u32) -> Result<(), String> {
        let mut numbers = self.numbers.lock();
        let next = u64::try_from(numbers.len()).unwrap();
        let number = *numbers.entry((subscription.to_owned(), event.id)).or_insert(next);
        let is_new = number == next;
        let fails = match self.mishap {
            // Its bus has a cursor that is as durable as the records: it loses nothing.
            Mishap::None | Mishap::Loses(_) | Mishap::AllLost | Mishap::Shuffled(_) => false,
            Mishap::Fails(failing) => number == failing && is_new,
            Mishap::Dies(dying) => number == dying && (is_new || attempt > 1),
            Mishap::AllFail => is_new,
        };
        if fails { Err("the test says so".to_owned()) } else { Ok(()) }
    }
}

impl Candidate for Embedded {
    fn name(&self) -> &'static str {
        match self.0 {
            Durability::Journal => "journal",
            Durability::Sqlite => "sqlite",
        }
    }

    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>> {
        Box::pin(async {
            let Self(durability, mishap) = *self;
            let folder = temporary_folder();
            let probe = Arc::new(Failing { mishap, numbers: Mutex::default() });
            let of = Arc::clone(&setup.hands.clock);
            let clock = Arc::new(Ahead { of, micros: AtomicU64::new(0) });
            let store = open(&folder, durability, (&probe, &clock), &setup);
            let opened = OpenedEmbedded { durability, clock, probe, setup, folder, store };
            let opened: Box<dyn Opened> = Box::new(opened);
            opened
        })
    }
}

/// In memory where the machine has such a place: what these tests show does not hang on a disk, and
/// hundreds of stores are made.
pub(crate) fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn open(
    folder: &TempDir,
    durability: Durability,
    (probe, clock): (&Arc<Failing>, &Arc<Ahead>),
    setup: &Setup,
) -> Arc<EmbeddedStore> {
    let subscribers = setup.subscriptions.iter().map(|one| Subscriber::of(one).unwrap()).collect();
    let options = Options {
        durability,
        retries: RETRIES,
        clock: clock.clone(),
        ids: Arc::clone(&setup.hands.ids),
        probe: Some(probe.clone()),
        ..Options::new(folder.path(), setup.kinds.clone(), subscribers)
    };
    EmbeddedStore::open(options).unwrap()
}

impl Opened for OpenedEmbedded {
    fn store(&self) -> Store {
        Store::new(self.store.clone())
    }

    fn events(&self) -> Arc<dyn EventsPort> {
        self.store.clone()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            while !self.unsent(self.setup.subscriptions.clone()).await.is_empty() {
                if self.probe.mishap != Mishap::None {
                    self.clock.micros.fetch_add(50_000, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async {
            let store = Arc::clone(&self.store);
            tokio::task::spawn_blocking(move || store.close()).await.unwrap();
            self.store =
                open(&self.folder, self.durability, (&self.probe, &self.clock), &self.setup);
            Reopened::AsItWas
        })
    }
}

impl Drop for OpenedEmbedded {
    fn drop(&mut self) {
        self.store.close();
    }
}
