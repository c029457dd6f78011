//! The events of a subject, from the records that said them. Not in here: dead letters.

use kernel::StoreError;
use kernel::operators::{Delivery, EventQuery, LoggedEvent};

use super::not_kept;

/// What records said.
#[derive(Default)]
pub(super) struct SaidByRecords;

impl SaidByRecords {
    /// Events, oldest first.
    #[allow(clippy::unused_async, reason = "whoever keeps them answers later")]
    pub(super) async fn events(&self, _: EventQuery) -> Result<Vec<LoggedEvent>, StoreError> {
        not_kept("events")
    }

    /// Every delivery of the events at these positions.
    #[allow(clippy::unused_async, reason = "whoever keeps them answers later")]
    pub(super) async fn deliveries(&self, _: Vec<u64>) -> Result<Vec<Delivery>, StoreError> {
        not_kept("deliveries")
    }
}
