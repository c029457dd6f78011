//! Reads one counter of the server's `/metrics`. What it counts is not known here.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes that the server has appended to its journal, as it counts them.
pub(crate) const JOURNAL_BYTES: &str = "store_journal_bytes_total";

/// The value of a counter; none where the server does not count it.
///
/// # Errors
/// When the server does not answer.
pub(crate) fn read(address: SocketAddr, name: &str) -> io::Result<Option<u64>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(find(&answer, name))
}

fn find(text: &str, name: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let text = "# TYPE a counter\na_b 3\na{x=\"1\"} 4\na 12\n";
        assert_eq!(find(text, "a"), Some(12));
        assert_eq!(find(text, "a_b"), Some(3));
        assert_eq!(find(text, "b"), None);
    }
}
