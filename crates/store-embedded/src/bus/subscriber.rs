//! A subscriber: a topic, a filter policy, and either a decision that runs in the ledger's own steps
//! or a listener that works outside of them.

use std::fmt;
use std::sync::Arc;

use kernel::manifest::{React, Subscription};
use kernel::store::BoxFuture;
use kernel::{Envelope, EventKind, Topic};

use crate::policy::{Attributes, FilterPolicy, PolicyRefused};

/// Somebody who hears events outside of the ledger: slow, remote, or not a decision at all. May hear
/// an event more than once.
pub trait Listener: Send + Sync + 'static {
    /// Hears an event. An error is tried again later.
    fn hear(&self, event: Envelope) -> BoxFuture<'static, Result<(), String>>;
}

/// How a subscriber hears.
#[derive(Clone)]
pub enum Hearer {
    /// By a decision, in the same step that said the event if there is room, else in the next.
    Decide(React),
    /// Outside, after the event is durable, beside everything else.
    Listen(Arc<dyn Listener>),
}

/// A subscriber of the embedded bus.
#[derive(Clone)]
pub struct Subscriber {
    /// Its name, unique in the store.
    pub name: Arc<str>,
    /// What it listens to.
    pub topic: Topic,
    /// What of that.
    pub policy: FilterPolicy,
    /// How.
    pub hearer: Hearer,
}

impl Subscriber {
    /// The subscription of a service's manifest.
    ///
    /// # Errors
    /// When SNS would refuse its filter policy.
    pub fn of(subscription: &Subscription) -> Result<Self, PolicyRefused> {
        Ok(Self {
            name: subscription.name.into(),
            topic: subscription.topic,
            policy: FilterPolicy::from_json(&subscription.filter_policy())?,
            hearer: Hearer::Decide(subscription.react),
        })
    }

    /// Whether it hears an event of this type with these attributes.
    pub(crate) fn hears(&self, kind: EventKind, attributes: &Attributes<'_>) -> bool {
        self.topic == kind.topic() && self.policy.matches(attributes)
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.name, self.topic.name())
    }
}
