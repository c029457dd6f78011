//! How many connections there is room for: at all, and from one address. Not in here: what is done on
//! them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use http_api::ClientAddress;
use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections are open at once; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;

/// What part of them one address may have: a quarter. What it opens beyond is closed at once.
const ADDRESS_PART: usize = 4;

/// How many open files the store and the rest of the program keep for themselves.
const STORE_FILES: u64 = 64;

/// How many connections there is room for. Each is an open file; the limit is raised as far as the
/// machine allows, for many systems start with a thousand and some, and the store keeps its share.
pub(super) fn connections_max() -> usize {
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

/// How many connections each address has.
#[derive(Clone)]
pub(super) struct Addresses {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
}

impl Addresses {
    /// Where there is room for so many in all.
    pub(super) fn sharing(connections_max: usize) -> Self {
        let each_max = connections_max.checked_div(ADDRESS_PART).unwrap_or_default().max(1);
        Self { open: Arc::default(), each_max }
    }

    /// A place for one more, kept until it is dropped; none where the address has its share.
    pub(super) fn place(&self, address: ClientAddress) -> Option<Place> {
        let network = address.network();
        let mut open = self.open.lock();
        let count = open.entry(network).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count = count.saturating_add(1);
        drop(open);
        Some(Place { open: Arc::clone(&self.open), network })
    }
}

/// The place of one connection.
pub(super) struct Place {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        let Some(count) = open.get_mut(&self.network) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            open.remove(&self.network);
        }
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

    #[test]
    fn one_address_cannot_take_the_places_of_all() {
        let addresses = Addresses::sharing(8);
        let place = |text: &str| addresses.place(ClientAddress::new(text.parse().unwrap()));
        let one = (place("192.0.2.1").unwrap(), place("192.0.2.1").unwrap());
        assert!(place("192.0.2.1").is_none());
        assert!(place("::ffff:192.0.2.1").is_none(), "it is the same one");
        let other = place("192.0.2.2").unwrap();
        // Whoever has one address of IPv6 has all of its network.
        let six = (place("2001:db8::1").unwrap(), place("2001:db8::2").unwrap());
        assert!(place("2001:db8::3").is_none());
        assert!(place("2001:db8:0:1::3").is_some());
        drop(one.0);
        let again = place("192.0.2.1").unwrap();
        drop((one.1, other, six, again));
        assert!(addresses.open.lock().is_empty(), "what is not open is not remembered");
    }
}
