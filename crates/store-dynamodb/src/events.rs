//! What this home can tell of events: those that the newest version of the subject's own record says.
//! There is no log of what earlier versions said, nor of who heard it, and dead letters lie in queues.

use kernel::audit::Audit;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::BoxFuture;
use kernel::{AnyId, Envelope, Key, StoreError};

use crate::home::Home;
use crate::store::DynamoStore;
use crate::trouble::Trouble;

impl Home {
    /// What the newest version of the subject's record says, first or again.
    async fn said_of(&self, subject: AnyId) -> Result<Vec<Envelope>, Trouble> {
        let mut events = Vec::new();
        let kinds = self.tables.iter().flat_map(|table| &table.kinds);
        for kind in kinds.filter(|kind| kind.sort.is_none() && kind.prefixes == [subject.prefix]) {
            let found = self.record(kind, Key { id: subject, sequence: None }).await?;
            if let Some(stored) = found {
                for said in stored.said.iter() {
                    let built = Envelope::build(&*stored.record, said);
                    events.push(built.map_err(|bad| Trouble::Broken(bad.to_string()))?);
                }
            }
        }
        Ok(events)
    }
}

fn not_kept<T: Send>(what: &str) -> BoxFuture<'static, Result<T, StoreError>> {
    let why = format!("{what} are not kept by this store");
    Box::pin(async move { Err(StoreError::Unavailable(why)) })
}

impl EventsPort for DynamoStore {
    /// Needs a subject. Positions count what its record says.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        let Some(subject) = query.subject else { return not_kept("events without a subject") };
        Box::pin(async move {
            let said = self.patiently(|| self.home.said_of(subject)).await?;
            let logged = (1_u64..).zip(said);
            Ok(logged
                .filter(|(position, _)| query.after.is_none_or(|after| *position > after))
                .filter(|(_, event)| query.topic.is_none_or(|topic| event.kind().topic() == topic))
                .filter(|(_, event)| query.kind.is_none_or(|kind| event.kind() == kind))
                .map(|(position, envelope)| LoggedEvent { position, envelope })
                .take(query.limit)
                .collect())
        })
    }

    /// Nobody writes them down: there are none to be shown.
    fn deliveries(&self, _: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
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
