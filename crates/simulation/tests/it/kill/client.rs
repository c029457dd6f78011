//! A connection to the program over loopback, kept from one request to the next. What is asked and
//! what is to be answered is not here.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::request::Request;

/// A program that lives answers sooner.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// An answer that has come whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// The connection; made when it is first needed.
pub(super) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Client {
    pub(super) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Asks a program that is there for something that is there.
    #[track_caller]
    pub(super) fn get(&mut self, path: &str) -> Value {
        let answer = self.exchange(&format!("GET /v1{path}"), "", None);
        let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.body
    }

    /// All items of a list, in its order, until one that is not wanted any more.
    pub(super) fn list(&mut self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut items = Vec::new();
        let mut page = self.get(path);
        loop {
            for item in page["items"].as_array().unwrap() {
                if !is_wanted(item) {
                    return items;
                }
                items.push(item.clone());
            }
            let Some(cursor) = page["next_cursor"].as_str() else { return items };
            page = self.get(&format!("{path}&cursor={cursor}"));
        }
    }

    /// Sends a request that changes something.
    ///
    /// # Errors
    /// When the program went away before it had answered: whether it did anything is unknown.
    pub(super) fn post(&mut self, request: &Request) -> io::Result<Answer> {
        let mut headers = String::new();
        if let Some(key) = &request.key {
            headers.push_str(&format!("idempotency-key: {key}\r\n"));
        }
        if request.waits {
            headers.push_str("prefer: wait=10\r\n");
        }
        self.exchange(&format!("POST /v1{}", request.path), &headers, Some(&request.body))
    }

    fn exchange(&mut self, line: &str, headers: &str, body: Option<&Value>) -> io::Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let (host, length) = (self.address, body.len());
        let message = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        );
        let answer = self.connected().and_then(|stream| {
            stream.write_all(message.as_bytes())?;
            read_answer(stream)
        });
        if let Err(error) = &answer {
            let is_silent = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!is_silent, "{line}: no answer and no end within {ANSWER_WAIT:?}");
            self.stream = None;
        }
        answer
    }

    fn connected(&mut self) -> io::Result<&mut TcpStream> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(ANSWER_WAIT))?;
            self.stream = Some(stream);
        }
        self.stream.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }
}

/// Reads one answer to its end: it has a `content-length`.
fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
        let Some((status, start, length)) = read_head(&bytes) else { continue };
        assert!(bytes.len() <= start + length, "more came than was announced");
        if bytes.len() == start + length {
            let body = serde_json::from_slice(&bytes[start..]).unwrap();
            return Ok(Answer { status, body });
        }
    }
}

/// The status, where the body starts, and how long it is; none while the head is not whole.
fn read_head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).unwrap() else { return None };
    let is_length =
        |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    let length = head.headers.iter().find(is_length).unwrap().value;
    let length = std::str::from_utf8(length).unwrap().parse().unwrap();
    Some((head.code.unwrap(), start, length))
}
