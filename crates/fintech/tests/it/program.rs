//! Runs the program and talks to it. What is expected of it, the tests say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::log::Log;
use crate::secrets::Secrets;

/// The program with these arguments, and nothing of this process's environment that it would hear. It
/// logs what each request was, for that too is searched for secrets.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fintech"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FINTECH_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).env("FINTECH_LOG_LEVEL", "debug");
    command
}

/// Says which test is skipped and why, past what cargo keeps to itself of tests that pass.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current();
    writeln!(io::stderr(), "{}: skipped: {why}", test.name().unwrap_or_default()).unwrap();
}

/// What came of a command that ends by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    ended(&mut command(arguments))
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    Secrets::default().expect_none_in(&err);
    Ended { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
}

impl Ended {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A running server; killed when it is dropped, and its log searched for secrets.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    log: Log,
    secrets: Secrets,
}

impl Server {
    /// On a free port of loopback, where everybody is the local operator.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, more: &[&str]) -> Self {
        Self::with_accounts(data, &[&["--insecure-no-auth"], more].concat())
    }

    /// On a free port of loopback, with accounts of its own.
    pub(crate) fn with_accounts(data: &Path, more: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--data", text(data)];
        arguments.extend_from_slice(more);
        Self::of(&mut command(&arguments))
    }

    /// Starts a command that serves, and waits for the line that says that it is ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().to_owned();
        let mut server = Self { child, url, log, secrets: Secrets::default() };
        if !server.url.starts_with("http") || !line.ends_with('\n') {
            let status = server.child.wait().unwrap();
            panic!("{line:?} is not an address; {status}: {}", server.log_to_end());
        }
        server
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The next line of its log that is no detail; empty when it has ended.
    pub(crate) fn log_line(&mut self) -> String {
        self.log.line()
    }

    /// The next line of its log with these words.
    #[track_caller]
    pub(crate) fn log_until(&mut self, words: &str) -> String {
        loop {
            let line = self.log_line();
            assert!(!line.is_empty(), "the log ended without {words:?}");
            if line.contains(words) {
                return line;
            }
        }
    }

    /// What of its log was not told yet, once it has ended.
    pub(crate) fn log_to_end(&mut self) -> String {
        self.log.rest()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Stops it in order; gives back what it logged.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        let log = self.log_to_end();
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &["content-type: application/json"], &body.to_string())
    }

    /// As `post`, waiting for the end of a saga.
    pub(crate) fn post_and_wait(&self, path: &str, body: &Value) -> Reply {
        let headers = ["content-type: application/json", "prefer: wait=10"];
        self.send("POST", path, &headers, &body.to_string())
    }

    /// A request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let reply = self.try_send(method, path, headers, body).unwrap();
        reply.unwrap_or_else(|| panic!("{method} {path}: no whole answer"))
    }

    /// The same of a server that may be killed meanwhile; none where it did not answer to the end.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> io::Result<Option<Reply>> {
        let mut stream = TcpStream::connect(self.address())?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let has_host = headers.iter().any(|header| header.starts_with("host:"));
        let host = if has_host { String::new() } else { format!("host: {}\r\n", self.address()) };
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        headers.lines().for_each(|header| self.secrets.note_header(header));
        self.secrets.note_body(body);
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}connection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply)?;
        let reply = String::from_utf8(reply).unwrap();
        let Some((head, body)) = reply.split_once("\r\n\r\n") else { return Ok(None) };
        head.lines().for_each(|header| self.secrets.note_header(header));
        self.secrets.note_body(body);
        let reply = Reply::read(head, body);
        Ok(reply.is_whole().then_some(reply))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        if !std::thread::panicking() {
            self.log.expect_no_secret(&self.secrets);
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    fn read(head: &str, body: &str) -> Self {
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Whether its body is as long as it says.
    fn is_whole(&self) -> bool {
        let said = self.head.lines().find_map(|line| line.strip_prefix("content-length: "));
        said.is_none_or(|said| said.parse() == Ok(self.body.len()))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of its body, by its place: `/wallet/balance`.
    #[track_caller]
    pub(crate) fn text(&self, place: &str) -> String {
        let json = self.json();
        let found = json.pointer(place).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {place} in {json}")).to_owned()
    }
}
