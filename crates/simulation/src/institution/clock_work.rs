//! What the clock does: what each service declares as due, and how many sagas are open.

use kernel::manifest::Due;
use kernel::record::{Column, Shard};
use kernel::store::{Order, Query};
use kernel::{Kind, Stored};

use super::{Institution, SERVICES, request};

/// As many of one shard as any test has.
const MANY: usize = 10_000;

impl Institution {
    /// Decides of everything that is due now.
    pub async fn tick(&self) {
        for due in SERVICES.iter().flat_map(|service| service.due) {
            for stored in self.due_of(due).await {
                let decision = (due.decide)(stored.record.key());
                self.store().port().decide(decision, request()).await.unwrap();
            }
        }
    }

    /// How many records are due now.
    pub async fn due(&self) -> usize {
        let mut count = 0;
        for due in SERVICES.iter().flat_map(|service| service.due) {
            count += self.due_of(due).await.len();
        }
        count
    }

    async fn due_of(&self, due: &Due) -> Vec<Stored> {
        let until = self.now().micros() + 1;
        self.in_shards(due.kind, due.index, Some(until)).await
    }

    /// How many records wait for an answer.
    pub async fn open_sagas(&self) -> usize {
        let mut open = 0;
        for saga in SERVICES.iter().flat_map(|service| service.sagas) {
            open += self.in_shards(saga.kind, saga.index, None).await.len();
        }
        open
    }

    async fn in_shards(
        &self,
        kind: &'static Kind,
        index: &'static str,
        to: Option<i64>,
    ) -> Vec<Stored> {
        let mut found = Vec::new();
        for shard in Shard::all() {
            let query = Query {
                kind,
                index: Some(index),
                partition: shard.to_value().into_owned(),
                from: None,
                to,
                after: None,
                order: Order::OldestFirst,
                limit: MANY,
            };
            found.extend(self.store().port().list(query).await.unwrap());
        }
        found
    }
}
