//! Room for so many at once: connections, or those of them that agree on TLS. Each address has a share;
//! where all places are taken, whoever rests longest is asked for his. Not in here: what they do.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http_api::ClientAddress;
use ipnet::IpNet;
use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::shares::{Share, Shares};
use crate::this_machine::THIS_MACHINE;

/// How many connections are open at once.
const CONNECTIONS_MAX: usize = 8_192;

/// How many of them agree on TLS at once.
const HANDSHAKES_MAX: usize = 1_024;

/// How many open files the store and the rest of the program keep for themselves.
const STORE_FILES: u64 = 64;

/// How long somebody has to leave before the next one is asked.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// How long somebody rests in peace: time to say what he came for.
const PEACE: Duration = Duration::from_millis(250);

/// How much room there is.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) connections: usize,
    pub(super) handshakes: usize,
    /// Whose connections are those of many: he may have all of them.
    pub(super) uncounted: Arc<[IpNet]>,
}

impl Bounds {
    /// As the machine allows. Connections of the proxies in front are those of many; where there are
    /// none, those from this machine itself may be a proxy's.
    pub(super) fn of_this_machine(proxies: &[IpNet]) -> Self {
        let uncounted = if proxies.is_empty() { &THIS_MACHINE } else { proxies };
        let uncounted = uncounted.into();
        Self { connections: connections_max(), handshakes: HANDSHAKES_MAX, uncounted }
    }
}

/// How many connections there is room for. Each is an open file; the limit is raised as far as the
/// machine allows, for many systems start with a thousand and some, and the store keeps its share.
fn connections_max() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    room_within(getrlimit(Resource::Nofile).current)
}

/// Without a limit as many as we ever take; below it what the store leaves, but one at least.
fn room_within(files_max: Option<u64>) -> usize {
    let left = files_max.and_then(|files| usize::try_from(files.saturating_sub(STORE_FILES)).ok());
    left.unwrap_or(CONNECTIONS_MAX).clamp(1, CONNECTIONS_MAX)
}

/// Room for so many.
#[derive(Clone)]
pub(super) struct Room {
    free: Arc<Semaphore>,
    shares: Shares,
    guests: Arc<Mutex<Guests>>,
    /// Held by whoever waits longest for a place: he asks for one, and the others wait behind him.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// From when on moments are counted.
    opened: Instant,
}

#[derive(Default)]
struct Guests {
    all: HashMap<u64, Arc<State>>,
    last: u64,
}

/// A place for somebody who has not come yet.
pub(super) struct FreePlace {
    _permit: OwnedSemaphorePermit,
}

impl Room {
    /// Of so many places, shared by all addresses that are counted.
    pub(super) fn of(places: usize, uncounted: &Arc<[IpNet]>) -> Self {
        Self {
            free: Arc::new(Semaphore::new(places)),
            shares: Shares::of(places, uncounted),
            guests: Arc::default(),
            asking: Arc::default(),
            opened: Instant::now(),
        }
    }

    /// Waits for a place. While there is none, those that rest longest are asked for theirs.
    ///
    /// # Errors
    /// None in practice: the room is never closed.
    pub(super) async fn place(&self) -> io::Result<FreePlace> {
        let _asking = self.asking.lock().await;
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Ok(FreePlace { _permit: permit });
            }
            self.ask_one_to_leave();
            let freed = Arc::clone(&self.free).acquire_owned();
            if let Ok(freed) = tokio::time::timeout(ASK_EVERY, freed).await {
                return freed.map(|permit| FreePlace { _permit: permit }).map_err(io::Error::other);
            }
        }
    }

    /// One more of those that an address may have; none where it has its share.
    pub(super) fn share(&self, from: ClientAddress) -> Option<Share> {
        self.shares.one_more(from)
    }

    /// Who has the place from now on, and rests.
    pub(super) fn seat(&self, place: FreePlace, share: Share) -> Guest {
        let state = Arc::new(State::default());
        state.rests_since.store(self.now(), Ordering::Relaxed);
        let mut guests = self.guests.lock();
        guests.last = guests.last.saturating_add(1);
        let number = guests.last;
        guests.all.insert(number, Arc::clone(&state));
        drop(guests);
        Guest { room: self.clone(), number, state, _held: (place, share) }
    }

    fn ask_one_to_leave(&self) {
        let latest = self.now().saturating_sub(micros(PEACE));
        let guests = self.guests.lock();
        let resting = guests.all.values().filter_map(|state| {
            let since = state.rests_since.load(Ordering::Relaxed);
            (since != WORKS && since <= latest).then_some((since, state))
        });
        let Some((since, state)) = resting.min_by_key(|(since, _)| *since) else { return };
        // Before he can be seen to leave; nobody else writes it, for all guests are locked.
        state.rested_since.store(since, Ordering::Relaxed);
        // Who has begun to work since then is asked the next time, if he rests.
        let asked =
            state.rests_since.compare_exchange(since, LEAVES, Ordering::Release, Ordering::Relaxed);
        if asked.is_ok() {
            state.leave.notify_one();
        }
    }

    /// The present moment, in microseconds.
    fn now(&self) -> u64 {
        micros(self.opened.elapsed()).clamp(WORKS.saturating_add(1), LEAVES.saturating_sub(1))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Instead of the moment since when somebody rests: he does not.
const WORKS: u64 = 0;
/// He was asked to leave.
const LEAVES: u64 = u64::MAX;

/// What a guest does.
#[derive(Default)]
struct State {
    rests_since: AtomicU64,
    /// Since when he rested when he was asked to leave.
    rested_since: AtomicU64,
    has_asked: AtomicBool,
    is_heard: AtomicBool,
    leave: Notify,
}

/// Somebody with a place, until he is dropped.
pub(super) struct Guest {
    room: Room,
    number: u64,
    state: Arc<State>,
    _held: (FreePlace, Share),
}

impl Guest {
    /// He has begun to ask for something, and is heard until he works. He rests meanwhile: to say the
    /// head of a request and no more costs him nothing.
    pub(super) fn asks(&self) {
        self.state.has_asked.store(true, Ordering::Relaxed);
        self.state.is_heard.store(true, Ordering::Relaxed);
    }

    /// He works, and is not asked to leave, until what is given back is dropped.
    pub(super) fn works(self: &Arc<Self>) -> Working {
        self.state.rests_since.store(WORKS, Ordering::Relaxed);
        self.state.is_heard.store(false, Ordering::Relaxed);
        Working(Arc::clone(self))
    }

    /// How long he rests, whether he was asked to leave or not; zero while he works.
    pub(super) fn rests_for(&self) -> Duration {
        let since = match self.state.rests_since.load(Ordering::Acquire) {
            WORKS => return Duration::ZERO,
            LEAVES => self.state.rested_since.load(Ordering::Relaxed),
            since => since,
        };
        Duration::from_micros(self.room.now().saturating_sub(since))
    }

    /// Whether the rest of what he asks for is waited for.
    pub(super) fn is_heard(&self) -> bool {
        self.state.is_heard.load(Ordering::Relaxed)
    }

    /// Whether he ever asked for anything.
    pub(super) fn has_asked(&self) -> bool {
        self.state.has_asked.load(Ordering::Relaxed)
    }

    /// Waits until his place is asked for.
    pub(super) async fn is_asked_to_leave(&self) {
        self.state.leave.notified().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.room.guests.lock().all.remove(&self.number);
    }
}

/// A guest at work.
pub(super) struct Working(Arc<Guest>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.state.rests_since.store(self.0.room.now(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_its_share_of_open_files() {
        for (files_max, room) in [
            (Some(1_024), 960),
            (Some(1_000_000), CONNECTIONS_MAX),
            (None, CONNECTIONS_MAX),
            (Some(32), 1),
        ] {
            assert_eq!(room_within(files_max), room, "{files_max:?}");
        }
    }

    /// Of many who wait for a place one asks: else all who rest would be asked at once.
    #[tokio::test(start_paused = true)]
    async fn who_waits_longest_asks_for_a_place_and_the_others_wait_behind_him() {
        let room = Room::of(3, &Arc::from([]));
        let mut resting = Vec::new();
        for from in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            resting.push(seat(&room, from).await);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        tokio::time::advance(PEACE).await;
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let room = room.clone();
            waiting.spawn(async move { room.place().await.map(drop) });
        }
        resting[0].is_asked_to_leave().await;
        let asked = |guest: &Arc<Guest>| guest.state.rests_since.load(Ordering::Relaxed) == LEAVES;
        assert_eq!(resting.iter().filter(|guest| asked(guest)).count(), 1);
        resting.remove(0);
        while let Some(waited) = waiting.join_next().await {
            waited.unwrap().unwrap();
        }
        assert!(!resting.iter().any(asked), "one place was enough for all of them");
    }

    /// Seats somebody from that address.
    async fn seat(room: &Room, from: &str) -> Arc<Guest> {
        let place = room.place().await.unwrap();
        let share = room.share(ClientAddress::new(from.parse().unwrap())).unwrap();
        Arc::new(room.seat(place, share))
    }

    #[tokio::test(start_paused = true)]
    async fn who_rests_longest_gives_up_his_place_and_who_works_does_not() {
        let room = Room::of(3, &Arc::from([]));
        let first = seat(&room, "192.0.2.1").await;
        let second = seat(&room, "192.0.2.2").await;
        let third = seat(&room, "192.0.2.3").await;
        let at_work = first.works();
        tokio::time::advance(Duration::from_millis(1)).await;
        drop(second.works());
        // The second has worked since the third came.
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { seat(&room, "192.0.2.4").await }
        });
        third.is_asked_to_leave().await;
        // He takes his time, so the next one is asked too.
        second.is_asked_to_leave().await;
        drop(second);
        let fourth = waiting.await.unwrap();
        tokio::time::advance(PEACE).await;
        assert_eq!(first.rests_for(), Duration::ZERO, "he works");
        drop(at_work);
        tokio::time::advance(PEACE).await;
        assert_eq!(first.rests_for(), PEACE);
        drop((first, third, fourth));
        assert!(room.guests.lock().all.is_empty());
        assert_eq!(room.free.available_permits(), 3);
    }
}
