//! The address to listen on, as it is written on the command line. Not in here: what is done with it.

use std::net::{Ipv4Addr, SocketAddr};

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
}
