//! The address to listen on, as it is written on the command line; and which addresses are this machine's
//! own. Not in here: what is done with either.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// This machine itself: nobody else connects from there, nor to there.
pub(super) const THIS_MACHINE: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// Whether that is an address of this machine itself, also where one of IPv4 is written as IPv6.
pub(super) fn is_this_machine(address: IpAddr) -> bool {
    let address = address.to_canonical();
    THIS_MACHINE.iter().any(|network| network.contains(&address))
}

/// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. Other names are not looked up: which
/// address they are may change from one start to the next.
pub(super) fn parse(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let address = port.map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    address.ok_or_else(|| "write an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let address = parse(text).ok().map(|address| address.to_string());
        assert_eq!(address.as_deref(), expected, "{text}");
    }

    #[test]
    fn every_way_an_address_is_written() {
        check("127.0.0.1:0", Some("127.0.0.1:0"));
        check("[::1]:8080", Some("[::1]:8080"));
        check("localhost:8080", Some("127.0.0.1:8080"));
        check("0.0.0.0:80", Some("0.0.0.0:80"));
        check("8080", None);
        check(":8080", None);
        check("127.0.0.1", None);
        check("localhost:99999", None);
        check("example.org:80", None);
    }

    #[test]
    fn what_is_this_machine() {
        for (text, is_here) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("126.255.255.255", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("::", false),
            ("::2", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_this_machine(text.parse().unwrap()), is_here, "{text}");
        }
    }
}
