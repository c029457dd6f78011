//! What every case stands on: a store with three subscribers, a clock that is moved by hand, and a
//! probe that makes deliveries fail.

use std::sync::Arc;
use std::time::Duration;

use kernel::audit::{Act, AuditLine, WasBooked};
use kernel::manifest::Unprocessable;
use kernel::operators::{DeadLetter, Delivery, DeliveryState, EventQuery, EventsPort};
use kernel::record::Hash32;
use kernel::request::RequestKey;
use kernel::time::System;
use kernel::{
    Decision, Envelope, EventId, EventKind, Id, Ids, Known, PaymentId, Record, Store, Topic,
};
use parking_lot::Mutex;
use store_embedded::bus::{Hearer, Probe, Retries, Subscriber};
use store_embedded::policy::FilterPolicy;
use store_embedded::{Durability, EmbeddedStore, Options};
use tempfile::TempDir;

use super::ear::Ear;
use crate::candidates::temporary_folder;
use crate::conformance::store::decisions::{Change, Create, SayCardAgain};
use crate::conformance::store::kinds::{Card, KINDS, Mark, card, chain};
use crate::conformance::store::reactions::{BOOK_MARK, CLOSE_CARD};
use crate::hands::HandClock;
use crate::institution::{By, request};

/// The wait after a first failure; it doubles.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(1);

/// So many attempts, then it is a dead letter.
pub(super) const ATTEMPTS_MAX: u32 = 4;

const RETRIES: Retries = Retries {
    first_wait: FIRST_WAIT,
    longest_wait: Duration::from_secs(120),
    attempts_max: ATTEMPTS_MAX,
};

type Fails = Box<dyn Fn(&str, &Envelope, u32) -> bool + Send>;

/// Fails what the test says.
pub(super) struct Script(Mutex<Fails>);

impl Probe for Script {
    fn deliver(&self, subscription: &str, event: &Envelope, attempt: u32) -> Result<(), String> {
        let fails = (self.0.lock())(subscription, event, attempt);
        if fails { Err(format!("failure {attempt}")) } else { Ok(()) }
    }
}

/// See the file's comment. A card asks with `PAYMENT_VOID_REQUESTED`, which `book_mark` books in the
/// card's own chain; `close_card` hears its answer, and the ear everything of payments.
pub(super) struct Stage {
    durability: Durability,
    folder: TempDir,
    pub(super) clock: Arc<HandClock>,
    script: Arc<Script>,
    pub(super) ear: Arc<Ear>,
    pub(super) store: Arc<EmbeddedStore>,
    more: Vec<Subscriber>,
}

/// A subscriber that listens.
pub(super) fn listener(name: &str, topic: Topic, policy: &str, ear: &Arc<Ear>) -> Subscriber {
    Subscriber {
        name: name.into(),
        topic,
        policy: FilterPolicy::parse(policy).unwrap(),
        hearer: Hearer::Listen(ear.clone()),
    }
}

/// A subscriber that hears requests and can make nothing of them.
pub(super) fn deaf() -> Subscriber {
    Subscriber {
        name: "deaf".into(),
        topic: Topic::Payment,
        policy: FilterPolicy::parse(r#"{"event_type": ["PAYMENT_VOID_REQUESTED"]}"#).unwrap(),
        hearer: Hearer::Decide(|_| Err(Unprocessable("it hears nothing".to_owned()))),
    }
}

impl Stage {
    pub(super) fn open(durability: Durability) -> Self {
        let folder = temporary_folder();
        let clock = Arc::new(HandClock::default());
        let script = Arc::new(Script(Mutex::new(Box::new(|_, _, _| false))));
        let ear = Ear::new();
        let options = options(&folder, durability, (&clock, &script, &ear), Vec::new());
        let store = EmbeddedStore::open(options).unwrap();
        Self { durability, folder, clock, script, ear, store, more: Vec::new() }
    }

    /// Every case ends so: nothing is left that is neither delivered nor dead.
    pub(super) async fn end(&mut self) {
        self.script(|_, _, _| false);
        self.ear.does(|_| super::ear::Does::Hear);
        self.reopen_with(self.more.clone()).await;
        self.until(async || {
            self.clock.pass(Duration::from_secs(200));
            self.poke().await;
            self.open_deliveries().await.is_empty()
        })
        .await;
    }

    /// Closes it and opens it again, with these subscribers beside the usual ones.
    pub(super) async fn reopen_with(&mut self, more: Vec<Subscriber>) {
        self.more.clone_from(&more);
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.close()).await.unwrap();
        let own = (&self.clock, &self.script, &self.ear);
        let options = options(&self.folder, self.durability, own, more);
        self.store = EmbeddedStore::open(options).unwrap();
    }

    pub(super) async fn reopen(&mut self) {
        self.reopen_with(Vec::new()).await;
    }

    /// Says which deliveries fail from now on.
    pub(super) fn script(&self, fails: impl Fn(&str, &Envelope, u32) -> bool + Send + 'static) {
        *self.script.0.lock() = Box::new(fails);
    }

    pub(super) fn records(&self) -> Store {
        Store::new(self.store.clone())
    }

    async fn decide<D: Decision>(&self, decision: D) -> D::Outcome {
        self.records().decide(decision, request()).await.unwrap()
    }

    /// A card asks; gives back the event.
    pub(super) async fn ask(&self, name: &str) -> EventId {
        let asks = Create::one(Card::of(name)).saying(EventKind::PaymentVoidRequested);
        self.decide(asks).await.unwrap();
        self.said(name).await[0].id
    }

    /// A card says something that nobody but the ear hears.
    pub(super) async fn mention(&self, name: &str) {
        let mentions = Change::count(card(name)).saying(EventKind::PaymentFailed, "mentioned");
        assert!(self.decide(mentions).await.is_some());
    }

    /// Lets the store make a step, in which it delivers what is due.
    pub(super) async fn poke(&self) {
        let name = format!("poke-{}", fresh());
        self.decide(Create::one(Card::of(&name))).await.unwrap();
    }

    pub(super) async fn said(&self, name: &str) -> Vec<Envelope> {
        let subject = Some(card(name).any());
        let query = EventQuery { subject, limit: 100, ..EventQuery::default() };
        let events = self.store.events(query).await.unwrap();
        events.into_iter().map(|event| event.envelope).collect()
    }

    /// The totals of the chain of a name.
    pub(super) async fn marks(&self, name: &str) -> usize {
        let head = self.records().head::<Mark>(chain(name)).await.unwrap();
        head.map_or(0, |head| usize::try_from(head.sequence).unwrap() + 1)
    }

    pub(super) async fn card(&self, name: &str) -> Known<Card> {
        self.records().get::<Card>(card(name)).await.unwrap().unwrap()
    }

    /// Every delivery of an event, by the name of the subscription.
    pub(super) async fn deliveries(&self, event: EventId) -> Vec<Delivery> {
        let query = EventQuery { limit: 1_000, ..EventQuery::default() };
        let mut said = self.store.events(query).await.unwrap();
        said.retain(|said| said.envelope.id == event);
        let positions = said.iter().map(|said| said.position).collect();
        let mut deliveries = self.store.deliveries(positions).await.unwrap();
        deliveries.sort_by(|one, other| one.subscription.cmp(&other.subscription));
        deliveries
    }

    /// One delivery in a word: its state, how often it was tried, and why it failed last.
    pub(super) async fn delivery(&self, event: EventId, subscription: &str) -> String {
        let deliveries = self.deliveries(event).await;
        let words = deliveries.iter().filter(|one| &*one.subscription == subscription).map(|one| {
            let reason = one.reason.as_ref().map_or(String::new(), |why| format!(" ({why})"));
            format!("{} {}{reason}", one.state.text(), one.attempts)
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// Waits until that delivery is as expected. What is expected must be where it stays.
    pub(super) async fn until_delivery(&self, event: EventId, subscription: &str, expected: &str) {
        self.until(async || self.delivery(event, subscription).await == expected).await;
    }

    /// Asks again and again until it is so; the case's own patience is the limit.
    pub(super) async fn until(&self, is_so: impl AsyncFn() -> bool) {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn open_deliveries(&self) -> Vec<Delivery> {
        let query = EventQuery { limit: 1_000, ..EventQuery::default() };
        let events = self.store.events(query).await.unwrap();
        let positions = events.iter().map(|event| event.position).collect();
        let mut deliveries = self.store.deliveries(positions).await.unwrap();
        deliveries
            .retain(|one| !matches!(one.state, DeliveryState::Delivered | DeliveryState::Dead));
        deliveries
    }

    pub(super) async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.store.dead_letters(None, 100).await.unwrap()
    }

    /// As an operator would. False if there is no such letter.
    pub(super) async fn redrive(&self, id: &str) -> bool {
        let key = RequestKey { uuid: fresh(), body: Hash32([0; 32]) };
        let act = Act::of(&By::Operator.caller(), "operations", "redrive", id).keyed(Some(key));
        let redriven = self.store.redrive(id.to_owned(), act.clone(), request()).await.unwrap();
        let was_booked = self.records().decide(WasBooked(act), request()).await.unwrap();
        assert_eq!(was_booked, redriven, "an act and its line in the list go together");
        redriven
    }

    /// A card says again what its latest version said.
    pub(super) async fn say_again(&self, name: &str) {
        self.decide(SayCardAgain(card(name))).await;
    }

    pub(super) fn card_id(name: &str) -> PaymentId {
        card(name)
    }
}

/// A number that was never drawn before.
fn fresh() -> u128 {
    System.draw()
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.store.close();
    }
}

fn options(
    folder: &TempDir,
    durability: Durability,
    (clock, script, ear): (&Arc<HandClock>, &Arc<Script>, &Arc<Ear>),
    more: Vec<Subscriber>,
) -> Options {
    let own = [
        Subscriber::of(&BOOK_MARK).unwrap(),
        Subscriber::of(&CLOSE_CARD).unwrap(),
        listener("ear", Topic::Payment, r#"{"event_type": [{"prefix": "PAYMENT_"}]}"#, ear),
    ];
    let kinds = KINDS.into_iter().chain([AuditLine::KIND]).collect();
    Options {
        durability,
        retries: RETRIES,
        clock: clock.clone(),
        probe: Some(script.clone()),
        ..Options::new(folder.path(), kinds, own.into_iter().chain(more).collect())
    }
}
