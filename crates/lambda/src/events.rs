//! What operators look at beside records, where there is no log of events: nothing of it is kept here
//! by itself. Not in here: the records, which keep what they said last.

use kernel::StoreError;
use kernel::audit::Audit;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::BoxFuture;

/// There is no log: lists of events, and dead letters, are looked at in AWS's own queues.
pub(crate) struct NoEvents;

fn not_kept<T: Send>(what: &str) -> BoxFuture<'static, Result<T, StoreError>> {
    let why = format!("{what} are not kept by this deployment; look at the queues of its topics");
    Box::pin(async move { Err(StoreError::Unavailable(why)) })
}

impl EventsPort for NoEvents {
    fn events(&self, _: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        not_kept("events")
    }

    fn deliveries(&self, _: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        not_kept("deliveries")
    }

    fn dead_letters(
        &self,
        _: Option<String>,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        not_kept("dead letters")
    }

    fn redrive(&self, _: String, _: Audit) -> BoxFuture<'_, Result<bool, StoreError>> {
        not_kept("dead letters")
    }
}
