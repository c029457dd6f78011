//! What of everything is bounded, over real connections. Not in here: how long somebody is waited for,
//! which unit tests try with less patience.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Server, command, text};

/// A connection on which nothing is waited for without end.
fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Fails where it was waited for in vain; a connection that was reset is one that ended.
#[track_caller]
fn ended(read: io::Result<usize>) -> usize {
    match read {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
        Err(error) => panic!("neither an answer nor the end came: {error}"),
    }
}

/// A connection from one of this machine's own addresses.
fn connect(server: &Server, from: [u8; 4]) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let to: SocketAddr = server.address().parse().unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::from(from), 0)).unwrap();
        let stream = socket.connect(to).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        patient(stream)
    })
}

/// The status that a connection is answered with; none where it was closed.
fn status(server: &Server, stream: &TcpStream) -> Option<u16> {
    let mut stream = stream;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", server.address());
    if stream.write_all(request.as_bytes()).is_err() {
        return None;
    }
    let mut line = String::new();
    let mut reader = BufReader::new(stream);
    if ended(reader.read_line(&mut line)) == 0 {
        return None;
    }
    // The rest stays with this reader, and the connection is asked no more.
    Some(line.split(' ').nth(1).unwrap().parse().unwrap())
}

/// The program with so few open files that there is room for a hundred connections.
fn with_little_room(data: &str) -> Command {
    let mut limited = Command::new("sh");
    let program = command(&[]);
    limited.args(["-c", "ulimit -n 164 && exec \"$0\" \"$@\""]).arg(program.get_program());
    limited.args(["serve", "--listen", "127.0.0.1:0", "--insecure-no-auth", "--data", data]);
    limited
}

/// What this machine itself opens is not shared by address. How addresses share, unit tests try.
#[test]
fn whoever_comes_is_heard_and_who_rests_longest_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::of(&mut with_little_room(text(folder.path())));
    let mut streams: Vec<TcpStream> = Vec::new();
    for _ in 0..150 {
        let stream = connect(&server, [127, 0, 0, 1]);
        assert_eq!(status(&server, &stream), Some(200));
        streams.push(stream);
    }
    for gone in streams.iter_mut().take(50) {
        let mut rest = Vec::new();
        // To the end of the answer, and of the connection.
        ended(gone.read_to_end(&mut rest));
    }
    assert_eq!(status(&server, streams.last().unwrap()), Some(200));
}

#[test]
fn heads_that_are_too_large_are_refused_and_those_that_are_large_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let with = |header: &str, times: usize| {
        let headers: Vec<String> =
            (0..times).map(|number| format!("x-{number}: {header}")).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        server.send("GET", "/healthz", &headers, "").status
    };
    assert_eq!(with(&"a".repeat(20_000), 1), 200);
    assert_eq!(with(&"a".repeat(100_000), 1), 431);
    assert_eq!(with("a", 90), 200);
    assert_eq!(with("a", 110), 431);

    // Nor is more of it kept than that: it is refused while it comes, or cut.
    let lines = "x-line: a\r\n".repeat(100_000);
    let mut stream = patient(TcpStream::connect(server.address()).unwrap());
    let head = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n{lines}\r\n", server.address());
    drop(stream.write_all(head.as_bytes()));
    let mut reply = Vec::new();
    ended(stream.read_to_end(&mut reply));
    assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 431"), "{reply:?}");
    server.get("/healthz").expect(200);
}

#[test]
fn requests_that_come_all_at_once_are_answered_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut stream = patient(TcpStream::connect(server.address()).unwrap());
    let host = server.address();
    let asked =
        |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{more}\r\n");
    let all = [
        asked("/healthz", ""),
        asked("/v1/nowhere", ""),
        asked("/readyz", "connection: close\r\n"),
    ];
    stream.write_all(all.concat().as_bytes()).unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    let lines = replies.split("HTTP/1.1 ").skip(1).map(|reply| &reply[..3]);
    assert_eq!(lines.collect::<Vec<_>>(), ["200", "404", "200"]);
}

/// Behind a proxy an address is the one that the proxy names, and only proxies get in.
#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(
        folder.path(),
        &["--behind-proxy", "127.0.0.1", "--rate-per-address", "1"],
    );
    let ask = |from: &str| {
        let forwarded = format!("x-forwarded-for: 198.51.100.9, {from}");
        server.send("GET", "/v1/openapi.json", &["host: bank.example", &forwarded], "")
    };
    let refused = (0..1_000).map(|_| ask("203.0.113.7")).find(|reply| reply.status != 200);
    let refused = refused.expect("nobody is limited").expect(429);
    assert!(refused.head.contains("retry-after: 1\r\n"), "{refused:?}");
    assert!(refused.head.contains("x-content-type-options: nosniff"), "{refused:?}");
    assert!(refused.head.contains("strict-transport-security: max-age="), "the proxy does TLS");
    assert!(refused.text("/type").ends_with("/too-many-requests"));
    ask("203.0.113.8").expect(200);
    // Whoever comes back is let in once the second is over.
    let end = Instant::now() + Duration::from_secs(60);
    while ask("203.0.113.7").status == 429 {
        assert!(Instant::now() < end, "he is never let in again");
    }
    ask("203.0.113.9").expect(200);
    // The proxy itself is this machine, which is not counted.
    for _ in 0..20 {
        server.send("GET", "/healthz", &["host: bank.example"], "").expect(200);
    }

    assert_eq!(status(&server, &connect(&server, [127, 0, 0, 2])), None, "it is no proxy");
}

#[test]
fn pages_of_other_sites_may_ask_only_where_they_are_named() {
    let preflight = |server: &Server, origin: &str| {
        let headers = [
            &*format!("origin: {origin}"),
            "access-control-request-method: POST",
            "access-control-request-headers: authorization,content-type",
        ];
        server.send("OPTIONS", "/v1/wallet", &headers, "").head
    };
    let create = |server: &Server, origin: &str| {
        let headers = [&*format!("origin: {origin}"), "content-type: application/json"];
        server.send("POST", "/v1/wallet", &headers, &json!({}).to_string())
    };
    let folder = tempfile::tempdir().unwrap();
    let closed = Server::start(folder.path());
    assert!(!preflight(&closed, "https://app.example").contains("access-control"));
    let refused = create(&closed, "https://app.example").expect(403);
    assert!(!refused.head.contains("access-control"), "{refused:?}");
    closed.stop();

    let open = Server::start_with(folder.path(), &["--cors-origin", "https://app.example"]);
    let told = preflight(&open, "https://app.example");
    for there in [
        "access-control-allow-origin: https://app.example\r\n",
        "access-control-allow-methods: get,post,delete\r\n",
        "idempotency-key",
    ] {
        assert!(told.contains(there), "{there} is not in {told}");
    }
    assert!(!told.contains("allow-credentials"), "{told}");
    let created = create(&open, "https://app.example").expect(201);
    assert!(created.head.contains("access-control-allow-origin: https://app.example\r\n"));
    assert!(!preflight(&open, "https://evil.example").contains("allow-origin"));
    let refused = create(&open, "https://evil.example").expect(403);
    assert!(!refused.head.contains("allow-origin"), "{refused:?}");
}
