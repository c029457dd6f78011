//! Every function on AWS Lambda: one artifact, of which a function is picked by its handler's name.
//! Routes behind the gateway, subscriptions to topics, relays of tables' streams, what the clock does,
//! the check of the ledger and that of its own rights, the keys of sign-in. What they decide stands in
//! the services; here is only how Lambda's events become requests and decisions, and how AWS is reached.

mod callers;
pub mod check;
mod due;
mod events;
mod failure;
mod function;
mod gateway;
mod handler;
mod hear;
mod keys;
mod ledger;
mod letters;
pub mod log;
mod metrics;
pub mod open;
mod relay;
mod settings;

pub use callers::Callers;
pub use events::Events;
pub use failure::Failure;
pub use function::{
    Function, KEEP_DEAD_LETTERS, KEEP_SIGNING_KEYS, RELAY, SERVICES, VERIFY_LEDGER,
};
pub use gateway::Edge;
pub use handler::{Base, Handler};
pub use keys::KeySource;
pub use letters::{LambdaSubscribers, Subscribers};
pub use metrics::Metrics;
pub use relay::{Message, Publisher, SnsPublisher, Unpublished};
pub use settings::{Lookup, Settings};
