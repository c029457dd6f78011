//! Waiting for a saga's end inside a request, as `Prefer: wait` asks.
//! Not in here: how long a caller may wait, see `Request::wait`.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Known, Record, Store, StoreError, Subject};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::shares::{Share, Shares};

/// How many requests wait at once. A preference may go unheard (RFC 7240, section 2): who comes when so
/// many wait is answered at once, and asks again.
const WAITING_MAX: usize = 2_048;

/// What part of those one customer may have: an eighth, as of connections an address.
const CUSTOMER_PART: usize = 8;

/// How many that are.
const CUSTOMER_MAX: usize = WAITING_MAX.div_euclid(CUSTOMER_PART);

/// The requests of a deployment that wait. Clones are the same.
#[derive(Debug, Clone)]
pub struct Waiting {
    free: Arc<Semaphore>,
    shares: Shares<Subject>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(WAITING_MAX)), shares: Shares::default() }
    }
}

impl Waiting {
    /// One more, counted of that customer; none where too many wait.
    fn one_more(&self, counted: Option<Subject>) -> Option<(OwnedSemaphorePermit, Share<Subject>)> {
        let share = self.shares.one_more(counted.map(|customer| (customer, CUSTOMER_MAX)))?;
        Some((Arc::clone(&self.free).try_acquire_owned().ok()?, share))
    }
}

/// A wait that somebody is willing to make.
#[derive(Debug, Clone)]
pub struct Wait {
    pub(crate) at_most: Duration,
    /// Of whom it is counted: customers alone, for operators and services are the house's own.
    pub(crate) counted: Option<Subject>,
    pub(crate) waiting: Waiting,
}

/// Waits until `done` holds of the record, as long as `wait` allows. Comes back with the record as it was
/// seen last, and whether it was done in time. Without a `wait`, and where too many wait already, of this
/// customer or of all, it comes back at once with "not in time".
///
/// # Errors
/// When the store cannot.
pub async fn wait_until<R: Record>(
    store: &Store,
    id: R::Id,
    known: Known<R>,
    wait: Option<Wait>,
    done: impl Fn(&R) -> bool,
) -> Result<(Known<R>, bool), StoreError> {
    let Some(Wait { at_most, counted, waiting }) = wait else { return Ok((known, false)) };
    if done(&known) {
        return Ok((known, true));
    }
    let Some(_one) = waiting.one_more(counted) else { return Ok((known, false)) };
    wait_until_end(store, id, known, at_most, done).await
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
