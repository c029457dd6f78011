//! Dead letters of an event bus of which nothing else is there.

use std::sync::Arc;

use kernel::audit::{Act, Book};
use kernel::context::Context;
use kernel::memory::MemoryStore;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::BoxFuture;
use kernel::{StoreError, Time};
use tokio::sync::Mutex;

pub(crate) struct Letters {
    store: Arc<MemoryStore>,
    dead: Mutex<Vec<String>>,
}

impl Letters {
    pub(crate) fn new(store: Arc<MemoryStore>, ids: &[&str]) -> Self {
        Self { store, dead: Mutex::new(ids.iter().map(|id| (*id).to_owned()).collect()) }
    }

    pub(crate) fn dies(&self, id: &str) {
        self.dead.try_lock().unwrap().push(id.to_owned());
    }
}

impl EventsPort for Letters {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        self.store.events(query)
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        self.store.deliveries(positions)
    }

    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move {
            let dead = self.dead.lock().await;
            let after = after.and_then(|after| dead.iter().position(|id| *id == after));
            let event = self.store.said().into_iter().next().unwrap();
            let letter = |id: &String| DeadLetter {
                id: id.clone(),
                subscription: "process_payment_request".into(),
                attempts: 9,
                reason: "it broke".to_owned(),
                at: Time::from_micros(0),
                event: Some(event.clone()),
                message: None,
            };
            let rest = dead.iter().skip(after.map_or(0, |place| place.saturating_add(1)));
            Ok(rest.take(limit).map(letter).collect())
        })
    }

    fn redrive(
        &self,
        id: String,
        act: Act,
        context: Context,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut dead = self.dead.lock().await;
            let Some(place) = dead.iter().position(|dead| *dead == id) else { return Ok(false) };
            dead.remove(place);
            self.store.run(&Book(act), context)?;
            Ok(true)
        })
    }
}
