//! From where a request came. Not in here: which of several addresses that is; whoever takes requests
//! in says it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The address that a request came from, in the extensions of every request that came over a network:
/// put there by the program that took it in, never read from what the caller wrote unless a proxy that
/// is trusted wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

/// The first 64 bits of 128.
const FIRST_64: u128 = !0 << 64;

/// The first 48 bits of 128.
const FIRST_48: u128 = !0 << 80;

impl ClientAddress {
    /// An address; one of IPv4 that came as IPv6 (`::ffff:192.0.2.1`) is the one of IPv4.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// By what callers are told apart: an address of IPv4, but of IPv6 the first 64 bits, for whoever
    /// has one address there has all that begin so.
    pub fn network(self) -> IpAddr {
        self.beginning(FIRST_64)
    }

    /// What one customer of a provider often gets: an address of IPv4, but of IPv6 the first 48 bits,
    /// which are 65,536 networks.
    pub fn site(self) -> IpAddr {
        self.beginning(FIRST_48)
    }

    fn beginning(self, bits: u128) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & bits)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}
