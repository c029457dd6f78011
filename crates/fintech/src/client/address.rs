//! Where a server is, as `--server` says it. Not in here: the connection to it.

/// Where a server is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) is_tls: bool,
    /// Its name, with its port if that is said.
    pub(super) host: &'a str,
}

impl<'a> Address<'a> {
    /// Of a text such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// A sentence, when it is none.
    pub(super) fn read(url: &'a str) -> Result<Self, String> {
        let wrong =
            || format!("{url:?} is no server's address; write one such as http://127.0.0.1:8080");
        let (scheme, host) = url.split_once("://").ok_or_else(wrong)?;
        let is_tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let host = host.strip_suffix('/').unwrap_or(host);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_plain) {
            return Err(wrong());
        }
        Ok(Self { is_tls, host })
    }

    /// The name, without the brackets of IPv6, and the port.
    pub(super) fn parts(&self) -> (&'a str, u16) {
        let usual_port = if self.is_tls { 443 } else { 80 };
        let split = self.host.rsplit_once(':');
        let split = split.and_then(|(name, port)| Some((name, port.parse().ok()?)));
        let (name, port) = split.unwrap_or((self.host, usual_port));
        (name.trim_start_matches('[').trim_end_matches(']'), port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(bool, &str, u16)>) {
        let found = Address::read(url).ok().map(|address| {
            let (name, port) = address.parts();
            (address.is_tls, name, port)
        });
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn every_way_an_address_is_written() {
        check("http://127.0.0.1:8080", Some((false, "127.0.0.1", 8080)));
        check("http://localhost/", Some((false, "localhost", 80)));
        check("http://[::1]:80", Some((false, "::1", 80)));
        check("http://[::1]", Some((false, "::1", 80)));
        check("https://bank.example", Some((true, "bank.example", 443)));
        check("https://bank.example:8443/", Some((true, "bank.example", 8443)));
        check("localhost:8080", None);
        check("http://", None);
        check("http://a/b", None);
        check("http://me@a", None);
        check("ftp://a", None);
    }
}
