//! Little room, and more who want it than there is: over real connections of one machine, whose many
//! addresses stand for others.

use std::net::Ipv4Addr;

use axum::body::Bytes;
use axum::routing::{get, post};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::certificate;
use super::super::proxies::Proxies;
use super::super::room::Bounds;
use super::*;

/// More bytes than lie between two ends of a connection.
const LARGE: usize = 32_000_000;

/// A site with little room.
struct Site {
    to: std::net::SocketAddr,
    connections: Connections,
    /// Lets those be answered who ask for `/slow`.
    answer: Arc<Notify>,
    /// Told when one of them has begun to wait.
    asked: Arc<Notify>,
}

impl Site {
    async fn open(tls: Option<Arc<ServerConfig>>, bounds: Bounds) -> Self {
        let (answer, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (answering, asking) = (Arc::clone(&answer), Arc::clone(&asked));
        let slow = async move || {
            asking.notify_one();
            answering.notified().await;
            "slow"
        };
        let router = Router::new()
            .route("/", get(async || "quick"))
            .route("/slow", get(slow.clone()))
            .route("/slow", post(async move |_: Bytes| slow().await))
            .route("/large", get(async || "a".repeat(LARGE)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let way = Way::new(tls, Proxies::new(&[]), false, &bounds);
        let connections = Connections::start(listener, router, way);
        Self { to, connections, answer, asked }
    }

    /// A connection from the machine's address with that last number.
    async fn connect(&self, number: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, number), 0).into()).unwrap();
        socket.connect(self.to).await.unwrap()
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), path: &str) {
    write(stream, &format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), asked: &str) {
    // Where it was closed already, there is no answer either.
    drop(stream.write_all(asked.as_bytes()).await);
}

/// What comes next, as often as it comes; nothing where the connection was closed. Never waits for ever.
async fn read(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> usize {
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(read));
    reading.await.expect("neither an answer nor the end").unwrap_or_default()
}

/// Whether the answer is there: it ends with that word. Not where the connection was closed.
async fn is_answered(stream: &mut (impl AsyncRead + Unpin), word: &str) -> bool {
    let mut reply = Vec::new();
    while !reply.ends_with(word.as_bytes()) {
        if read(stream, &mut reply).await == 0 {
            return false;
        }
    }
    true
}

async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    read(stream, &mut Vec::new()).await == 0
}

fn bounds(connections: usize, handshakes: usize) -> Bounds {
    Bounds { connections, handshakes, uncounted: Arc::from([]) }
}

#[tokio::test]
async fn where_all_places_are_taken_who_rests_longest_makes_room_and_who_works_does_not() {
    let uncounted = Arc::from(["127.0.0.0/8".parse().unwrap()]);
    let site = Site::open(None, Bounds { uncounted, ..bounds(4, 1) }).await;
    let mut works = site.connect(1).await;
    send(&mut works, "/slow").await;
    site.asked.notified().await;
    let mut rest = Vec::new();
    // One address may have them all where it is not counted. All who come are answered.
    for _ in 0..20 {
        let mut stream = site.connect(1).await;
        send(&mut stream, "/").await;
        assert!(is_answered(&mut stream, "quick").await);
        rest.push(stream);
    }
    // Who came first went first; a place is free for the next one.
    for stream in rest.iter_mut().take(18) {
        assert!(is_closed(stream).await);
    }
    for stream in rest.iter_mut().skip(18) {
        send(stream, "/").await;
        assert!(is_answered(stream, "quick").await);
    }
    site.answer.notify_one();
    assert!(is_answered(&mut works, "slow").await);
    site.connections.drain().await;
}

/// The head of a request is no work, nor is a part of its body: who sends no more than that rests.
#[tokio::test]
async fn who_begins_a_body_and_does_not_end_it_rests_and_who_ended_it_works() {
    let uncounted = Arc::from(["127.0.0.0/8".parse().unwrap()]);
    let site = Site::open(None, Bounds { uncounted, ..bounds(4, 1) }).await;
    let (head, body) = ("POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n", "123456789");
    let mut works = site.connect(1).await;
    write(&mut works, head).await;
    write(&mut works, body).await;
    site.asked.notified().await;
    // They take all other places, and are gone when others come: not waited for, as an answer is.
    let mut begun = Vec::new();
    for _ in 0..3 {
        let mut stream = site.connect(2).await;
        write(&mut stream, head).await;
        write(&mut stream, "1").await;
        begun.push(stream);
    }
    let mut answered = Vec::new();
    for _ in 0..3 {
        let mut stream = site.connect(3).await;
        send(&mut stream, "/").await;
        assert!(is_answered(&mut stream, "quick").await);
        answered.push(stream);
    }
    for stream in &mut begun {
        assert!(is_closed(stream).await);
    }
    site.answer.notify_one();
    assert!(is_answered(&mut works, "slow").await);
    site.connections.drain().await;
}

/// That bytes of an answer are under way keeps no place for long: who takes none would keep it so.
#[tokio::test]
async fn who_does_not_take_his_answer_makes_room_too() {
    let uncounted = Arc::from(["127.0.0.0/8".parse().unwrap()]);
    let site = Site::open(None, Bounds { uncounted, ..bounds(2, 1) }).await;
    let mut takes_none = site.connect(1).await;
    send(&mut takes_none, "/large").await;
    let mut begun = Vec::new();
    assert!(read(&mut takes_none, &mut begun).await > 0, "its answer is under way");
    let mut works = site.connect(2).await;
    send(&mut works, "/slow").await;
    site.asked.notified().await;
    let mut next = site.connect(3).await;
    send(&mut next, "/").await;
    assert!(is_answered(&mut next, "quick").await);
    while read(&mut takes_none, &mut begun).await > 0 {}
    assert!(begun.len() < LARGE, "it was cut");
    site.answer.notify_one();
    assert!(is_answered(&mut works, "slow").await);
    site.connections.drain().await;
}

/// Nobody but such clients has a place, and whoever of them is cut comes again: who comes is served.
#[tokio::test]
async fn where_all_places_are_held_by_who_takes_no_answer_whoever_comes_is_served() {
    let uncounted = Arc::from(["127.0.0.0/8".parse().unwrap()]);
    let site = Site::open(None, Bounds { uncounted, ..bounds(4, 1) }).await;
    let hold = async || {
        let mut stream = site.connect(1).await;
        send(&mut stream, "/large").await;
        // Its answer is under way, unless others have the places.
        read(&mut stream, &mut Vec::new()).await;
        stream
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(hold().await);
    }
    for _ in 0..6 {
        let mut next = site.connect(2).await;
        send(&mut next, "/").await;
        assert!(is_answered(&mut next, "quick").await);
        held.push(hold().await);
    }
    drop(held);
    site.connections.drain().await;
}

#[tokio::test]
async fn an_address_has_its_share_of_the_connections_and_no_more() {
    let site = Site::open(None, bounds(16, 1)).await;
    let mut streams = Vec::new();
    for (number, is_let_in) in
        [(1, true), (1, true), (1, false), (2, true), (2, true), (2, false), (3, true)]
    {
        let mut stream = site.connect(number).await;
        send(&mut stream, "/").await;
        assert_eq!(is_answered(&mut stream, "quick").await, is_let_in, "127.0.0.{number}");
        streams.push(stream);
    }
    site.connections.drain().await;
}

#[tokio::test]
async fn an_address_has_its_share_of_what_agrees_on_tls_and_the_oldest_gives_way() {
    let (tls, certificate) = certificate::tests::tls();
    let site = Site::open(Some(tls), bounds(800, 2)).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = TlsConnector::from(Arc::new(client));
    let agree = async |number: u8| -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        client.connect(name, site.connect(number).await).await
    };

    // One of two from one address that say nothing is closed, and its further ones too.
    let (mut one, mut other) = (site.connect(2).await, site.connect(2).await);
    let silent = tokio::select! {
        closed = is_closed(&mut one) => { assert!(closed); &mut other }
        closed = is_closed(&mut other) => { assert!(closed); &mut one }
    };
    agree(2).await.unwrap_err();

    // Both places are taken by who says nothing; whoever comes is let in, and the oldest gives way.
    let _younger = site.connect(3).await;
    for number in [1, 4] {
        let mut stream = agree(number).await.unwrap();
        send(&mut stream, "/").await;
        assert!(is_answered(&mut stream, "quick").await);
    }
    assert!(is_closed(silent).await);
    site.connections.drain().await;
}
