//! One keep-alive connection: the bytes that go out, and the answer that is read back.
//!
//! What is asked and whether an answer is good is not decided here (`scenario.rs`), nor when a
//! connection is served (`load.rs`). TLS, pipelining, redirects and chunked answers are left out:
//! the server answers with a `Content-Length`, and anything else is an error that says so.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_FIRST: usize = 8 * 1024;
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const HEADERS_MAX: usize = 48;

/// Why an answer could not be read. The connection is of no more use after it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("the answer is not HTTP/1.1: {0}")]
    Malformed(httparse::Error),
    #[error("the answer is chunked; this client reads answers with a Content-Length only")]
    Chunked,
    #[error("the answer has no Content-Length")]
    NoLength,
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

/// Where an answer's parts are, once its head has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    status: u16,
    body_at: usize,
    end: usize,
}

/// The bytes of one answer as they arrive, in a buffer that is kept for the next.
#[derive(Debug)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    filled: usize,
    head: Option<Head>,
}

impl Answer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; ANSWER_BYTES_FIRST], filled: 0, head: None }
    }

    /// Forgets the answer and keeps the buffer.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
        self.head = None;
    }

    /// The free end of the buffer, never empty: grown to hold the whole answer where that is known.
    fn room(&mut self) -> Result<&mut [u8], AnswerError> {
        let wanted = match self.head {
            Some(head) => head.end,
            None => self.filled.saturating_add(1),
        };
        if wanted > ANSWER_BYTES_MAX {
            return Err(AnswerError::TooLong);
        }
        if wanted > self.bytes.len() {
            let doubled = self.bytes.len().saturating_mul(2);
            self.bytes.resize(wanted.max(doubled).min(ANSWER_BYTES_MAX), 0);
        }
        Ok(self.bytes.get_mut(self.filled..).unwrap_or_default())
    }

    /// Reads once. `Ok(true)`: the answer is whole; `Ok(false)`: there is more to come.
    ///
    /// # Errors
    /// Those of the reader (`WouldBlock` included); `UnexpectedEof` where the peer closed;
    /// `InvalidData` with an [`AnswerError`].
    pub(crate) fn read_from(&mut self, reader: &mut impl Read) -> io::Result<bool> {
        let read = reader.read(self.room().map_err(invalid)?)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled = self.filled.saturating_add(read);
        if self.head.is_none() {
            self.head =
                parse_head(self.bytes.get(..self.filled).unwrap_or_default()).map_err(invalid)?;
        }
        Ok(self.head.is_some_and(|head| self.filled >= head.end))
    }

    /// The status and the body of a whole answer; status 0 and nothing before that.
    pub(crate) fn whole(&self) -> (u16, &[u8]) {
        match self.head {
            Some(head) => (head.status, self.bytes.get(head.body_at..head.end).unwrap_or_default()),
            None => (0, &[]),
        }
    }
}

fn invalid(error: AnswerError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Finds the head of an answer, or nothing where it has not arrived as a whole.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, AnswerError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let body_at = match response.parse(bytes).map_err(AnswerError::Malformed)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(body_at) => body_at,
    };
    let status = response.code.unwrap_or_default();
    let mut length = None;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(AnswerError::Chunked);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
        }
    }
    let length: usize = match length {
        Some(length) => length,
        None if status == 204 || status == 304 => 0,
        None => return Err(AnswerError::NoLength),
    };
    Ok(Some(Head { status, body_at, end: body_at.saturating_add(length) }))
}

/// The text of the first `"name": "text"` in a JSON body, where it has no escapes.
///
/// This is a search, not a parser: it is for answers whose form is known, on the path where
/// parsing each would cost the machine more than sending the request did.
pub(crate) fn text_field<'body>(body: &'body [u8], name: &str) -> Option<&'body str> {
    let mut from = 0_usize;
    loop {
        let rest = body.get(from..)?;
        let found = memchr::memmem::find(rest, name.as_bytes())?;
        from = from.saturating_add(found).saturating_add(1);
        let before = found.checked_sub(1).and_then(|at| rest.get(at));
        let after = rest.get(found.saturating_add(name.len())..)?;
        if before != Some(&b'"') || after.first() != Some(&b'"') {
            continue;
        }
        let value = after.get(1..)?.trim_ascii_start();
        let Some(value) = value.strip_prefix(b":") else {
            continue;
        };
        let value = value.trim_ascii_start().strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', value)?;
        return std::str::from_utf8(value.get(..end)?).ok();
    }
}

/// One connection with at most one request on its way.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: mio::net::TcpStream,
    /// From which of this machine's addresses it comes.
    from: Option<Ipv4Addr>,
    pub(crate) answer: Answer,
    /// The request, whole; kept until it is answered.
    pub(crate) request: Vec<u8>,
    sent: usize,
    /// What the workload calls this request; nothing while the connection is idle.
    pub(crate) tag: Option<usize>,
    pub(crate) sent_at: Instant,
}

impl Connection {
    /// Connects, waiting for it, and from then on waits for nothing.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn open(address: SocketAddr, from: Option<Ipv4Addr>) -> io::Result<Self> {
        Ok(Self {
            stream: waiting_for_nothing(address, from)?,
            from,
            answer: Answer::new(),
            request: Vec::with_capacity(1024),
            sent: 0,
            tag: None,
            sent_at: Instant::now(),
        })
    }

    /// Puts a new stream in the place of the old one and forgets what was on its way.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn reopen(&mut self, address: SocketAddr) -> io::Result<()> {
        self.stream = waiting_for_nothing(address, self.from)?;
        self.finish();
        Ok(())
    }

    /// Sends what lies in `request` under this tag; its time runs from here.
    ///
    /// # Errors
    /// Those of the operating system; a full socket is none, [`Connection::flush`] goes on.
    pub(crate) fn send(&mut self, tag: usize) -> io::Result<()> {
        self.sent = 0;
        self.tag = Some(tag);
        self.sent_at = Instant::now();
        self.flush()
    }

    /// Writes what the socket would not take before.
    ///
    /// # Errors
    /// Those of the operating system; a full socket is none.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.request.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.sent = self.sent.saturating_add(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until the answer is whole (`true`) or nothing is left to read (`false`).
    ///
    /// # Errors
    /// As [`Answer::read_from`], but for `WouldBlock`.
    pub(crate) fn receive(&mut self) -> io::Result<bool> {
        loop {
            match self.answer.read_from(&mut self.stream) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The request was answered, or given up: the connection is idle.
    pub(crate) fn finish(&mut self) {
        self.answer.clear();
        self.request.clear();
        self.sent = 0;
        self.tag = None;
    }
}

/// Connects, waiting for it; from that address of this machine, or any.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn connect(address: SocketAddr, from: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let Some(from) = from else {
        return TcpStream::connect_timeout(&address, CONNECT_TIME_MAX);
    };
    // The standard library cannot choose an address before it connects.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddrV4::new(from, 0).into())?;
        socket.connect(address).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn waiting_for_nothing(
    address: SocketAddr,
    from: Option<Ipv4Addr>,
) -> io::Result<mio::net::TcpStream> {
    let stream = connect(address, from)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(mio::net::TcpStream::from_std(stream))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes in pieces of these sizes, over and over, and then says that it would block.
    struct Pieces<'a> {
        bytes: &'a [u8],
        sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let size = self.sizes.next().unwrap().min(buffer.len()).min(self.bytes.len());
            buffer[..size].copy_from_slice(&self.bytes[..size]);
            self.bytes = &self.bytes[size..];
            Ok(size)
        }
    }

    fn read_in_pieces(answer: &mut Answer, bytes: &[u8], sizes: Vec<usize>) -> String {
        let mut pieces = Pieces { bytes, sizes: sizes.into_iter().cycle() };
        loop {
            match answer.read_from(&mut pieces) {
                Ok(true) => {
                    let (status, body) = answer.whole();
                    return format!("{status} {}", String::from_utf8_lossy(body));
                }
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return "more to come".into();
                }
                Err(error) => return error.to_string(),
            }
        }
    }

    #[track_caller]
    fn check(bytes: &str, expected: &str) {
        for size in [1, 2, 7, 4096] {
            let mut answer = Answer::new();
            let found = read_in_pieces(&mut answer, bytes.as_bytes(), vec![size]);
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200 ok");
        check("HTTP/1.1 200 OK\r\nContent-Length:  2 \r\nx: y\r\n\r\nok", "200 ok");
        check("HTTP/1.1 422 Unprocessable Content\r\ncontent-length: 0\r\n\r\n", "422 ");
        check("HTTP/1.1 204 No Content\r\n\r\n", "204 ");
        check("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", "more to come");
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", "more to come");
    }

    #[test]
    fn an_answer_that_this_client_cannot_read_is_refused_in_words() {
        let chunked = "the answer is chunked; this client reads answers with a Content-Length only";
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", chunked);
        check("HTTP/1.1 200 OK\r\n\r\nok", "the answer has no Content-Length");
        check("HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n", "the answer has no Content-Length");
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\nx",
            "the answer is longer than 1048576 bytes",
        );
        check("GET / HTTP/1.1\r\n\r\n", "the answer is not HTTP/1.1: invalid HTTP version");
        check("", "more to come");
    }

    proptest! {
        #[test]
        fn the_same_answers_however_they_are_split(
            lengths in proptest::collection::vec(0_usize..20_000, 1..4),
            sizes in proptest::collection::vec(1_usize..5_000, 1..6),
        ) {
            let mut answer = Answer::new();
            for length in lengths {
                let body = "b".repeat(length);
                let bytes = format!("HTTP/1.1 201 Created\r\nContent-Length: {length}\r\n\r\n{body}");
                let found = read_in_pieces(&mut answer, bytes.as_bytes(), sizes.clone());
                prop_assert_eq!(found, format!("201 {body}"));
                answer.clear();
            }
        }
    }

    #[test]
    fn the_end_of_the_stream_is_an_error() {
        let error = Answer::new().read_from(&mut io::empty()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[track_caller]
    fn check_field(body: &str, name: &str, expected: Option<&str>) {
        assert_eq!(text_field(body.as_bytes(), name), expected, "{name} in {body}");
    }

    #[test]
    fn a_text_field_is_found_by_its_whole_name() {
        check_field(r#"{"status":"SUCCESSFUL"}"#, "status", Some("SUCCESSFUL"));
        check_field(r#"{ "status" : "FAILED" }"#, "status", Some("FAILED"));
        check_field(r#"{"old_status":"A","status":"B"}"#, "status", Some("B"));
        check_field(r#"{"note":"status","status":"B"}"#, "status", Some("B"));
        check_field(r#"{"status":null}"#, "status", None);
        check_field(r#"{"status":"cut"#, "status", None);
        check_field("", "status", None);
    }
}
