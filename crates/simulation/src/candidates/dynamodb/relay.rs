//! What AWS does around the store, in this process: a relay reads the tables' streams and builds the
//! events, topics hand each to whoever's filter policy it matches. All that was said and heard is
//! written down, for the suites to ask.

use kernel::manifest::Subscription;
use kernel::operators::{Delivery, DeliveryState, EventQuery, LoggedEvent};
use kernel::{Clock, Envelope};
use store_dynamodb::emulator::Stream;
use store_dynamodb::items::{envelopes, kind_of};
use store_dynamodb::tables::{SAYS, Table};
use store_embedded::policy::{Attributes, FilterPolicy};

use crate::candidates::Mishap;
use crate::candidates::post::{Letter, Post};

/// See the file's comment.
pub(super) struct Relay {
    streams: Vec<(Table, Stream)>,
    subscribers: Vec<(&'static Subscription, FilterPolicy)>,
    log: Vec<Envelope>,
    deliveries: Vec<Delivery>,
    post: Post,
}

impl Relay {
    pub(super) fn new(
        streams: Vec<(Table, Stream)>,
        subscriptions: &[&'static Subscription],
        mishap: Mishap,
    ) -> Self {
        let policy = |one: &Subscription| FilterPolicy::from_json(&one.filter_policy()).unwrap();
        let subscribers = subscriptions.iter().map(|one| (*one, policy(one))).collect();
        let post = Post::new(mishap);
        Self { streams, subscribers, log: Vec::new(), deliveries: Vec::new(), post }
    }

    /// Takes up what was written since. What says nothing does not come through the stream's filter.
    pub(super) async fn take_up(&mut self) {
        for (table, stream) in &mut self.streams {
            for item in stream.read().await.unwrap() {
                if !item.contains_key(SAYS) {
                    continue;
                }
                let kind = kind_of(table, &item).unwrap();
                for event in envelopes(kind, &item).unwrap() {
                    self.post.take_up(addressed(&self.subscribers, &event));
                    self.log.push(event);
                }
            }
        }
    }

    pub(super) fn next(&mut self) -> Option<Letter> {
        self.post.next()
    }

    pub(super) fn take_dead(&mut self) -> Vec<Letter> {
        self.post.take_dead()
    }

    /// Notes that it was heard.
    pub(super) fn heard(&mut self, (subscription, event): &Letter, clock: &dyn Clock) {
        let now = clock.now();
        self.deliveries.push(Delivery {
            event: event.id,
            subscription: subscription.name.into(),
            attempts: 1,
            state: DeliveryState::Delivered,
            at: Some(now),
            took: Some(now.since(event.time)),
            reason: None,
        });
    }

    pub(super) fn events(&self, query: &EventQuery) -> Vec<LoggedEvent> {
        (1_u64..)
            .zip(&self.log)
            .filter(|(position, _)| query.after.is_none_or(|after| *position > after))
            .filter(|(_, event)| query.topic.is_none_or(|topic| event.kind().topic() == topic))
            .filter(|(_, event)| query.kind.is_none_or(|kind| event.kind() == kind))
            .filter(|(_, event)| {
                query.subject.is_none_or(|subject| event.data.subject() == subject)
            })
            .map(|(position, event)| LoggedEvent { position, envelope: event.clone() })
            .take(query.limit)
            .collect()
    }

    pub(super) fn deliveries(&self, positions: &[u64]) -> Vec<Delivery> {
        let said: Vec<_> = (1_u64..)
            .zip(&self.log)
            .filter(|(position, _)| positions.contains(position))
            .map(|(_, event)| event.id)
            .collect();
        let heard = self.deliveries.iter().filter(|delivery| said.contains(&delivery.event));
        heard.cloned().collect()
    }
}

/// The event for each subscriber of its topic whose policy it matches.
fn addressed(
    subscribers: &[(&'static Subscription, FilterPolicy)],
    event: &Envelope,
) -> Vec<Letter> {
    let (kind, subject) = (event.kind(), event.data.subject().to_string());
    let attributes = Attributes::of_event(kind.name(), kind.schema_version().into(), &subject);
    subscribers
        .iter()
        .filter(|(one, policy)| one.topic == kind.topic() && policy.matches(&attributes))
        .map(|(one, _)| (*one, event.clone()))
        .collect()
}
