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
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::proxies::Proxies;

/// How many bytes the head of a request may have, and how much of a body is read ahead. The number of
/// its headers is hyper's own, a hundred.
const READ_AHEAD_BYTES_MAX: usize = 32 * 1024;

/// How many connections agree on TLS at once; further ones are closed.
const HANDSHAKES_MAX: usize = 1_024;

/// A year.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Until TLS is agreed on.
    handshake: Duration,
    /// Until the head of a request is there; and how long an idle connection is kept.
    head: Duration,
    /// While nothing of an answer is taken.
    take: Duration,
}

const PATIENCE: Patience = Patience {
    handshake: Duration::from_secs(10),
    head: Duration::from_secs(60),
    take: Duration::from_secs(30),
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
    tls: Option<TlsAcceptor>,
    handshakes: Arc<Semaphore>,
    patience: Patience,
    /// Whether browsers are told to come by TLS alone.
    is_strict: bool,
}

impl Way {
    /// Over TLS where it is configured. Browsers remember of a name that is to be asked by TLS alone,
    /// so on this machine, where the name is everybody's, they are not told.
    pub(super) fn new(
        tls: Option<Arc<ServerConfig>>,
        proxies: Proxies,
        is_on_loopback: bool,
    ) -> Self {
        let is_strict = tls.is_some() && !is_on_loopback;
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        let tls = tls.map(TlsAcceptor::from);
        Self { proxies, tls, handshakes, patience: PATIENCE, is_strict }
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

impl Each {
    /// Waits until the phase has come.
    pub(super) async fn until(&mut self, phase: Phase) {
        // If nobody is left to tell, all is over.
        drop(self.phase.wait_for(|now| *now >= phase).await);
    }

    /// Serves a connection to its end.
    pub(super) async fn serve(mut self, stream: TcpStream, peer: ClientAddress) {
        let served = match self.way.tls.clone() {
            None => self.answer(stream, peer).await,
            Some(tls) => match self.agree(&tls, stream).await {
                Ok(Some(stream)) => self.answer(stream, peer).await,
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
    ) -> Result<Option<tokio_rustls::server::TlsStream<TcpStream>>, Broken> {
        let handshakes = Arc::clone(&self.way.handshakes);
        let _one = handshakes.try_acquire().map_err(|_| "too many agree on TLS at once")?;
        tokio::select! {
            agreed = tokio::time::timeout(self.way.patience.handshake, tls.accept(stream)) => {
                Ok(Some(agreed.map_err(|_| "TLS was not agreed on in time")??))
            }
            () = self.until(Phase::Ending) => Ok(None),
        }
    }

    /// Answers requests.
    async fn answer<S>(&mut self, stream: S, peer: ClientAddress) -> Result<(), Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (router, way) = (self.router.clone(), self.way.clone());
        let (is_ending, patience) = (Arc::clone(&self.is_ending), way.patience);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let from = way.proxies.caller(peer, request.headers());
            request.extensions_mut().insert(from);
            let answering = router.clone().call(request);
            let (is_ending, is_strict) = (Arc::clone(&is_ending), way.is_strict);
            async move {
                let mut response = answering.await?;
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
        tokio::select! {
            biased;
            ended = connection.as_mut() => return Ok(ended?),
            () = self.until(Phase::Ending) => {}
        }
        connection.as_mut().graceful_shutdown();
        Ok(connection.await?)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::net::TcpListener;

    use super::super::certificate::Certificate;
    use super::*;

    /// Serves a large answer, and waits for nobody long.
    fn impatient(tls: Option<Arc<ServerConfig>>, open: watch::Receiver<Phase>) -> Each {
        let short = Duration::from_millis(20);
        let patience = Patience { handshake: short, head: short, take: short };
        let way = Way { patience, ..Way::new(tls, Proxies::new(&[]), false) };
        let router = Router::new().route("/", get(async || "a".repeat(1_000_000)));
        Each { router, way, is_ending: Arc::default(), phase: open }
    }

    fn peer() -> ClientAddress {
        ClientAddress::new("192.0.2.1".parse().unwrap())
    }

    /// Each of these ends, or the test never does.
    #[tokio::test]
    async fn who_keeps_others_waiting_is_not_waited_for() {
        let (_running, open) = watch::channel(Phase::Open);
        for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-drop: a\r\n"] {
            let (mut client, server) = duplex(64 * 1024);
            client.write_all(begun.as_bytes()).await.unwrap();
            drop(impatient(None, open.clone()).answer(server, peer()).await);
            let mut reply = String::new();
            client.read_to_string(&mut reply).await.unwrap();
            assert!(!reply.contains("200"), "{begun:?}: {reply}");
        }

        let (mut client, server) = duplex(1_024);
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        impatient(None, open.clone()).answer(server, peer()).await.unwrap_err();

        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("crt"), folder.path().join("key"));
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let only_owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, only_owner).unwrap();
        let tls = Certificate::read(&certificate, &key).unwrap().tls().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        impatient(Some(tls), open).serve(stream, peer()).await;
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "it is given back");
    }
}
