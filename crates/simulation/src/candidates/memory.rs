//! The reference store. It hears nothing by itself: `settle` delivers what was said, in order unless
//! a mishap is asked for.

use std::sync::Arc;

use kernel::manifest::Subscription;
use kernel::memory::MemoryStore;
use kernel::operators::EventsPort;
use kernel::store::BoxFuture;
use kernel::{Envelope, Store};
use parking_lot::Mutex;

use super::Mishap;
use super::post::Post;
use crate::conformance::store::{Candidate, Opened, Reopened, Setup};

/// See the file's comment.
pub struct Memory(pub Mishap);

struct OpenedMemory {
    store: Arc<MemoryStore>,
    subscriptions: Vec<&'static Subscription>,
    post: Mutex<Posted>,
}

struct Posted {
    /// How much of the log was taken up.
    taken: usize,
    post: Post,
}

impl Candidate for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>> {
        let Setup { subscriptions, hands, .. } = setup;
        let store = Arc::new(MemoryStore::with(hands.clock, hands.ids));
        let post = Mutex::new(Posted { taken: 0, post: Post::new(self.0) });
        let opened = OpenedMemory { store, subscriptions, post };
        let opened: Box<dyn Opened> = Box::new(opened);
        Box::pin(async { opened })
    }
}

impl Posted {
    fn take_up(&mut self, said: &[Envelope], subscriptions: &[&'static Subscription]) {
        for event in said.iter().skip(self.taken) {
            let hears = |one: &&&'static Subscription| one.hears.contains(&event.kind());
            let hear = subscriptions.iter().filter(hears);
            self.post.take_up(hear.map(|subscription| (*subscription, event.clone())));
        }
        self.taken = said.len();
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
        let mut post = self.post.lock();
        loop {
            post.take_up(&self.store.said(), &self.subscriptions);
            let Some((subscription, event)) = post.post.next() else { break };
            self.store.deliver(subscription, &event).unwrap();
        }
        Box::pin(async {})
    }

    fn redrive(&self) -> BoxFuture<'_, ()> {
        let dead = self.post.lock().post.take_dead();
        for (subscription, event) in dead {
            self.store.deliver(subscription, &event).unwrap();
        }
        Box::pin(async {})
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async { Reopened::KeepsNothing })
    }
}
