//! What share of the connections each address may have, so that none has all of them. Not in here: how many
//! there are, and what becomes of who has his share.

use std::net::IpAddr;
use std::sync::Arc;

use http_api::ClientAddress;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What part one address may have: an eighth. Of IPv6 that is a network of 64 bits, for whoever has one
/// address there has all of those.
const ADDRESS_PART: usize = 8;

/// What part a network of 48 bits of IPv6 may have, which is what one customer of a provider often
/// gets: a quarter.
const SITE_PART: usize = 4;

/// How much each has of it.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    taken: http_api::Shares<IpNet>,
    address_max: usize,
    site_max: usize,
    uncounted: Arc<[IpNet]>,
}

impl Shares {
    /// Of so much in all. Who is in an uncounted network may have all of it.
    pub(super) fn of(all: usize, uncounted: &Arc<[IpNet]>) -> Self {
        let part = |parts: usize| all.checked_div(parts).unwrap_or_default().max(1);
        Self {
            taken: http_api::Shares::default(),
            address_max: part(ADDRESS_PART),
            site_max: part(SITE_PART),
            uncounted: Arc::clone(uncounted),
        }
    }

    /// One more for that address, until it is dropped; none where it has its share.
    pub(super) fn one_more(&self, address: ClientAddress) -> Option<Share> {
        let is_counted = !self.uncounted.iter().any(|network| network.contains(&address.ip()));
        let holders = if is_counted { self.holders(address) } else { Vec::new() };
        self.taken.one_more(holders)
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
pub(super) type Share = http_api::Share<IpNet>;

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
        assert!(shares.taken.is_empty(), "what nobody has is not remembered");
    }
}
