//! What operators look at beside records, where there is no log of events: what records said, and
//! the letters that could not be delivered. Not in here: the records themselves.

mod letters;
mod said;

use kernel::StoreError;
use kernel::audit::Audit;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::BoxFuture;

use letters::Letters;
use said::SaidByRecords;

/// Events from the records that said them, dead letters from where AWS lays them.
#[derive(Default)]
pub(crate) struct Events {
    said: SaidByRecords,
    letters: Letters,
}

impl EventsPort for Events {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Box::pin(self.said.events(query))
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(self.said.deliveries(positions))
    }

    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(self.letters.list(after, limit))
    }

    fn redrive(&self, id: String, audit: Audit) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.letters.redrive(id, audit))
    }
}

fn not_kept<T>(what: &str) -> Result<T, StoreError> {
    let why = format!("{what} are not kept by this deployment; look at the queues of its topics");
    Err(StoreError::Unavailable(why))
}
