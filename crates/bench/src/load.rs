//! Drives many connections in a closed loop, from one thread: each sends its next request as soon
//! as the last one is answered.
//!
//! It knows nothing of wallets or payments (`scenario.rs`) and prints nothing (`report.rs`). One
//! thread on one epoll, without a runtime, because it runs on the cores of the server it measures.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::client::Connection;
use crate::latencies::Latencies;

/// Longer than the longest wait that a request may ask for (`Prefer: wait=10`).
const SILENCE_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOST_CONNECTIONS_MAX: u64 = 1_000;
const EVENTS_A_POLL: usize = 256;
const ERROR_KINDS_MAX: usize = 20;
const EXAMPLE_BYTES_MAX: usize = 400;

/// What is asked over the connections, and what is a good answer.
pub(crate) trait Workload {
    /// Appends the next request, whole, and names it; nothing when there is none left.
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize>;

    /// Looks at the answer to the request of that name.
    ///
    /// # Errors
    /// The kind of error in a few words, the same for all of a kind.
    fn answered(&mut self, tag: usize, status: u16, body: &[u8]) -> Result<(), String>;
}

/// Whether answered connections are given a further request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Requests,
    AnswersOnly,
}

/// How often a kind of error came, and what the first one said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct ErrorKind {
    pub(crate) kind: String,
    pub(crate) count: u64,
    pub(crate) example: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Answers that were not good, and requests without an answer.
    pub(crate) errors: u64,
    kinds: BTreeMap<String, ErrorKind>,
    /// The times that the good answers took.
    pub(crate) latencies: Latencies,
}

impl Tally {
    fn new() -> io::Result<Self> {
        let latencies = Latencies::new().map_err(io::Error::other)?;
        Ok(Self { errors: 0, kinds: BTreeMap::new(), latencies })
    }

    fn bad(&mut self, kind: String, example: &[u8]) {
        self.errors = self.errors.saturating_add(1);
        if let Some(known) = self.kinds.get_mut(&kind) {
            known.count = known.count.saturating_add(1);
        } else if self.kinds.len() < ERROR_KINDS_MAX {
            let shown = example.get(..EXAMPLE_BYTES_MAX).unwrap_or(example);
            let example = String::from_utf8_lossy(shown).into_owned();
            self.kinds.insert(kind.clone(), ErrorKind { kind, count: 1, example });
        }
    }

    /// Adds what went wrong elsewhere.
    pub(crate) fn add_errors(&mut self, other: &Tally) {
        self.errors = self.errors.saturating_add(other.errors);
        for (kind, error) in &other.kinds {
            let known = self.kinds.entry(kind.clone());
            let and = |known: &mut ErrorKind| known.count = known.count.saturating_add(error.count);
            known.and_modify(and).or_insert_with(|| error.clone());
        }
    }

    /// The kinds of errors that were seen, at most 20 of them.
    pub(crate) fn error_kinds(&self) -> Vec<ErrorKind> {
        self.kinds.values().cloned().collect()
    }
}

/// The connections to one server.
pub(crate) struct Load {
    address: SocketAddr,
    poll: Poll,
    connections: Vec<Connection>,
    tally: Tally,
    good: u64,
    lost_connections: u64,
}

impl Load {
    /// Opens that many connections.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn open(address: SocketAddr, connections: usize) -> io::Result<Self> {
        Self::open_from(address, &vec![None; connections])
    }

    /// Opens a connection from each of these addresses of this machine.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn open_from(address: SocketAddr, from: &[Option<Ipv4Addr>]) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut opened = Vec::with_capacity(from.len());
        for (token, from) in from.iter().enumerate() {
            let mut connection = Connection::open(address, *from)?;
            register(&poll, &mut connection, token)?;
            opened.push(connection);
        }
        Ok(Self {
            address,
            poll,
            connections: opened,
            tally: Tally::new()?,
            good: 0,
            lost_connections: 0,
        })
    }

    /// Keeps every connection busy until then, or until the workload has no more and all is
    /// answered. What is on its way at the end stays so, and is answered in the next call.
    ///
    /// # Errors
    /// Those of the operating system, and where the server is no longer there.
    pub(crate) fn run(&mut self, workload: &mut impl Workload, until: Instant) -> io::Result<()> {
        for token in 0..self.connections.len() {
            self.start(token, workload)?;
        }
        self.turn(workload, until, More::Requests)
    }

    /// Waits for the answers to what is on its way, and asks nothing more.
    ///
    /// # Errors
    /// As [`Load::run`].
    pub(crate) fn drain(&mut self, workload: &mut impl Workload, until: Instant) -> io::Result<()> {
        self.turn(workload, until, More::AnswersOnly)
    }

    /// Good answers since the connections were opened.
    pub(crate) fn good(&self) -> u64 {
        self.good
    }

    /// Forgets how long answers took so far; errors stay.
    pub(crate) fn forget_latencies(&mut self) {
        self.tally.latencies.clear();
    }

    /// What came back since this was last called.
    ///
    /// # Errors
    /// As [`Latencies::new`].
    pub(crate) fn take_tally(&mut self) -> io::Result<Tally> {
        Ok(std::mem::replace(&mut self.tally, Tally::new()?))
    }

    fn turn(&mut self, workload: &mut impl Workload, until: Instant, more: More) -> io::Result<()> {
        let mut looked_at = Instant::now();
        let mut events = Events::with_capacity(EVENTS_A_POLL);
        loop {
            let now = Instant::now();
            if now >= until {
                return Ok(());
            }
            if now.saturating_duration_since(looked_at) >= LOOK_EVERY {
                looked_at = now;
                self.give_up_silent(now)?;
            }
            if self.connections.iter().all(|connection| connection.tag.is_none()) {
                return Ok(());
            }
            let wait = until.saturating_duration_since(now).min(LOOK_EVERY);
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            for event in &events {
                self.advance(event.token().0, workload, more)?;
            }
        }
    }

    /// Sends the next request over this connection, if it is idle and there is one.
    fn start(&mut self, token: usize, workload: &mut impl Workload) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(token) else {
            return Ok(());
        };
        if connection.tag.is_some() {
            return Ok(());
        }
        let Some(tag) = workload.next(&mut connection.request) else {
            return Ok(());
        };
        match connection.send(tag) {
            Ok(()) => Ok(()),
            Err(error) => self.reconnect(token, &error),
        }
    }

    /// Goes on with a connection that the operating system says has something for us.
    ///
    /// After a whole answer nothing is read again before the next request is out: the server has
    /// nothing to say in between, and a close raises an event of its own. That saves one system
    /// call a request.
    fn advance(
        &mut self,
        token: usize,
        workload: &mut impl Workload,
        more: More,
    ) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(token) else {
            return Ok(());
        };
        let received = connection.flush().and_then(|()| connection.receive());
        match (received, connection.tag) {
            (Ok(true), Some(tag)) => {
                let took = connection.sent_at.elapsed();
                let (status, body) = connection.answer.whole();
                match workload.answered(tag, status, body) {
                    Ok(()) => {
                        self.good = self.good.saturating_add(1);
                        self.tally.latencies.record(took);
                    }
                    Err(kind) => self.tally.bad(kind, body),
                }
                connection.finish();
            }
            (Ok(false), _) => return Ok(()),
            (Ok(true), None) => {
                let error = io::Error::other("an answer came that was not asked for");
                self.reconnect(token, &error)?;
            }
            (Err(error), _) => self.reconnect(token, &error)?,
        }
        match more {
            More::Requests => self.start(token, workload),
            More::AnswersOnly => Ok(()),
        }
    }

    /// Opens a lost connection again. Its request, if it had one, counts as an error.
    fn reconnect(&mut self, token: usize, error: &io::Error) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(token) else {
            return Ok(());
        };
        if connection.tag.is_some() {
            self.tally.bad(format!("no answer: {error}"), &[]);
        }
        self.lost_connections = self.lost_connections.saturating_add(1);
        if self.lost_connections > LOST_CONNECTIONS_MAX {
            return Err(io::Error::other(format!(
                "more than {LOST_CONNECTIONS_MAX} connections were lost, the last one with: {error}"
            )));
        }
        connection.reopen(self.address)?;
        register(&self.poll, connection, token)
    }

    /// Gives up what has had no answer for too long.
    fn give_up_silent(&mut self, now: Instant) -> io::Result<()> {
        for token in 0..self.connections.len() {
            let silent = self.connections.get(token).is_some_and(|connection| {
                let waited = now.saturating_duration_since(connection.sent_at);
                connection.tag.is_some() && waited > SILENCE_MAX
            });
            if silent {
                let waited = SILENCE_MAX.as_secs();
                self.reconnect(token, &io::Error::other(format!("none within {waited} s")))?;
            }
        }
        Ok(())
    }
}

fn register(poll: &Poll, connection: &mut Connection, token: usize) -> io::Result<()> {
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut connection.stream, Token(token), both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const BAD: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";
    /// The server closes instead of answering.
    const CLOSE: &str = "";

    fn after(milliseconds: u64) -> Instant {
        Instant::now().checked_add(Duration::from_millis(milliseconds)).unwrap()
    }

    /// Asks a number of times; 200 is good.
    struct Times(usize);

    impl Workload for Times {
        fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
            self.0 = self.0.checked_sub(1)?;
            request.extend_from_slice(b"?");
            Some(self.0)
        }

        fn answered(&mut self, _tag: usize, status: u16, _body: &[u8]) -> Result<(), String> {
            if status == 200 { Ok(()) } else { Err(format!("status {status}")) }
        }
    }

    /// Listens, and answers each byte it is sent with the next of these, over one connection at a
    /// time; says so, by closing, where there are no more.
    fn serve(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut answers = answers.iter();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                while stream.read_exact(&mut [0]).is_ok() {
                    match answers.next() {
                        Some(answer) if !answer.is_empty() => {
                            stream.write_all(answer.as_bytes()).unwrap();
                        }
                        _ => break,
                    }
                }
            }
        });
        address
    }

    /// What came of asking as often as there are answers, over one connection.
    #[track_caller]
    fn check(answers: &'static [&'static str], good: u64, kinds: &[(&str, u64, &str)]) {
        let mut load = Load::open(serve(answers), 1).unwrap();
        load.run(&mut Times(answers.len()), after(60_000)).unwrap();
        let tally = load.take_tally().unwrap();
        let found = tally.error_kinds();
        let found: Vec<_> =
            found.iter().map(|e| (e.kind.as_str(), e.count, e.example.as_str())).collect();
        assert_eq!((load.good(), found.as_slice()), (good, kinds), "{answers:?}");
        assert_eq!(tally.errors, kinds.iter().map(|(_, count, _)| count).sum::<u64>());
    }

    #[test]
    fn every_request_ends_as_good_or_as_an_error() {
        const LOST: &str = "no answer: unexpected end of file";
        check(&[GOOD, GOOD, GOOD], 3, &[]);
        check(&[GOOD, BAD, BAD], 1, &[("status 503", 2, "busy")]);
        check(&[CLOSE, GOOD, CLOSE], 1, &[(LOST, 2, "")]);
        check(&[BAD, CLOSE, GOOD], 1, &[(LOST, 1, ""), ("status 503", 1, "busy")]);
    }

    #[test]
    fn a_server_that_only_closes_ends_the_run() {
        static ANSWERS: [&str; 1_100] = [CLOSE; 1_100];
        let mut load = Load::open(serve(&ANSWERS), 1).unwrap();
        let error = load.run(&mut Times(ANSWERS.len()), after(60_000)).unwrap_err().to_string();
        assert!(error.starts_with("more than 1000 connections were lost"), "{error}");
    }

    #[test]
    fn what_is_not_answered_stays_on_its_way_until_its_time_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut load = Load::open(listener.local_addr().unwrap(), 2).unwrap();
        let mut workload = Times(2);
        load.run(&mut workload, after(20)).unwrap();
        let mut streams = [listener.accept().unwrap().0, listener.accept().unwrap().0];
        for stream in &mut streams {
            stream.read_exact(&mut [0]).unwrap();
            stream.write_all(GOOD.as_bytes()).unwrap();
        }
        load.drain(&mut workload, after(60_000)).unwrap();
        assert_eq!(load.good(), 2);
        // What has been silent for too long is an error, and its connection is opened again.
        load.run(&mut Times(1), after(20)).unwrap();
        load.give_up_silent(after(21_000)).unwrap();
        let kinds = load.take_tally().unwrap().error_kinds();
        assert_eq!(kinds.len(), 1);
        assert_eq!(kinds[0].kind, "no answer: none within 20 s");
    }
}
