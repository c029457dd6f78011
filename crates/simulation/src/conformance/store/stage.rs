//! What every case of the suite stands on: an open store, and the few things that cases do with it.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use kernel::context::CorrelationId;
use kernel::operators::{EventQuery, EventsPort, LoggedEvent};
use kernel::record::Column;
use kernel::store::{Order, Query};
use kernel::{AnyId, ChainId, Context, Decision, Envelope, Id, Known, PaymentId, Record, Store};

use super::candidate::{Candidate, Opened, Reopened, Setup};
use super::decisions::{Change, Create, WasThere};
use super::kinds::{Card, KINDS, Mark, wallet};
use super::reactions::SUBSCRIPTIONS;
use crate::hands::Hands;

/// See the file's comment.
pub(super) struct Stage {
    opened: Box<dyn Opened>,
}

/// The context of a request.
pub(super) fn request() -> Context {
    Context::request(CorrelationId(7), None)
}

impl Stage {
    pub(super) async fn open(candidate: &dyn Candidate) -> Self {
        let setup = Setup {
            kinds: KINDS.to_vec(),
            subscriptions: SUBSCRIPTIONS.to_vec(),
            hands: Hands::default(),
        };
        Self { opened: candidate.open(setup).await }
    }

    /// Every case ends so: everything that was said was heard.
    pub(super) async fn end(&mut self) {
        self.settle().await;
        assert_eq!(self.opened.unsent(SUBSCRIPTIONS.to_vec()).await, [""; 0]);
    }

    pub(super) fn store(&self) -> Store {
        self.opened.store()
    }

    pub(super) fn events(&self) -> Arc<dyn EventsPort> {
        self.opened.events()
    }

    pub(super) async fn settle(&self) {
        self.opened.settle().await;
    }

    pub(super) async fn reopen(&mut self) -> Reopened {
        self.opened.reopen().await
    }

    pub(super) async fn decide<D: Decision>(&self, decision: D) -> D::Outcome {
        self.store().decide(decision, request()).await.unwrap()
    }

    /// Makes a card that must not be there.
    pub(super) async fn make(&self, card: Card) {
        assert_eq!(self.decide(Create::one(card)).await, Ok::<(), WasThere<PaymentId>>(()));
    }

    /// Changes a card that must be there.
    pub(super) async fn change(
        &self,
        card_id: PaymentId,
        how: impl Fn(&Card) -> Card + Send + Sync + 'static,
    ) {
        assert!(self.decide(Change::of(card_id, how)).await.is_some(), "there is no {card_id}");
    }

    pub(super) async fn card(&self, id: PaymentId) -> Known<Card> {
        self.find_card(id).await.unwrap_or_else(|| panic!("there is no {id}"))
    }

    pub(super) async fn find_card(&self, id: PaymentId) -> Option<Known<Card>> {
        self.store().get::<Card>(id).await.unwrap()
    }

    pub(super) async fn head(&self, of: ChainId) -> Option<Known<Mark>> {
        self.store().head::<Mark>(of).await.unwrap()
    }

    /// Every entry of a chain, oldest first.
    pub(super) async fn marks(&self, of: ChainId) -> Vec<Known<Mark>> {
        self.store().list::<Mark>(entries(of)).await.unwrap()
    }

    /// The titles of a list of cards, in its order.
    pub(super) async fn titles(&self, query: Query) -> String {
        let cards = self.store().list::<Card>(query).await.unwrap();
        let titles: Vec<_> = cards.iter().map(|card| card.title.as_str()).collect();
        titles.join(" ")
    }

    /// What was said about a subject, in order.
    pub(super) async fn said(&self, subject: impl Id) -> Vec<Envelope> {
        self.logged(subject.any()).await.into_iter().map(|event| event.envelope).collect()
    }

    /// The same with the positions in the log.
    pub(super) async fn logged(&self, subject: AnyId) -> Vec<LoggedEvent> {
        let query = EventQuery { subject: Some(subject), limit: 1_000, ..EventQuery::default() };
        self.events().events(query).await.unwrap()
    }

    /// Makes decisions all at once, each in a task of its own; their outcomes in the order given.
    pub(super) async fn at_once<D: Decision>(
        &self,
        decisions: impl IntoIterator<Item = D>,
    ) -> Vec<D::Outcome> {
        let started: Vec<_> = decisions
            .into_iter()
            .map(|decision| {
                let store = self.store();
                tokio::spawn(async move { store.decide(decision, request()).await })
            })
            .collect();
        let mut outcomes = Vec::with_capacity(started.len());
        for one in started {
            outcomes.push(one.await.unwrap().unwrap());
        }
        outcomes
    }
}

/// The cards of a shelf, lowest rank first, at most a hundred.
pub(super) fn shelf(name: &str) -> Query {
    by("by_shelf", &wallet(name), Card::KIND)
}

/// The entries of a chain, oldest first, at most a thousand.
pub(super) fn entries(of: ChainId) -> Query {
    Query { index: None, limit: 1_000, ..by("", &of, Mark::KIND) }
}

/// A list by an index, lowest first, at most a hundred.
pub(super) fn by(
    index: &'static str,
    partition: &impl Column,
    kind: &'static kernel::Kind,
) -> Query {
    Query {
        kind,
        index: Some(index),
        partition: partition.to_value().into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::OldestFirst,
        limit: 100,
    }
}

/// Polls a future once, so that it has begun, and gives back whether it is done.
pub(super) async fn has_come<F: Future + Unpin>(future: &mut F) -> bool {
    let mut future = pin!(future);
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

/// Asserts that two things look alike; what differs is shown.
pub(super) fn check(found: impl fmt::Display, expected: &str) {
    assert_eq!(found.to_string(), expected);
}
