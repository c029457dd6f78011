//! Messages that could not be delivered. Not in here: what records said.

use kernel::StoreError;
use kernel::audit::Audit;
use kernel::operators::DeadLetter;

use super::not_kept;

/// Dead letters.
pub(super) struct Letters;

impl Letters {
    /// Dead letters, oldest first, after the one of that id, at most `limit`.
    #[allow(clippy::unused_async, reason = "whoever keeps them answers later")]
    pub(super) async fn list(
        &self,
        _after: Option<String>,
        _limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        not_kept("dead letters")
    }

    /// Gives a dead letter to its one subscriber again. False if there is no such letter.
    #[allow(clippy::unused_async, reason = "whoever keeps them answers later")]
    pub(super) async fn redrive(&self, _id: String, _audit: Audit) -> Result<bool, StoreError> {
        not_kept("dead letters")
    }
}
