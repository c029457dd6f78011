//! Waiting for a saga's end inside a request, as `Prefer: wait` asks.
//! Not in here: how long a caller may wait, see `Request::wait`.

use std::time::Duration;

use kernel::{Known, Record, Store, StoreError};

/// Waits until `done` holds of the record, at most `wait`. Comes back with the record as it was seen
/// last, and whether it was done in time. Without a `wait` it comes back at once with "not in time":
/// the caller did not ask for the end.
///
/// # Errors
/// When the store cannot.
pub async fn wait_until<R: Record>(
    store: &Store,
    id: R::Id,
    known: Known<R>,
    wait: Option<Duration>,
    done: impl Fn(&R) -> bool,
) -> Result<(Known<R>, bool), StoreError> {
    let Some(wait) = wait else { return Ok((known, false)) };
    let end = tokio::time::Instant::now().checked_add(wait);
    let end = end.unwrap_or_else(tokio::time::Instant::now);
    let mut known = known;
    loop {
        if done(&known) {
            return Ok((known, true));
        }
        let changed = store.changed::<R>(id, known.version);
        let in_time = match tokio::time::timeout_at(end, changed).await {
            Ok(changed) => changed.map(|()| true)?,
            Err(_) => false,
        };
        if let Some(now) = store.get::<R>(id).await? {
            known = now;
        }
        if !in_time {
            let is_done = done(&known);
            return Ok((known, is_done));
        }
    }
}
