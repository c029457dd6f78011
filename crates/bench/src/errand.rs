//! One request of somebody at a certain address of this machine, and what he is told. For what is not
//! measured; what is, goes over `load`.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::client::connect;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What he is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// In seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

/// Sends a whole request, which asks for the connection to be closed, and reads to its end.
///
/// # Errors
/// When the server does not answer.
pub(crate) fn errand(to: SocketAddr, from: Ipv4Addr, request: &[u8]) -> io::Result<Said> {
    let mut stream = connect(to, Some(from))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    read(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, answer))
}

fn read(answer: &str) -> Option<Said> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let retry_after = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .and_then(|(_, value)| value.trim().parse().ok());
    Some(Said { status, retry_after, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let said =
            |status, retry_after, body: &str| Some(Said { status, retry_after, body: body.into() });
        assert_eq!(read("HTTP/1.1 200 OK\r\nx: y\r\n\r\nok"), said(200, None, "ok"));
        assert_eq!(read("HTTP/1.1 429 No\r\nRetry-After: 7\r\n\r\n"), said(429, Some(7), ""));
        assert_eq!(read("HTTP/1.1 "), None);
    }
}
