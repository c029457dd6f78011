//! What the writer, the fold and the readers of one store share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kernel::{Clock, Ids};
use tokio::sync::watch;

use super::overlay::{Kinds, Overlay};
use super::queue::Queue;
use super::waiters::Waiters;
use crate::bus::Bus;

/// See the file's comment.
pub(crate) struct Shared {
    pub kinds: Kinds,
    pub overlay: Overlay,
    pub queue: Queue,
    pub waiters: Waiters,
    pub bus: Bus,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// The last step that was acknowledged.
    pub acknowledged: AtomicU64,
    /// The last step that SQLite shows to readers.
    pub folded: watch::Sender<u64>,
}
