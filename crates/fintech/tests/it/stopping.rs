//! How the program stops: no request cut, nothing lost, and at once where that is asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::Signal;
use serde_json::json;

use crate::program::Server;

/// Sends credits of 1.00 over one connection until the server says that it is the last, or takes no
/// further one. Each that was sent must be answered.
fn credit_until_closed(stream: TcpStream, path: &str, acknowledged: &AtomicU64) {
    let address = stream.peer_addr().unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut requests = stream;
    let body = r#"{"amount": "1.00"}"#;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    loop {
        requests.write_all(request.as_bytes()).unwrap();
        let head = read_head(&mut replies);
        assert!(head.starts_with("http/1.1 200"), "a request was cut: {head:?}");
        acknowledged.fetch_add(1, Ordering::Relaxed);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        replies.read_exact(&mut body).unwrap();
        if head.contains("connection: close") {
            return;
        }
    }
}

fn read_head(replies: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && replies.read_line(&mut head).unwrap() > 0 {}
    head.to_lowercase()
}

#[test]
fn a_stop_under_load_cuts_no_request_and_loses_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start(folder.path());
        let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
        let path = format!("/v1/wallet/{wallet_id}/credit");
        let acknowledged = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let connect = |_| TcpStream::connect(server.address()).unwrap();
            let streams: Vec<_> = (0..16).map(connect).collect();
            let credit = |stream| credit_until_closed(stream, &path, &acknowledged);
            let clients: Vec<_> =
                streams.into_iter().map(|stream| scope.spawn(move || credit(stream))).collect();
            let has_failed = || clients.iter().any(std::thread::ScopedJoinHandle::is_finished);
            while acknowledged.load(Ordering::Relaxed) < 500 && !has_failed() {
                std::thread::yield_now();
            }
            server.signal(signal);
        });
        assert_eq!(server.wait().code(), Some(0), "{}", server.log_to_end());

        let server = Server::start(folder.path());
        let balance = server.get(&format!("/v1/wallet/{wallet_id}")).expect(200).text("/balance");
        assert_eq!(balance, format!("{}.00", acknowledged.load(Ordering::Relaxed)));
    }
}

#[test]
fn a_request_that_waits_is_answered_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let mut half_sent = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /v1/wallet HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
        server.address()
    );
    half_sent.write_all(head.as_bytes()).unwrap();
    let mut reply = BufReader::new(half_sent.try_clone().unwrap());
    // Whoever is told to go on is being served.
    assert!(read_head(&mut reply).starts_with("http/1.1 100"));
    server.log_until("ready");
    server.signal(Signal::TERM);
    assert!(server.log_line().contains("stopping"));
    half_sent.write_all(b"{}").unwrap();
    assert!(read_head(&mut reply).starts_with("http/1.1 201"));
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    // A request that never ends.
    let mut half_sent = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /v1/wallet HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
        server.address()
    );
    half_sent.write_all(head.as_bytes()).unwrap();
    let mut reply = BufReader::new(half_sent.try_clone().unwrap());
    assert!(read_head(&mut reply).starts_with("http/1.1 100"));
    server.log_until("ready");
    server.signal(Signal::TERM);
    assert!(server.log_line().contains("stopping"));
    server.signal(Signal::INT);
    assert_eq!(server.wait().code(), Some(3));
    let log = server.log_to_end();
    assert!(log.contains("second signal"), "{log}");
    Server::start(folder.path()).stop();
}
