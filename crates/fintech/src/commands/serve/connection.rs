//! One connection: TLS where there is a certificate, then one request after another, each with the
//! address that it comes from. Not in here: when connections begin and end.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::{CONNECTION, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderValue, Request};
use http_api::ClientAddress;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::proxies::Proxies;
use super::room::{Bounds, Guest, Room};

/// How many bytes the head of a request may have, and how much of a body is read ahead. The number of
/// its headers is hyper's own, a hundred.
const READ_AHEAD_BYTES_MAX: usize = 32 * 1024;

/// A year.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Until TLS is agreed on.
    handshake: Duration,
    /// Until the head of the first request is there.
    first_head: Duration,
    /// Until the head of a further one is there: how long an idle connection is kept.
    head: Duration,
    /// While nothing of an answer is taken.
    take: Duration,
    /// When its place is needed, for an answer that is still on its way.
    leave: Duration,
}

const PATIENCE: Patience = Patience {
    handshake: Duration::from_secs(10),
    first_head: Duration::from_secs(10),
    head: Duration::from_secs(60),
    take: Duration::from_secs(30),
    leave: Duration::from_secs(1),
};

/// How far the connections are in their lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// New ones are taken in.
    Open,
    /// No new ones are taken in.
    Closed,
    /// Those without a request are closed.
    Ending,
}

/// By what way requests come.
#[derive(Clone)]
pub(super) struct Way {
    /// The proxies that hand requests on.
    pub(super) proxies: Proxies,
    /// The room for all connections.
    pub(super) room: Room,
    tls: Option<TlsAcceptor>,
    /// The room for those that agree on TLS.
    handshakes: Room,
    patience: Patience,
    /// Whether browsers are told to come by TLS alone.
    is_strict: bool,
}

impl Way {
    /// Over TLS where it is configured.
    pub(super) fn new(
        tls: Option<Arc<ServerConfig>>,
        proxies: Proxies,
        is_strict: bool,
        bounds: &Bounds,
    ) -> Self {
        let Bounds { connections, handshakes, uncounted } = bounds;
        Self {
            proxies,
            room: Room::of(*connections, uncounted),
            tls: tls.map(TlsAcceptor::from),
            handshakes: Room::of(*handshakes, uncounted),
            patience: PATIENCE,
            is_strict,
        }
    }
}

/// What each connection is given.
#[derive(Clone)]
pub(super) struct Each {
    pub(super) router: Router,
    pub(super) way: Way,
    /// Whether an answer is the last on its connection.
    pub(super) is_ending: Arc<AtomicBool>,
    pub(super) phase: watch::Receiver<Phase>,
}

/// Why a connection ended that broke.
type Broken = Box<dyn Error + Send + Sync>;

/// The reason of one that gave up its place.
const GAVE_WAY: &str = "it rested longest when a place was needed";

impl Each {
    /// Waits until the phase has come.
    pub(super) async fn until(&mut self, phase: Phase) {
        // If nobody is left to tell, all is over.
        drop(self.phase.wait_for(|now| *now >= phase).await);
    }

    /// Serves a connection to its end.
    pub(super) async fn serve(mut self, stream: TcpStream, peer: ClientAddress, guest: Guest) {
        let guest = Arc::new(guest);
        let served = match self.way.tls.clone() {
            None => self.answer(stream, peer, &guest).await,
            Some(tls) => match self.agree(&tls, stream, peer, &guest).await {
                Ok(Some(stream)) => self.answer(stream, peer, &guest).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = served {
            tracing::debug!(error, from = %peer, "a connection broke");
        }
    }

    /// Agrees on TLS; none where the program ends before.
    async fn agree(
        &mut self,
        tls: &TlsAcceptor,
        stream: TcpStream,
        peer: ClientAddress,
        guest: &Guest,
    ) -> Result<Option<tokio_rustls::server::TlsStream<TcpStream>>, Broken> {
        let handshakes = self.way.handshakes.clone();
        let handshake = self.way.patience.handshake;
        let agreeing = async {
            let place = handshakes.place().await?;
            let agreeing = handshakes.seat(place, peer);
            let agreeing = agreeing.ok_or("its address agrees on TLS as often as it may")?;
            tokio::select! {
                agreed = tls.accept(stream) => Ok::<_, Broken>(agreed?),
                () = agreeing.is_asked_to_leave() => Err(GAVE_WAY.into()),
                () = guest.is_asked_to_leave() => Err(GAVE_WAY.into()),
            }
        };
        tokio::select! {
            agreed = tokio::time::timeout(handshake, agreeing) => {
                Ok(Some(agreed.map_err(|_| "TLS was not agreed on in time")??))
            }
            () = self.until(Phase::Ending) => Ok(None),
        }
    }

    /// Answers requests.
    async fn answer<S>(
        &mut self,
        stream: S,
        peer: ClientAddress,
        guest: &Arc<Guest>,
    ) -> Result<(), Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (router, way) = (self.router.clone(), self.way.clone());
        let (is_ending, patience) = (Arc::clone(&self.is_ending), way.patience);
        let at_work = Arc::clone(guest);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let working = at_work.works();
            let from = way.proxies.caller(peer, request.headers());
            request.extensions_mut().insert(from);
            let answering = router.clone().call(request);
            let (is_ending, is_strict) = (Arc::clone(&is_ending), way.is_strict);
            async move {
                let mut response = answering.await?;
                drop(working);
                if is_strict {
                    response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT);
                }
                if is_ending.load(Ordering::Relaxed) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(patience.take));
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience.head)
                .max_buf_size(READ_AHEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service)
        );
        let mut first_head = std::pin::pin!(tokio::time::sleep(patience.first_head));
        let gives_way = loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => return Ok(ended?),
                () = self.until(Phase::Ending) => break false,
                () = guest.is_asked_to_leave() => break true,
                () = first_head.as_mut(), if !first_head.is_elapsed() => {
                    if !guest.has_worked() {
                        return Err("no request came in time".into());
                    }
                }
            }
        };
        connection.as_mut().graceful_shutdown();
        if !gives_way {
            return Ok(connection.await?);
        }
        loop {
            match tokio::time::timeout(patience.leave, connection.as_mut()).await {
                Ok(ended) => return Ok(ended?),
                // A request came just then: it is answered first.
                Err(_) if guest.is_working() => {}
                Err(_) => return Err(GAVE_WAY.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::net::TcpListener;

    use super::super::certificate;
    use super::*;

    /// Serves a large answer, and waits for nobody long.
    fn impatient(tls: Option<Arc<ServerConfig>>, open: watch::Receiver<Phase>) -> Each {
        let short = Duration::from_millis(20);
        let patience = Patience {
            handshake: short,
            first_head: short,
            head: short,
            take: short,
            leave: short,
        };
        let bounds = Bounds { connections: 9, handshakes: 9, uncounted: Arc::from([]) };
        let way = Way { patience, ..Way::new(tls, Proxies::new(&[]), false, &bounds) };
        let router = Router::new().route("/", get(async || "a".repeat(1_000_000)));
        Each { router, way, is_ending: Arc::default(), phase: open }
    }

    fn peer() -> ClientAddress {
        ClientAddress::new("192.0.2.1".parse().unwrap())
    }

    async fn guest(each: &Each) -> Guest {
        let place = each.way.room.place().await.unwrap();
        each.way.room.seat(place, peer()).unwrap()
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
}
