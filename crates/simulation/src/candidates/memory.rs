//! The reference store. It hears nothing by itself: `settle` delivers what was said, in order unless
//! a mishap is asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use kernel::manifest::Subscription;
use kernel::memory::MemoryStore;
use kernel::operators::EventsPort;
use kernel::store::BoxFuture;
use kernel::{Envelope, Store};
use parking_lot::Mutex;

use super::Mishap;
use crate::conformance::store::{Candidate, Opened, Reopened, Setup};
use crate::dice::Dice;

/// See the file's comment.
pub struct Memory(pub Mishap);

struct OpenedMemory {
    store: Arc<MemoryStore>,
    subscriptions: Vec<&'static Subscription>,
    mishap: Mishap,
    post: Mutex<Post>,
}

type Letter = (&'static Subscription, Envelope);

struct Post {
    /// How much of the log was taken up.
    taken: usize,
    waiting: VecDeque<Letter>,
    /// They failed once and are tried again when nothing else waits.
    late: Vec<Letter>,
    dead: Vec<Letter>,
    tried: u64,
    dice: Dice,
}

impl Candidate for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>> {
        let Setup { subscriptions, hands, .. } = setup;
        let store = Arc::new(MemoryStore::with(hands.clock, hands.ids));
        let seed = if let Mishap::Shuffled(seed) = self.0 { seed } else { 0 };
        let post = Mutex::new(Post {
            taken: 0,
            waiting: VecDeque::new(),
            late: Vec::new(),
            dead: Vec::new(),
            tried: 0,
            dice: Dice::of(seed),
        });
        let opened = OpenedMemory { store, subscriptions, mishap: self.0, post };
        let opened: Box<dyn Opened> = Box::new(opened);
        Box::pin(async { opened })
    }
}

impl Post {
    fn take_up(&mut self, said: &[Envelope], subscriptions: &[&'static Subscription]) {
        for event in said.iter().skip(self.taken) {
            for subscription in subscriptions {
                if subscription.hears.contains(&event.kind()) {
                    self.waiting.push_back((subscription, event.clone()));
                }
            }
        }
        self.taken = said.len();
    }

    /// The next one to be delivered; none when nothing waits.
    fn next(&mut self, mishap: Mishap) -> Option<Letter> {
        while let Some(letter) = self.pick(mishap) {
            let number = self.tried;
            self.tried += 1;
            match mishap {
                Mishap::Fails(failing) if failing == number => self.late.push(letter),
                Mishap::AllFail => self.late.push(letter),
                Mishap::Dies(dying) if dying == number => self.dead.push(letter),
                Mishap::None | Mishap::Fails(_) | Mishap::Dies(_) | Mishap::Shuffled(_) => {
                    return Some(letter);
                }
            }
        }
        self.late.pop()
    }

    fn pick(&mut self, mishap: Mishap) -> Option<Letter> {
        if !matches!(mishap, Mishap::Shuffled(_)) || self.waiting.is_empty() {
            return self.waiting.pop_front();
        }
        let place = self.dice.below(self.waiting.len());
        if self.dice.once_in(3) {
            self.waiting.get(place).cloned()
        } else {
            self.waiting.remove(place)
        }
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
            let Some((subscription, event)) = post.next(self.mishap) else { break };
            self.store.deliver(subscription, &event).unwrap();
        }
        Box::pin(async {})
    }

    fn redrive(&self) -> BoxFuture<'_, ()> {
        let dead = std::mem::take(&mut self.post.lock().dead);
        for (subscription, event) in dead {
            self.store.deliver(subscription, &event).unwrap();
        }
        Box::pin(async {})
    }

    fn reopen(&mut self) -> BoxFuture<'_, Reopened> {
        Box::pin(async { Reopened::KeepsNothing })
    }
}
