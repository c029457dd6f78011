//! The networks that `cidr` names. Knows nothing of policies.

use std::net::IpAddr;

/// A block of IP addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    V4 { base: u32, mask: u32 },
    V6 { base: u128, mask: u128 },
}

impl Network {
    /// Reads `10.0.0.0/24` or `2001:db8::/32`; `None` where the text is none. An address inside
    /// the block names the block.
    pub(super) fn parse(text: &str) -> Option<Network> {
        let (address, length) = text.split_once('/')?;
        if !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let length: u32 = length.parse().ok()?;
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let host_bits = u32::BITS.checked_sub(length)?;
                let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
                Some(Network::V4 { base: u32::from(address) & mask, mask })
            }
            IpAddr::V6(address) => {
                let host_bits = u128::BITS.checked_sub(length)?;
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                Some(Network::V6 { base: u128::from(address) & mask, mask })
            }
        }
    }

    /// Whether the text is an address of this network. What is no address is in none.
    pub(super) fn contains(&self, text: &str) -> bool {
        match (self, text.parse()) {
            (Network::V4 { base, mask }, Ok(IpAddr::V4(address))) => {
                u32::from(address) & mask == *base
            }
            (Network::V6 { base, mask }, Ok(IpAddr::V6(address))) => {
                u128::from(address) & mask == *base
            }
            (Network::V4 { .. } | Network::V6 { .. }, _) => false,
        }
    }
}
