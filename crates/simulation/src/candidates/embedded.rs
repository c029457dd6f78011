//! The embedded store, in a temporary folder that goes with it. A mishap is a probe that makes a
//! delivery fail.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::operators::EventsPort;
use kernel::store::BoxFuture;
use kernel::{Envelope, EventId, Store};
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
    probe: Arc<Failing>,
    setup: Setup,
    folder: TempDir,
    store: Arc<EmbeddedStore>,
}

/// Makes the deliveries of a mishap fail.
struct Failing {
    mishap: Mishap,
    numbers: Mutex<HashMap<(String, EventId), u64>>,
}

/// Tried again at once: the clock of a test may stand still.
const RETRIES: Retries =
    Retries { first_wait: Duration::ZERO, longest_wait: Duration::ZERO, attempts_max: 3 };

impl Probe for Failing {
    fn deliver(&self, subscription: &str, event: &Envelope, attempt: u32) -> Result<(), String> {
        let mut numbers = self.numbers.lock();
        let next = u64::try_from(numbers.len()).unwrap();
        let number = *numbers.entry((subscription.to_owned(), event.id)).or_insert(next);
        let is_new = number == next;
        let fails = match self.mishap {
            Mishap::None | Mishap::Shuffled(_) => false,
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
            let folder = tempfile::tempdir().unwrap();
            let probe = Arc::new(Failing { mishap, numbers: Mutex::default() });
            let store = open(&folder, durability, &probe, &setup);
            let opened = OpenedEmbedded { durability, probe, setup, folder, store };
            let opened: Box<dyn Opened> = Box::new(opened);
            opened
        })
    }
}

fn open(
    folder: &TempDir,
    durability: Durability,
    probe: &Arc<Failing>,
    setup: &Setup,
) -> Arc<EmbeddedStore> {
    let subscribers = setup.subscriptions.iter().map(|one| Subscriber::of(one).unwrap()).collect();
    let options = Options {
        durability,
        retries: RETRIES,
        clock: Arc::clone(&setup.hands.clock),
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
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async {
            let store = Arc::clone(&self.store);
            tokio::task::spawn_blocking(move || store.close()).await.unwrap();
            self.store = open(&self.folder, self.durability, &self.probe, &self.setup);
            Reopened::AsItWas
        })
    }
}

impl Drop for OpenedEmbedded {
    fn drop(&mut self) {
        self.store.close();
    }
}
