//! The proxies behind which the program stands: who they are, and from whom a request comes that one
//! of them hands on. Not in here: what is done with the address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use http_api::ClientAddress;
use ipnet::IpNet;

/// Where a proxy writes from whom it has a request: the newest address last. Of two headers that say
/// it a proxy sets one and hands the other on as the caller wrote it; so no other one is believed.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The addresses of the proxies; none where callers connect by themselves.
#[derive(Debug, Clone)]
pub(super) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// These.
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether the program stands behind any.
    pub(super) fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether it is the address of one.
    pub(super) fn has(&self, address: ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address.ip()))
    }

    /// From where a request came that `peer` sent: what the last proxy of ours says, and no further
    /// back, for before it anybody may have written anything.
    pub(super) fn caller(&self, peer: ClientAddress, headers: &HeaderMap) -> ClientAddress {
        let mut from = peer;
        let written = headers.get_all(FORWARDED_FOR).iter().rev();
        // By bytes: what the caller wrote before it must not make unreadable what the proxy wrote.
        let said = written.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for text in said {
            if !self.has(from) {
                break;
            }
            let text = std::str::from_utf8(text).unwrap_or_default();
            let Some(before) = address(text.trim()) else { break };
            from = ClientAddress::new(before);
        }
        from
    }
}

/// An address, which some proxies write with its port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

/// Reads `10.0.0.0/8`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
    let network: Option<IpNet> = text.parse().ok().or_else(one);
    let network = network.ok_or("write a network such as 10.0.0.0/8, or an address")?;
    if network.prefix_len() == 0 {
        return Err("that is everybody, who could then say what address he likes".to_owned());
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, written: &[&'static str], expected: &str) {
        let proxies = Proxies::new(&["10.0.0.0/8", "fd00::/8"].map(|text| network(text).unwrap()));
        let mut headers = HeaderMap::new();
        for value in written {
            let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(FORWARDED_FOR, value);
        }
        let peer = ClientAddress::new(peer.parse().unwrap());
        assert_eq!(proxies.caller(peer, &headers).to_string(), expected, "{peer} {written:?}");
    }

    #[test]
    fn what_a_proxy_says_is_believed_and_nothing_else() {
        check("10.0.0.1", &["203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7");
        check("::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7");
        check("fd00::1", &["2001:db8::7"], "2001:db8::7");
        check("10.0.0.1", &["[2001:db8::7]:443"], "2001:db8::7");
        // Who is no proxy may say what he wants.
        check("192.0.2.1", &["203.0.113.7"], "192.0.2.1");
        // What stands before what our proxy wrote, the caller wrote.
        check("10.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["198.51.100.1", "203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["\u{e9}, 203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["\u{e9}", "203.0.113.7"], "203.0.113.7");
        // Two proxies of ours.
        check("10.0.0.1", &["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7");
        check("10.0.0.1", &["10.0.0.9"], "10.0.0.9");
        // Nothing, or nothing that can be read: the proxy itself.
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &[""], "10.0.0.1");
        check("10.0.0.1", &["unknown"], "10.0.0.1");
        check("10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1");
        check("10.0.0.1", &["203.0.113.7,"], "10.0.0.1");
    }

    #[test]
    fn every_way_a_network_is_written() {
        for (text, expected) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3", Some("10.1.2.3/32")),
            ("fd00::1", Some("fd00::1/128")),
            ("10.0.0.0/33", None),
            ("0.0.0.0/0", None),
            ("::/0", None),
            ("proxy.example", None),
            ("", None),
        ] {
            let network = network(text).ok().map(|network| network.to_string());
            assert_eq!(network.as_deref(), expected, "{text}");
        }
    }
}
