//! The threads on which passwords are hashed: few, of low priority, with a short queue, so that a flood
//! of log-ins waits and is turned away rather than slow everybody's payments. Some places in it are kept
//! for those whom strangers must not keep out.
//! Not in here: what is hashed, and who may ask.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use http_api::{Problem, ProblemKind};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many wait at most, those included whose password is being hashed. Each takes some tens of
/// milliseconds.
const WAITING_MAX: usize = 32;

/// How many of those places no stranger is given.
const KEPT: usize = 8;

/// How much lower than the rest of the program's their priority is (nice: 0 to 19).
const NICE: i32 = 10;

/// When to come back where too many wait.
const RETRY: Duration = Duration::from_secs(2);

type Work = Box<dyn FnOnce() + Send>;

/// The threads. They end when it is dropped.
#[derive(Debug)]
pub(crate) struct Hashing {
    queue: SyncSender<Work>,
    free: Arc<Semaphore>,
    kept: Arc<Semaphore>,
}

impl Hashing {
    /// Half as many as there are processors, one at least.
    ///
    /// # Errors
    /// When the machine gives no threads.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..cores.div_ceil(2) {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name("passwords".to_owned()).spawn(move || work(&receiver))?;
        }
        let free = Arc::new(Semaphore::new(WAITING_MAX.saturating_sub(KEPT)));
        Ok(Self { queue: sender, free, kept: Arc::new(Semaphore::new(KEPT)) })
    }

    /// A place among those who wait, taken before anything is done for whoever asks.
    ///
    /// # Errors
    /// 503 at once where too many wait.
    pub(crate) fn place(&self) -> Result<HashingPlace<'_>, Problem> {
        self.place_of(&self.free)
    }

    /// The same, for somebody who is known; where strangers have all others, one of those that are kept.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub(crate) fn kept_place(&self) -> Result<HashingPlace<'_>, Problem> {
        self.place().or_else(|_| self.place_of(&self.kept))
    }

    /// How many places are taken.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        let left = self.free.available_permits().saturating_add(self.kept.available_permits());
        WAITING_MAX.saturating_sub(left)
    }

    fn place_of(&self, places: &Arc<Semaphore>) -> Result<HashingPlace<'_>, Problem> {
        let taken = Arc::clone(places).try_acquire_owned().map_err(|_| busy())?;
        Ok(HashingPlace { queue: &self.queue, taken: Arc::new(taken) })
    }

    /// Does something slow on one of the threads, for an operator or the program itself.
    ///
    /// # Errors
    /// As [`kept_place`](Self::kept_place).
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        slow: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.kept_place()?.run(slow).await
    }
}

/// A place among those who wait, until it is dropped and what was begun in it is done.
#[derive(Debug)]
pub(crate) struct HashingPlace<'a> {
    queue: &'a SyncSender<Work>,
    taken: Arc<OwnedSemaphorePermit>,
}

impl HashingPlace<'_> {
    /// Does something slow on one of the threads.
    ///
    /// # Errors
    /// None but that it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        slow: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let taken = Arc::clone(&self.taken);
        let work = Box::new(move || {
            // Whoever has gone by now needs no answer, and no work is done for him.
            if !answer.is_closed() {
                drop(answer.send(slow()));
            }
            drop(taken);
        });
        // There is room in the queue for all who have a place.
        self.queue.try_send(work).map_err(|_| busy())?;
        answered.await.map_err(|_| Problem::internal("hashing a password panicked"))
    }
}

fn busy() -> Problem {
    let detail = "Too many sign in at once; try again in a moment.";
    Problem::new(ProblemKind::Busy, detail).retry_after(RETRY)
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    // On Linux a thread has its own. Where it is refused, the queue alone protects the rest.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "passwords are hashed with the priority of everything else");
    }
    loop {
        let next = receiver.lock().recv();
        let Ok(work) = next else { return };
        // A panic is told by the hook of the program; the next one is hashed all the same.
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)));
    }
}

/// Polls once.
#[cfg(test)]
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_turned_away_at_once() {
        let hashing = Hashing::start().unwrap();
        // Whoever waits goes on when it is dropped.
        let (held, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let mut waiting = Vec::new();
        let full = loop {
            let gate = Arc::clone(&gate);
            let mut one = Box::pin(hashing.run(move || gate.lock().recv().is_err()));
            match poll_once(&mut one).await {
                None => waiting.push(one),
                Some(ended) => break ended,
            }
        };
        assert_eq!(full.unwrap_err().kind(), ProblemKind::Busy);
        assert!(waiting.len() >= WAITING_MAX, "{}", waiting.len());
        drop(held);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(hashing.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn strangers_leave_some_places_to_who_is_known() {
        let hashing = Hashing::start().unwrap();
        let strangers: Vec<_> = std::iter::from_fn(|| hashing.place().ok()).collect();
        assert_eq!(strangers.len(), WAITING_MAX - KEPT);
        let known: Vec<_> = std::iter::from_fn(|| hashing.kept_place().ok()).collect();
        assert_eq!(known.len(), KEPT);
        drop(known);
        assert_eq!(hashing.run(|| 7).await.unwrap(), 7);
        drop(strangers);
        assert!(hashing.place().is_ok(), "those that are not kept are everybody's");
    }

    #[tokio::test]
    async fn a_panic_ends_one_and_not_the_thread() {
        let hashing = Hashing::start().unwrap();
        for _ in 0..4 {
            let panicked = hashing.run(|| assert!(false_here(), "as the test wants")).await;
            assert_eq!(panicked.unwrap_err().kind(), ProblemKind::Internal);
        }
        assert_eq!(hashing.run(|| 7).await.unwrap(), 7);
    }

    fn false_here() -> bool {
        std::hint::black_box(false)
    }
}
