//! The manifest's types: what each service declares once, in Rust, of its functions, routes, tables
//! and subscriptions. What mounts or deploys it is not known here.

use std::fmt;

use serde_json::json;

use crate::decision::ErasedDecision;
use crate::event::{Envelope, EventKind, Topic};
use crate::id::Prefix;
use crate::record::{Key, Kind};
use crate::rights::Scope;

/// Everything that a service declares.
#[derive(Debug)]
pub struct ServiceManifest {
    /// Its name: the crate's, the module's, the table's.
    pub name: &'static str,
    /// The kinds of record that it owns.
    pub kinds: &'static [&'static Kind],
    /// Its operations: a route and a function each.
    pub operations: &'static [Operation],
    /// What it hears.
    pub subscriptions: &'static [Subscription],
    /// What it says.
    pub says: &'static [EventKind],
    /// What the clock does.
    pub due: &'static [Due],
    /// The kinds that wait for an answer, for the operators' list of open sagas.
    pub sagas: &'static [Saga],
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever it is, without a token.
    Nobody,
    /// A customer, for what he owns. The operation itself answers 404 for what he does not.
    Owner,
    /// An operator.
    Operator,
    /// A service with that scope.
    Service(Scope),
}

/// The method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Post,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands in a request.
    pub fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation: a route in the program, a function and a route on AWS.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name, unique in the whole system: the function's and the OpenAPI `operationId`.
    pub name: &'static str,
    /// The method of its route.
    pub method: Method,
    /// The path of its route below `/v1`, with `{…}` for what varies.
    pub path: &'static str,
    /// Who may call it.
    pub who: &'static [Who],
    /// The kinds of record that it reads.
    pub reads: &'static [&'static Kind],
    /// The kinds of record that it writes.
    pub writes: &'static [&'static Kind],
    /// The lists that it reads: kinds, each with the index by which. The entries of a chain are
    /// listed by their own key, without an index.
    pub lists: &'static [(&'static Kind, &'static str)],
    /// It asks what was said about such ids. A home without a log of events then reads the records of
    /// every service that says something about them.
    pub events_of: &'static [Prefix],
}

impl Operation {
    /// Whether only operators may call it; what they did with it goes to the audit list.
    pub fn is_operators_only(&self) -> bool {
        self.who == [Who::Operator]
    }
}

/// The event cannot be heard; trying again would not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unprocessable(pub String);

/// Turns an event into the decision that it causes.
pub type React = fn(&Envelope) -> Result<Box<dyn ErasedDecision>, Unprocessable>;

/// A subscription: a service's function that hears some events of a topic.
#[derive(Clone, Copy)]
pub struct Subscription {
    /// The function's name, such as `process_payment_request`.
    pub name: &'static str,
    /// The topic.
    pub topic: Topic,
    /// What it hears of it; the filter policy is made from these.
    pub hears: &'static [EventKind],
    /// What an event causes.
    pub react: React,
    /// The kinds of record that the decision reads and writes.
    pub writes: &'static [&'static Kind],
}

impl Subscription {
    /// The filter policy on message attributes, in both homes.
    pub fn filter_policy(&self) -> serde_json::Value {
        let names: Vec<_> = self.hears.iter().map(|kind| kind.name()).collect();
        json!({ "event_type": names })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.name, self.topic.name())
    }
}

/// Something that the clock does: the records whose time has come, and what is decided of each.
#[derive(Clone, Copy)]
pub struct Due {
    /// Its name, such as `expire_holds`: a thread's work in the program, a scheduled function on AWS.
    pub name: &'static str,
    /// The kind of record.
    pub kind: &'static Kind,
    /// The index, partitioned by [`Shard`](crate::record::Shard), whose sort column is the moment
    /// at which the record is due.
    pub index: &'static str,
    /// What is decided of a record that is due.
    pub decide: fn(Key) -> Box<dyn ErasedDecision>,
}

impl fmt::Debug for Due {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} by {}", self.name, self.index)
    }
}

/// A kind of record that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Saga {
    /// Its name, such as `payment`.
    pub name: &'static str,
    /// The kind of record.
    pub kind: &'static Kind,
    /// The index of those that wait, partitioned by [`Shard`](crate::record::Shard).
    pub index: &'static str,
    /// The column that says since when it waits.
    pub waiting_since: &'static str,
}
