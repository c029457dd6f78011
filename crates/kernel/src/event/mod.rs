//! Events: what is said, in which envelope, and how it is built from the record that said it. How it
//! travels (the embedded bus, SNS) is not known here.

mod contracts;
mod declare;
mod envelope;

pub use contracts::*;
pub use envelope::{BadEvent, DATASCHEMA_BASE, Envelope};

use crate::context::{CorrelationId, TraceParent};
use crate::id::EventId;
use crate::time::Time;

/// The topics. On SNS each is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `loan_events`
    Loan,
    /// `payment_events`
    Payment,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 2] = [Self::Loan, Self::Payment];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loan => "loan_events",
            Self::Payment => "payment_events",
        }
    }
}

/// What a record keeps of an event that it said: all that the record itself does not say for good.
/// The envelope is built from both, and is identical when it is said again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The event's id.
    pub id: EventId,
    /// Its type.
    pub kind: EventKind,
    /// When it was said first.
    pub at: Time,
    /// The record's version that said it first.
    pub sequence: u64,
    /// The event that caused it; none for a request.
    pub causation: Option<EventId>,
    /// Shared by the whole saga.
    pub correlation: CorrelationId,
    /// The trace it belongs to.
    pub trace: Option<TraceParent>,
    /// One datum that the record does not say, or not for good. What it is depends on the type.
    pub detail: Option<Box<str>>,
}

impl Said {
    /// With the datum that the record does not say for good.
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
