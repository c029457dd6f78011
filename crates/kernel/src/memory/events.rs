//! What was said and who heard it, as operators ask for it. Nothing dies here: there are no dead letters.

use super::MemoryStore;
use crate::audit::Act;
use crate::context::Context;
use crate::id::EventId;
use crate::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use crate::store::{BoxFuture, StoreError};

impl EventsPort for MemoryStore {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        let state = self.lock();
        let found = (1_u64..)
            .zip(&state.events)
            .filter(|(position, _)| query.after.is_none_or(|after| *position > after))
            .filter(|(_, event)| query.topic.is_none_or(|topic| event.kind().topic() == topic))
            .filter(|(_, event)| query.kind.is_none_or(|kind| event.kind() == kind))
            .filter(|(_, event)| {
                query.subject.is_none_or(|subject| event.data.subject() == subject)
            })
            .map(|(position, event)| LoggedEvent { position, envelope: event.clone() })
            .take(query.limit)
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        let state = self.lock();
        let said: Vec<EventId> = (1_u64..)
            .zip(&state.events)
            .filter(|(position, _)| positions.contains(position))
            .map(|(_, event)| event.id)
            .collect();
        let heard = state.deliveries.iter().filter(|delivery| said.contains(&delivery.event));
        let found = heard.cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn dead_letters(
        &self,
        _: Option<String>,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move { Ok(Vec::new()) })
    }

    fn redrive(&self, _: String, _: Act, _: Context) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move { Ok(false) })
    }
}
