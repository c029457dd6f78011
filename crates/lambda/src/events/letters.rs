//! Messages that could not be delivered, listed and delivered again. How they become records is not
//! here, see `letters`.

use std::sync::Arc;

use kernel::audit::Act;
use kernel::operators::DeadLetter;
use kernel::record::RecordId;
use kernel::store::{Order, Place, Query};
use kernel::{Context, DeadLetterId, Envelope, Known, Record, Store, StoreError, Value};
use operations::letters::PutAway;
use operations::records::{DeadLetter as Kept, LetterState};

use crate::function::Function;
use crate::letters::Subscribers;

/// Dead letters.
pub(super) struct Letters {
    store: Store,
    subscribers: Arc<dyn Subscribers>,
}

impl Letters {
    pub(super) fn new(store: Store, subscribers: Arc<dyn Subscribers>) -> Self {
        Self { store, subscribers }
    }

    /// Dead letters, oldest first, after the one of that id, at most `limit`.
    pub(super) async fn list(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let last = match after {
            Some(id) => self.letter(&id).await?,
            None => None,
        };
        let query = Query {
            kind: Kept::KIND,
            index: Some("by_state"),
            partition: Value::from(LetterState::Waiting.text()),
            from: None,
            to: None,
            after: last
                .map(|last| Place { sort: last.died_at.micros(), key: last.dead_letter_id.key() }),
            order: Order::OldestFirst,
            limit,
        };
        let letters = self.store.list::<Kept>(query).await?;
        Ok(letters.iter().map(|letter| shown(letter)).collect())
    }

    /// Gives a dead letter to its one subscriber again, or to its relay, which says the record again.
    /// False if there is no such letter. One that names nothing is put away: the clock asks again, and
    /// records that wait for an answer say their events again.
    pub(super) async fn redrive(
        &self,
        id: String,
        act: Act,
        context: Context,
    ) -> Result<bool, StoreError> {
        let letter = self.letter(&id).await?;
        let Some(letter) = letter.filter(|letter| letter.state == LetterState::Waiting) else {
            return Ok(false);
        };
        let function = letter.function.as_str();
        let named = Function::named(function);
        let takes = matches!(named, Some(Function::Subscription(..) | Function::Relay(_)));
        if let Some(message) = letter.message.as_deref().filter(|_| takes) {
            self.subscribers.call(function, &id, message).await?;
        }
        let put_away =
            PutAway { dead_letter_id: letter.dead_letter_id, told_by: letter.told_by.clone(), act };
        self.store.decide(put_away, context).await
    }

    async fn letter(&self, id: &str) -> Result<Option<Known<Kept>>, StoreError> {
        match id.parse::<DeadLetterId>() {
            Ok(id) => self.store.get(id).await,
            Err(_) => Ok(None),
        }
    }
}

fn shown(letter: &Kept) -> DeadLetter {
    let event = letter.message.as_deref().map(Envelope::read);
    let message = letter.message.clone().filter(|_| !matches!(event, Some(Ok(_))));
    DeadLetter {
        id: letter.dead_letter_id.to_string(),
        subscription: letter.function.as_str().into(),
        attempts: letter.attempts,
        reason: letter.reason.clone(),
        at: letter.died_at,
        event: event.and_then(Result::ok),
        message,
    }
}
