//! The store on DynamoDB, over an emulator that runs as a process, with what AWS does around it done
//! here: see `relay`. What this home cannot be asked: who heard what, and in which order, is known to
//! the relay of this test alone; on AWS a record tells what its latest version said.

mod relay;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kernel::audit::Act;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::{BoxFuture, StoreError, StorePort};
use kernel::{Context, Store};
use store_dynamodb::emulator::{Emulator, NOT_BUILT, create, skipped, streams};
use store_dynamodb::tables::{Table, tables_of};
use store_dynamodb::{DynamoStore, Options, Waits};
use tokio::sync::Mutex;

use super::Mishap;
use super::post::Letter;
use crate::conformance::store::{Candidate, Opened, Reopened, Setup};
use crate::hands::Hands;
use relay::Relay;

/// The store on DynamoDB, and what goes wrong with deliveries.
pub struct Dynamodb {
    emulator: &'static Emulator,
    mishap: Mishap,
}

/// Two hundred callers at once want one record, on a machine that does other things too: nobody gives up
/// for that. A case that hangs is ended by its suite.
const WAITS: Waits = Waits {
    first: Duration::from_millis(5),
    longest: Duration::from_secs(3),
    deadline: Duration::from_secs(60 * 60),
};

impl Dynamodb {
    /// None, said so, where the emulator was not built.
    pub fn new(mishap: Mishap) -> Option<Self> {
        static RUNNING: OnceLock<Option<Emulator>> = OnceLock::new();
        let emulator = RUNNING.get_or_init(|| Emulator::start().unwrap()).as_ref();
        if emulator.is_none() {
            skipped(NOT_BUILT);
        }
        Some(Self { emulator: emulator?, mishap })
    }
}

struct OpenedDynamodb {
    emulator: &'static Emulator,
    prefix: String,
    tables: Vec<Table>,
    hands: Hands,
    store: Arc<DynamoStore>,
    wire: Arc<Wire>,
}

/// What stands between the tables and whoever hears.
struct Wire {
    relay: Mutex<Relay>,
}

impl Candidate for Dynamodb {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        Box::pin(async move {
            let Setup { kinds, subscriptions, hands } = setup;
            let number = OPENED.fetch_add(1, Ordering::SeqCst);
            // Another process may use the same emulator.
            let prefix = format!("store{}n{number}", std::process::id());
            let tables = tables_of(&kinds);
            create(&self.emulator.client(), &prefix, &tables).await.unwrap();
            let streams = streams(self.emulator, &prefix, &tables).await.unwrap();
            let streams = tables.iter().cloned().zip(streams).collect();
            let relay = Mutex::new(Relay::new(streams, &subscriptions, self.mishap));
            let store = open(self.emulator, &prefix, &tables, &hands);
            let wire = Arc::new(Wire { relay });
            let emulator = self.emulator;
            let opened = OpenedDynamodb { emulator, prefix, tables, hands, store, wire };
            let opened: Box<dyn Opened> = Box::new(opened);
            opened
        })
    }
}

fn open(emulator: &Emulator, prefix: &str, tables: &[Table], hands: &Hands) -> Arc<DynamoStore> {
    let options = Options {
        clock: Arc::clone(&hands.clock),
        ids: Arc::clone(&hands.ids),
        waits: WAITS,
        ..Options::new(emulator.client(), prefix, tables.to_vec())
    };
    Arc::new(DynamoStore::new(options))
}

impl OpenedDynamodb {
    async fn deliver(&self, relay: &mut Relay, letter: &Letter) {
        let (subscription, event) = letter;
        let decision = (subscription.react)(event).unwrap();
        let outcome = self.store.decide(decision, event.context()).await;
        assert!(outcome.is_ok(), "{}: {:?}", subscription.name, outcome.err());
        relay.heard(letter, &*self.hands.clock);
    }
}

impl Opened for OpenedDynamodb {
    fn store(&self) -> Store {
        Store::new(self.store.clone())
    }

    fn events(&self) -> Arc<dyn EventsPort> {
        self.wire.clone()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut relay = self.wire.relay.lock().await;
            loop {
                relay.take_up().await;
                let Some(letter) = relay.next() else { break };
                self.deliver(&mut relay, &letter).await;
            }
        })
    }

    fn redrive(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut relay = self.wire.relay.lock().await;
            for letter in relay.take_dead() {
                self.deliver(&mut relay, &letter).await;
            }
        })
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async {
            self.store = open(self.emulator, &self.prefix, &self.tables, &self.hands);
            Reopened::AsItWas
        })
    }
}

impl EventsPort for Wire {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Box::pin(async move {
            let mut relay = self.relay.lock().await;
            relay.take_up().await;
            Ok(relay.events(&query))
        })
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(async move { Ok(self.relay.lock().await.deliveries(&positions)) })
    }

    fn dead_letters(
        &self,
        _: Option<String>,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn redrive(&self, _: String, _: Act, _: Context) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }
}
