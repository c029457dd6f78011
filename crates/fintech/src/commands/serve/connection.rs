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
use axum::response::Response;
use futures_util::future::{Either, select};
use http_api::ClientAddress;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
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
    /// When its place is needed, for an answer that is still on its way, together with the time that it
    /// was so before; a body that is on its way is not waited for.
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
            // His share first: whoever waits for a place is one of those that his address may have.
            let share = handshakes.share(peer);
            let share = share.ok_or("its address agrees on TLS as often as it may")?;
            let agreeing = handshakes.seat(handshakes.place().await?, share);
            tokio::select! {
                agreed = tls.accept(stream) => Ok::<_, Broken>(agreed?),
                () = agreeing.is_asked_to_leave() => Err(GAVE_WAY.into()),
            }
        };
        tokio::select! {
            agreed = tokio::time::timeout(handshake, agreeing) => {
                Ok(Some(agreed.map_err(|_| "TLS was not agreed on in time")??))
            }
            () = guest.is_asked_to_leave() => Err(GAVE_WAY.into()),
            () = self.until(Phase::Ending) => Ok(None),
        }
    }

    /// Answers a request. Who asks works from when it is there as a whole, or refused before that.
    async fn reply(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: ClientAddress,
        guest: Arc<Guest>,
    ) -> Result<Response, Infallible> {
        guest.asks();
        // Who reads the body drops it then, and with it what tells that it is there.
        let (unheard, heard) = oneshot::channel::<Infallible>();
        let unheard = (!request.body().is_end_stream()).then_some(unheard);
        let mut request = request.map(|body| {
            body.map_frame(move |frame| {
                let _: &Option<_> = &unheard;
                frame
            })
        });
        let from = self.way.proxies.caller(peer, request.headers());
        request.extensions_mut().insert(from);
        let answering = std::pin::pin!(self.router.clone().call(request));
        let first = select(heard, answering).await;
        let working = guest.works();
        let mut response = match first {
            Either::Left((_, answering)) => answering.await?,
            Either::Right((refused, _)) => refused?,
        };
        drop(working);
        if self.way.is_strict {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT);
        }
        if self.is_ending.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
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
        let (each, asking, patience) =
            (Arc::new(self.clone()), Arc::clone(guest), self.way.patience);
        let service =
            service_fn(move |request| Arc::clone(&each).reply(request, peer, Arc::clone(&asking)));
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
                    if !guest.has_asked() {
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
            let is_heard = guest.is_heard();
            // Counted from when the answer was made, also while it flows: else this time would be lost
            // for each of many who take nothing, and who takes a byte now and then would stay.
            let left = || patience.leave.saturating_sub(guest.rests_for());
            let leave = if is_heard { Duration::ZERO } else { left() };
            match tokio::time::timeout(leave, connection.as_mut()).await {
                Ok(ended) => return Ok(ended?),
                // A request came just then, or the rest of one: it is answered first, and taken.
                Err(_) if guest.is_heard() != is_heard => {}
                Err(_) if !is_heard && !left().is_zero() => {}
                Err(_) => return Err(GAVE_WAY.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
