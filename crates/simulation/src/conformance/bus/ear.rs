//! A listener that notes what it hears, and does with it what the test says: answers, waits, fails,
//! panics.

use std::sync::Arc;

use kernel::store::BoxFuture;
use kernel::{Envelope, EventId};
use parking_lot::Mutex;
use store_embedded::bus::Listener;
use tokio::sync::watch;

/// What an ear does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Hears it.
    Hear,
    /// Says that it could not.
    Fail,
    /// Panics.
    Panic,
    /// Does not come back.
    Hang,
}

/// What it does with which message.
type Choose = Box<dyn Fn(&Envelope) -> Does + Send>;

/// See the file's comment.
pub(super) struct Ear {
    heard: watch::Sender<Vec<EventId>>,
    does: Mutex<Choose>,
}

impl Ear {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            heard: watch::Sender::new(Vec::new()),
            does: Mutex::new(Box::new(|_| Does::Hear)),
        })
    }

    /// From now on.
    pub(super) fn does(&self, does: impl Fn(&Envelope) -> Does + Send + 'static) {
        *self.does.lock() = Box::new(does);
    }

    /// What came, each time that it came.
    pub(super) fn heard(&self) -> Vec<EventId> {
        self.heard.borrow().clone()
    }

    /// Waits until it was given so many messages.
    pub(super) async fn until(&self, count: usize) {
        self.heard.subscribe().wait_for(|heard| heard.len() >= count).await.unwrap();
    }
}

impl Listener for Ear {
    fn hear(&self, event: Envelope) -> BoxFuture<'static, Result<(), String>> {
        let does = (self.does.lock())(&event);
        self.heard.send_modify(|heard| heard.push(event.id));
        Box::pin(async move {
            match does {
                Does::Hear => Ok(()),
                Does::Fail => Err("it could not".to_owned()),
                Does::Panic => panic!("an ear that panics, as the test wants"),
                Does::Hang => std::future::pending().await,
            }
        })
    }
}
