//! The reference store. It hears nothing by itself: `settle` delivers what was said, in order.

use std::sync::Arc;

use kernel::Store;
use kernel::manifest::Subscription;
use kernel::memory::MemoryStore;
use kernel::operators::EventsPort;
use kernel::store::BoxFuture;
use parking_lot::Mutex;

use crate::conformance::store::{Candidate, Opened, Reopened, Setup};

/// See the file's comment.
pub struct Memory;

struct OpenedMemory {
    store: Arc<MemoryStore>,
    subscriptions: Vec<&'static Subscription>,
    heard: Mutex<usize>,
}

impl Candidate for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>> {
        let Setup { subscriptions, hands, .. } = setup;
        let store = Arc::new(MemoryStore::with(hands.clock, hands.ids));
        let opened = OpenedMemory { store, subscriptions, heard: Mutex::new(0) };
        let opened: Box<dyn Opened> = Box::new(opened);
        Box::pin(async { opened })
    }
}

impl Opened for OpenedMemory {
    fn store(&self) -> Store {
        Store::new(self.store.clone())
    }

    fn events(&self) -> Arc<dyn EventsPort> {
        self.store.clone()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        let mut heard = self.heard.lock();
        *heard = self.store.settle(&self.subscriptions, *heard).unwrap();
        Box::pin(async {})
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async { Reopened::KeepsNothing })
    }
}
