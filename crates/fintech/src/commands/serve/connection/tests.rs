//! One connection with less patience than it has: who keeps others waiting, and who waits himself.

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpListener;

use super::super::certificate;
use super::*;

/// Serves a large answer, and waits for nobody long.
fn impatient(tls: Option<Arc<ServerConfig>>, open: watch::Receiver<Phase>) -> Each {
    let short = Duration::from_millis(20);
    let patience =
        Patience { handshake: short, first_head: short, head: short, take: short, leave: short };
    let bounds = Bounds { connections: 9, handshakes: 9, uncounted: Arc::from([]) };
    let way = Way { patience, ..Way::new(tls, Proxies::new(&[]), false, &bounds) };
    let router = Router::new().route("/", get(async || "a".repeat(1_000_000)));
    Each { router, way, is_ending: Arc::default(), phase: open }
}

fn peer() -> ClientAddress {
    ClientAddress::new("192.0.2.1".parse().unwrap())
}

async fn guest(each: &Each) -> Guest {
    let room = &each.way.room;
    room.seat(room.place().await.unwrap(), room.share(peer()).unwrap())
}

/// Serves a connection to its end without TLS.
async fn answer(
    mut each: Each,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
) -> Result<(), Broken> {
    let guest = Arc::new(guest(&each).await);
    each.answer(stream, peer(), &guest).await
}

/// Each of these ends, or the test never does.
#[tokio::test]
async fn who_keeps_others_waiting_is_not_waited_for() {
    let (_running, open) = watch::channel(Phase::Open);
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-drop: a\r\n"] {
        let (mut client, server) = duplex(64 * 1024);
        client.write_all(begun.as_bytes()).await.unwrap();
        drop(answer(impatient(None, open.clone()), server).await);
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        assert!(!reply.contains("200"), "{begun:?}: {reply}");
    }

    // Answers are not heaped up for who asks on and takes none.
    for asked in [1, 100] {
        let (mut client, server) = duplex(8 * 1_024);
        let asked = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(asked);
        client.write_all(asked.as_bytes()).await.unwrap();
        answer(impatient(None, open.clone()), server).await.unwrap_err();
    }

    let (tls, _) = certificate::tests::tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let each = impatient(Some(tls), open);
    let guest = guest(&each).await;
    each.serve(stream, peer(), guest).await;
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "it is given back");
}

/// Who has an answer has a second for all of it, before he is asked for his place and after, whether he
/// takes nothing or a little now and then.
#[tokio::test(start_paused = true)]
async fn who_has_not_taken_all_within_a_second_leaves_at_once_when_he_is_asked_to() {
    let (_running, open) = watch::channel(Phase::Open);
    let mut each = impatient(None, open);
    each.way.patience = PATIENCE;
    each.way.room = Room::of(1, &Arc::from([]));
    for (since_ms, taken_bytes, left_ms) in
        [(2_000, 0, 0), (1_000, 0, 0), (400, 0, 600), (2_000, 1_000, 0), (400, 1_000, 600)]
    {
        let (mut client, server) = duplex(8 * 1_024);
        let (guest, mut serving) = (guest(&each).await, each.clone());
        let serving = tokio::spawn(async move {
            let guest = Arc::new(guest);
            serving.answer(server, peer(), &guest).await.is_err()
        });
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        client.read_exact(&mut [0; 1]).await.unwrap();
        for _ in 0..since_ms / 100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            client.read_exact(&mut vec![0; taken_bytes]).await.unwrap();
        }
        let asked = tokio::time::Instant::now();
        drop(each.way.room.place().await.unwrap());
        let left = asked.elapsed().as_millis();
        assert!((left_ms..left_ms + 20).contains(&left), "{since_ms}, {taken_bytes}: {left}");
        assert!(serving.await.unwrap(), "it was cut");
    }
}

/// He is idle for long, and asks just when his place is asked for: he is answered, and waited for no
/// less than anybody else whose answer was made.
#[tokio::test(start_paused = true)]
async fn who_asks_just_when_he_is_asked_to_leave_has_a_second_to_take_his_answer() {
    let (_running, open) = watch::channel(Phase::Open);
    let mut each = impatient(None, open);
    each.way.patience = PATIENCE;
    each.way.room = Room::of(1, &Arc::from([]));
    let room = each.way.room.clone();
    for (works_ms, takes_after_ms, is_whole) in
        [(0, 900, true), (1_500, 900, true), (1_500, 1_100, false)]
    {
        let work = async move || {
            tokio::time::sleep(Duration::from_millis(works_ms)).await;
            "a".repeat(1_000_000)
        };
        let each = Each { router: Router::new().route("/", get(work)), ..each.clone() };
        let (mut client, server) = duplex(8 * 1_024);
        let guest = guest(&each).await;
        let serving = tokio::spawn(async move {
            let (mut serving, guest, mut polls) = (each, Arc::new(guest), 0_u32);
            let from = peer();
            let mut answering = std::pin::pin!(serving.answer(server, from, &guest));
            let answer = std::future::poll_fn(|context| {
                polls += 1;
                answering.as_mut().poll(context).map(|ended| ended.is_ok())
            });
            (answer.await, polls)
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut reply = Vec::new();
        let take = async {
            tokio::time::sleep(Duration::from_millis(works_ms + takes_after_ms)).await;
            client.read_to_end(&mut reply).await.unwrap();
        };
        let (place, ()) = tokio::join!(room.place(), take);
        drop(place.unwrap());
        assert_eq!(reply.len() > 1_000_000, is_whole, "{works_ms}, {takes_after_ms}");
        let (is_served, polls) = serving.await.unwrap();
        assert_eq!(is_served, is_whole);
        // Each part of the answer is a poll; time is none.
        assert!(polls < 500, "{works_ms}: polled {polls} times");
    }
}

/// Where he cannot agree on TLS yet he waits, and leaves when he is asked to; not more from one address
/// than may agree at once.
#[tokio::test]
async fn who_waits_for_his_turn_to_agree_on_tls_is_counted_and_can_be_asked_to_leave() {
    let (_running, open) = watch::channel(Phase::Open);
    let (tls, _) = certificate::tests::tls();
    let mut each = impatient(Some(tls), open);
    each.way.patience = PATIENCE;
    each.way.room = Room::of(2, &Arc::from([]));
    each.way.handshakes = Room::of(1, &Arc::from([]));
    // The only place is one that nobody can be asked for.
    let handshakes = &each.way.handshakes;
    let other = handshakes.share(ClientAddress::new("192.0.2.9".parse().unwrap())).unwrap();
    let agrees = Arc::new(handshakes.seat(handshakes.place().await.unwrap(), other));
    let _agreeing = agrees.works();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waits = async || {
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let place = each.way.room.place().await.unwrap();
        let share = Room::of(1, &Arc::from([])).share(peer()).unwrap();
        let guest = each.way.room.seat(place, share);
        (client, tokio::spawn(each.clone().serve(stream, peer(), guest)))
    };
    let (mut client, first) = waits().await;
    tokio::task::yield_now().await;
    // Its address has its share.
    let (mut further, second) = waits().await;
    ends(second).await;
    assert_eq!(further.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(!first.is_finished());

    let _taken = each.way.room.place().await.unwrap();
    let (_place, ()) = tokio::join!(each.way.room.place(), ends(first));
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
}

/// Before the time for TLS is over.
async fn ends(serving: tokio::task::JoinHandle<()>) {
    tokio::time::timeout(Duration::from_secs(5), serving).await.expect("it is waited for").unwrap();
}

/// The head of a first request has less time than that of a further one.
#[tokio::test(start_paused = true)]
async fn a_first_request_comes_soon_and_a_further_one_may_come_later() {
    let (_running, open) = watch::channel(Phase::Open);
    let mut each = impatient(None, open);
    each.way.patience = PATIENCE;
    let begun = tokio::time::Instant::now();
    let (client, server) = duplex(8 * 1_024);
    answer(each.clone(), server).await.unwrap_err();
    assert_eq!(begun.elapsed().as_secs(), PATIENCE.first_head.as_secs());
    drop(client);

    let begun = tokio::time::Instant::now();
    let (mut client, server) = duplex(2_000_000);
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    drop(answer(each, server).await);
    assert_eq!(begun.elapsed().as_secs(), PATIENCE.head.as_secs());
}

#[tokio::test]
async fn browsers_are_told_to_come_by_tls_alone_only_where_they_should() {
    let (_running, open) = watch::channel(Phase::Open);
    for is_strict in [true, false] {
        let mut each = impatient(None, open.clone());
        each.way.is_strict = is_strict;
        let (mut client, server) = duplex(2_000_000);
        let asked = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(asked).await.unwrap();
        answer(each, server).await.unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        let told = "strict-transport-security: max-age=31536000\r\n";
        assert_eq!(reply.contains(told), is_strict);
    }
}
