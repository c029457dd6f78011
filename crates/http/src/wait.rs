//! Waiting for a saga's end inside a request, as `Prefer: wait` asks.
//! Not in here: how long a caller may wait, see `Request::wait`.

use std::time::Duration;

use kernel::{Known, Record, Store, StoreError};
use tokio::sync::Semaphore;

/// How many requests wait at once. A preference may go unheard (RFC 7240, section 2): who comes when so
/// many wait is answered at once, and asks again.
static ROOM: Semaphore = Semaphore::const_new(2_048);

/// Waits until `done` holds of the record, at most `wait`. Comes back with the record as it was seen
/// last, and whether it was done in time. Without a `wait`, and where too many wait already, it comes
/// back at once with "not in time".
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
    if done(&known) {
        return Ok((known, true));
    }
    let Ok(_place) = ROOM.try_acquire() else { return Ok((known, false)) };
    wait_until_end(store, id, known, wait, done).await
}

async fn wait_until_end<R: Record>(
    store: &Store,
    id: R::Id,
    known: Known<R>,
    wait: Duration,
    done: impl Fn(&R) -> bool,
) -> Result<(Known<R>, bool), StoreError> {
    let end = tokio::time::Instant::now().checked_add(wait);
    let end = end.unwrap_or_else(tokio::time::Instant::now);
    let mut known = known;
    loop {
        let changed = store.changed::<R>(id, known.version);
        let in_time = match tokio::time::timeout_at(end, changed).await {
            Ok(changed) => changed.map(|()| true)?,
            Err(_) => false,
        };
        if let Some(now) = store.get::<R>(id).await? {
            known = now;
        }
        let is_done = done(&known);
        if is_done || !in_time {
            return Ok((known, is_done));
        }
    }
}
