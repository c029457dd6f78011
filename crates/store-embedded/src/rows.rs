//! The rows of one step of the store: what the ledger makes, the journal writes and SQLite keeps.
//! Plain data. How it is encoded stands in `journal`, how it is stored in `sqlite`.

use std::sync::Arc;

use kernel::operators::DeliveryState;
use kernel::{AnyId, AnyRecord, Key, Kind, Said, Stored, Time};

/// Which database it is: drawn when it is made, and anew for every copy that goes its own way. A
/// journal's segments say which one they stand in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lineage(pub [u8; 16]);

/// What the database says of the journal in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which database it is.
    pub lineage: Lineage,
    /// The number of the last batch that is in it; 0 before the first.
    pub folded: u64,
    /// Whether the journal may hold what the database does not: then it has a segment at least.
    pub journal_in_use: bool,
}

/// Everything that one step changes: it is there as a whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Its place in the journal: 1, and one more for each.
    pub number: u64,
    /// Records that were made or changed. Of several rows with one key the last counts.
    pub records: Vec<RecordRow>,
    /// Events that were said, in the order of their positions.
    pub events: Vec<EventRow>,
    /// Deliveries that have come to another state.
    pub deliveries: Vec<DeliveryRow>,
    /// How far subscriptions have heard.
    pub cursors: Vec<CursorRow>,
}

/// A record as it is from this step on.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// The record.
    pub record: Arc<dyn AnyRecord>,
    /// 1 when it was made, one more at each change.
    pub version: u64,
    /// The events that this version said, first or again.
    pub said: Arc<[Said]>,
    /// The position of the first of them; the others follow it without a gap. None if it said none.
    pub said_position: Option<u64>,
}

impl RecordRow {
    /// The kind of the record.
    pub fn kind(&self) -> &'static Kind {
        self.record.kind()
    }

    /// The key of the record.
    pub fn key(&self) -> Key {
        self.record.key()
    }

    /// As the port hands it out.
    pub fn stored(&self) -> Stored {
        Stored::new(Arc::clone(&self.record), self.version, Arc::clone(&self.said))
    }
}

/// An event in the log. What is said again stands there again, at a new position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the log: strictly growing, with gaps.
    pub position: u64,
    /// What the record keeps of it; its type tells the topic.
    pub said: Said,
    /// The kind of the record that said it.
    pub kind: &'static Kind,
    /// The key of the record that said it. With that record the envelope can be built.
    pub key: Key,
    /// The payment or loan that it is about.
    pub subject: AnyId,
}

/// How far the delivery of an event to a subscription is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The position of the event.
    pub position: u64,
    /// The number of the subscription.
    pub subscription: u16,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it came to that state.
    pub at: Time,
    /// From the event's time to there, in microseconds.
    pub took_us: u64,
    /// When it is tried again, while it is parked.
    pub next_at: Option<Time>,
    /// Why it failed last.
    pub reason: Option<Box<str>>,
}

/// How far a subscription has heard: every event up to there is delivered, parked, dead or not for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorRow {
    /// The number of the subscription.
    pub subscription: u16,
    /// The position of the last event it need not look at again.
    pub position: u64,
}
