//! What the clock does: what each service declares as due, and how many sagas are open.

use kernel::due::{Pace, in_shard};
use kernel::manifest::Due;
use kernel::record::{Column, Shard};
use kernel::store::{Order, Query};
use kernel::{Ids, Kind, Stored, Time};

use super::{Institution, SERVICES};

/// As many of one shard as any test has.
const MANY: usize = 10_000;

/// One after another, so that histories can be compared.
const PACE: Pace = Pace { page: 1, partitions: 1, until: Time::MAX };

/// The same correlation each time, so that they can be.
struct Same;

impl Ids for Same {
    fn draw(&self) -> u128 {
        7
    }
}

impl Institution {
    /// Decides of everything that is due now. What is said by it is heard before the next is looked
    /// for: some stores have it heard in the same step.
    pub async fn tick(&self) {
        for due in SERVICES.iter().flat_map(|service| service.due) {
            for shard in Shard::all() {
                let done = in_shard(&**self.store().port(), due, shard, PACE, &Same).await.unwrap();
                assert_eq!(done.failed, [], "{}", due.name);
            }
            self.settle().await;
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
