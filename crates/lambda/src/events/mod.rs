//! What operators look at beside records, where there is no log of events: what records said, and
//! the letters that could not be delivered. Not in here: the records themselves.

mod letters;

use std::sync::Arc;

use kernel::audit::Act;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::BoxFuture;
use kernel::{Context, Store, StoreError};
use operations::said;

use letters::Letters;

use crate::letters::Subscribers;

/// Events from the records that said them, dead letters from their own.
pub struct Events {
    store: Store,
    letters: Letters,
}

impl Events {
    /// Over a store, with whom dead letters are given to again.
    pub fn new(store: Store, subscribers: Arc<dyn Subscribers>) -> Self {
        Self { letters: Letters::new(store.clone(), subscribers), store }
    }
}

impl EventsPort for Events {
    fn keeps_log(&self) -> bool {
        false
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Box::pin(async move { said::events(&self.store, &query).await })
    }

    /// None: SNS tells nobody how often it tried. What it gave up is a dead letter.
    fn deliveries(&self, _: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(self.letters.list(after, limit))
    }

    fn redrive(
        &self,
        id: String,
        act: Act,
        context: Context,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.letters.redrive(id, act, context))
    }
}
