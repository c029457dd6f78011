//! What share of something each address may have, so that none has all of it. Not in here: how much
//! there is, and what becomes of who has his share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use http_api::ClientAddress;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use parking_lot::Mutex;

/// What part one address may have: an eighth. Of IPv6 that is a network of 64 bits, for whoever has one
/// address there has all of those.
const ADDRESS_PART: usize = 8;

/// What part a network of 48 bits of IPv6 may have, which is what one customer of a provider often
/// gets: a quarter.
const SITE_PART: usize = 4;

/// How much each has of it.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    taken: Arc<Mutex<HashMap<IpNet, usize>>>,
    address_max: usize,
    site_max: usize,
    uncounted: Arc<[IpNet]>,
}

impl Shares {
    /// Of so much in all. Who is in an uncounted network may have all of it.
    pub(super) fn of(all: usize, uncounted: &Arc<[IpNet]>) -> Self {
        let part = |parts: usize| all.checked_div(parts).unwrap_or_default().max(1);
        Self {
            taken: Arc::default(),
            address_max: part(ADDRESS_PART),
            site_max: part(SITE_PART),
            uncounted: Arc::clone(uncounted),
        }
    }

    /// One more for that address, until it is dropped; none where it has its share.
    pub(super) fn one_more(&self, address: ClientAddress) -> Option<Share> {
        let mut share = Share { taken: Arc::clone(&self.taken), holders: Vec::new() };
        if self.uncounted.iter().any(|network| network.contains(&address.ip())) {
            return Some(share);
        }
        for (holder, most) in self.holders(address) {
            let mut taken = self.taken.lock();
            let count = taken.entry(holder).or_default();
            if *count >= most {
                // What was counted already is given back with the share.
                drop(taken);
                return None;
            }
            *count = count.saturating_add(1);
            drop(taken);
            share.holders.push(holder);
        }
        Some(share)
    }

    /// Who is counted when that address takes one, and how many he may have.
    fn holders(&self, address: ClientAddress) -> Vec<(IpNet, usize)> {
        match address.ip() {
            IpAddr::V4(address) => vec![(Ipv4Net::from(address).into(), self.address_max)],
            IpAddr::V6(address) => [(64, self.address_max), (48, self.site_max)]
                .into_iter()
                .filter_map(|(bits, most)| {
                    let network = Ipv6Net::new(address, bits).ok()?;
                    Some((network.trunc().into(), most))
                })
                .collect(),
        }
    }
}

/// One of somebody's.
#[derive(Debug)]
pub(super) struct Share {
    taken: Arc<Mutex<HashMap<IpNet, usize>>>,
    holders: Vec<IpNet>,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        for holder in &self.holders {
            let Entry::Occupied(mut count) = taken.entry(*holder) else { continue };
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_have_all() {
        let shares = Shares::of(16, &Arc::from(["127.0.0.0/8".parse().unwrap()]));
        let one = |text: &str| shares.one_more(ClientAddress::new(text.parse().unwrap()));
        let mut held = vec![one("192.0.2.1").unwrap(), one("192.0.2.1").unwrap()];
        assert!(one("192.0.2.1").is_none());
        assert!(one("::ffff:192.0.2.1").is_none(), "it is the same one");
        held.push(one("192.0.2.2").unwrap());

        // Whoever has one address of IPv6 has all of its network, and often many networks.
        held.extend([one("2001:db8::1").unwrap(), one("2001:db8::2").unwrap()]);
        assert!(one("2001:db8::3").is_none());
        held.extend([one("2001:db8:0:1::1").unwrap(), one("2001:db8:0:2::1").unwrap()]);
        assert!(one("2001:db8:0:3::1").is_none(), "its site has a quarter");
        held.push(one("2001:db8:1::1").unwrap());

        held.extend((0..16).map(|_| one("127.0.0.1").unwrap()));
        held.remove(0);
        held.push(one("192.0.2.1").unwrap());
        drop(held);
        assert!(shares.taken.lock().is_empty(), "what nobody has is not remembered");
    }
}
