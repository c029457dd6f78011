//! What the suite asks of whoever brings a store to it.

use std::sync::Arc;

use kernel::audit::Act;
use kernel::manifest::Subscription;
use kernel::operators::{DeliveryState, EventQuery, EventsPort};
use kernel::record::Hash32;
use kernel::request::RequestKey;
use kernel::store::BoxFuture;
use kernel::{Kind, Store};

use crate::hands::Hands;
use crate::institution::{By, request};

/// What a store is opened with.
#[derive(Clone)]
pub struct Setup {
    /// Every kind of record that it keeps.
    pub kinds: Vec<&'static Kind>,
    /// Who hears what is said.
    pub subscriptions: Vec<&'static Subscription>,
    /// Where time and ids come from.
    pub hands: Hands,
}

/// Somebody who can open stores, each of them empty.
pub trait Candidate: Send + Sync {
    /// By which its cases are told from another's.
    fn name(&self) -> &'static str;

    /// An empty store.
    fn open(&self, setup: Setup) -> BoxFuture<'_, Box<dyn Opened>>;
}

/// What became of a store that was closed and opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopened {
    /// It is open, and should hold what it held.
    AsItWas,
    /// This store keeps nothing beyond its end; nothing was done.
    KeepsNothing,
}

/// An open store.
pub trait Opened: Send + Sync {
    /// For records.
    fn store(&self) -> Store;

    /// For events.
    fn events(&self) -> Arc<dyn EventsPort>;

    /// Comes back when everything that was said was heard, and what that caused.
    fn settle(&self) -> BoxFuture<'_, ()>;

    /// Every delivery that has not come to an end, and every one that is missing, in words.
    fn unsent(&self, subscriptions: Vec<&'static Subscription>) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async move { unsent(&*self.events(), &subscriptions).await })
    }

    /// Gives every dead letter to its subscriber again.
    fn redrive(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let caller = By::Operator.caller();
            let letters = self.events().dead_letters(None, 1_000).await.unwrap();
            for letter in letters {
                let operation = ["redrive_dead_letter", &letter.id];
                let key = RequestKey::new(&caller.sub, &operation, "key", Hash32([0; 32]));
                let act = Act::of(&caller, "operations", operation[0], &letter.id);
                let act = act.keyed(Some(key));
                let redriven = self.events().redrive(letter.id, act, request()).await;
                assert!(redriven.unwrap());
            }
        })
    }

    /// Closes the store and opens it again on what it left behind.
    fn reopen(&mut self) -> BoxFuture<'_, Reopened>;
}

/// Every delivery that has not come to an end, and every one that is missing, in words.
pub async fn unsent(events: &dyn EventsPort, subscriptions: &[&Subscription]) -> Vec<String> {
    const PAGE: usize = 500;
    let mut unsent = Vec::new();
    let mut after = None;
    loop {
        let query = EventQuery { after, limit: PAGE, ..EventQuery::default() };
        let page = events.events(query).await.unwrap();
        let positions = page.iter().map(|event| event.position).collect();
        let deliveries = events.deliveries(positions).await.unwrap();
        for event in &page {
            let (id, kind) = (event.envelope.id, event.envelope.kind());
            for subscription in subscriptions.iter().filter(|one| one.hears.contains(&kind)) {
                let name = subscription.name;
                let mut states = deliveries
                    .iter()
                    .filter(|delivery| delivery.event == id && *delivery.subscription == *name)
                    .map(|delivery| delivery.state)
                    .peekable();
                if states.peek().is_none() {
                    unsent.push(format!("{} {id} for {name}: never tried", kind.name()));
                }
                let open = |state: &DeliveryState| {
                    !matches!(state, DeliveryState::Delivered | DeliveryState::Dead)
                };
                let open = states.filter(open).map(DeliveryState::text);
                unsent
                    .extend(open.map(|state| format!("{} {id} for {name}: {state}", kind.name())));
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.position),
            Some(_) | None => return unsent,
        }
    }
}
