//! From where a request came. Not in here: which of several addresses that is; whoever takes requests
//! in says it.

use std::fmt;
use std::net::IpAddr;

/// The address that a request came from, in the extensions of every request that came over a network:
/// put there by the program that took it in, never read from what the caller wrote unless a proxy that
/// is trusted wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// An address; one of IPv4 that came as IPv6 (`::ffff:192.0.2.1`) is the one of IPv4.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself.
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}
