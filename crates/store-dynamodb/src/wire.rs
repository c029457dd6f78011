//! How a request of the SDK goes out and its answer comes back: HTTP/1.1 by hyper, TLS by rustls, over
//! connections that are kept. The SDK's own client speaks HTTP/2 too, which DynamoDB and SNS do not
//! need and every start would pay for. Not in here: what is asked, retries, whom to trust.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use hyper::body::Body;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection that was idle for longer is not used again: the other side has hung up by then, and a
/// function that was frozen would not have noticed.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60);

/// So many connections are kept at most, idle ones and those whose answer is still being read: as many
/// as are on their way together where a load puts its records. The one that was used longest ago goes.
const KEPT_MAX: usize = 32;

/// The HTTP client of every client of the SDK. Connections belong to the async runtime in which they
/// were opened.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<Pool>);

struct Pool {
    tls: Option<TlsConnector>,
    kept: Mutex<Vec<Connection>>,
}

/// Where a connection leads: with TLS or without, to `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Peer {
    is_secure: bool,
    host: String,
    port: u16,
}

struct Connection {
    peer: Peer,
    sender: SendRequest<SdkBody>,
    used: Instant,
    /// The SDK saw an error on it that may be this one machine's.
    is_poisoned: Arc<AtomicBool>,
}

/// Bytes to and from the other side. One type for both ways, so that HTTP is compiled once.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[derive(Debug)]
struct Connector {
    wire: Wire,
    settings: HttpConnectorSettings,
}

impl Wire {
    /// `https` is refused where there is no TLS.
    pub(crate) fn new(tls: Option<Arc<ClientConfig>>) -> Self {
        Self(Arc::new(Pool { tls: tls.map(TlsConnector::from), kept: Mutex::default() }))
    }
}

impl Wire {
    /// The status and the body of the answer to a request of our own, once.
    pub(crate) async fn ask(
        &self,
        request: Request<SdkBody>,
        bytes_max: usize,
    ) -> Result<(u16, Vec<u8>), String> {
        let request = HttpRequest::try_from(request).map_err(|error| in_words(&error))?;
        let settings = HttpConnectorSettings::default();
        let answer = exchange(&self.0, &settings, request).await;
        let answer = answer.map_err(|error| in_words(&error))?;
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.map_err(|error| in_words(&*error))?;
            // Trailers are no part of it.
            let Ok(data) = frame.into_data() else { continue };
            bytes.extend_from_slice(&data);
            if bytes.len() > bytes_max {
                return Err(format!("it has more than {bytes_max} bytes"));
            }
        }
        Ok((status, bytes))
    }
}

/// An error with what it comes from.
pub(crate) fn in_words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { wire: self.clone(), settings: settings.clone() })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (pool, settings) = (Arc::clone(&self.wire.0), self.settings.clone());
        HttpConnectorFuture::new(async move { exchange(&pool, &settings, request).await })
    }
}

async fn exchange(
    pool: &Pool,
    settings: &HttpConnectorSettings,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (peer, mut request) = addressed(request).map_err(ConnectorError::user)?;
    loop {
        let kept = pool.take(&peer);
        let is_kept = kept.is_some();
        let mut connection = match kept {
            Some(connection) => connection,
            None => within(settings.connect_timeout(), pool.connect(&peer)).await??,
        };
        if let Some(captured) = request.extensions().get::<CaptureSmithyConnection>() {
            let metadata = connection.metadata();
            captured.set_connection_retriever(move || Some(metadata.clone()));
        }
        let sent = connection.sender.try_send_request(request);
        match within(settings.read_timeout(), sent).await? {
            Ok(answer) => {
                pool.keep(connection);
                let answer = HttpResponse::try_from(answer.map(SdkBody::from_body_1_x));
                return answer.map_err(|error| ConnectorError::other(error.into(), None));
            }
            Err(mut failed) => match failed.take_message() {
                // The other side had hung up before anything was sent.
                Some(unsent) if is_kept => request = unsent,
                _ => return Err(told(failed.into_error())),
            },
        }
    }
}

/// Where a request goes, and the request as it is written there.
fn addressed(mut request: Request<SdkBody>) -> Result<(Peer, Request<SdkBody>), BoxError> {
    let uri = request.uri();
    let host = uri.host().ok_or("a request without a host")?.to_owned();
    let is_secure = uri.scheme_str() == Some("https");
    let usual = if is_secure { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    // As it was signed: without the usual port.
    let named = if port == usual { host.clone() } else { format!("{host}:{port}") };
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse::<Uri>()?;
    *request.uri_mut() = path;
    let named = HeaderValue::from_str(&named)?;
    request.headers_mut().entry(HOST).or_insert(named);
    Ok((Peer { is_secure, host, port }, request))
}

impl Pool {
    fn take(&self, peer: &Peer) -> Option<Connection> {
        let mut kept = self.kept.lock();
        kept.retain(Connection::lasts);
        // One whose answer is still being read is not ready.
        let is_free = |kept: &Connection| kept.peer == *peer && kept.sender.is_ready();
        let found = kept.iter().rposition(is_free)?;
        Some(kept.swap_remove(found))
    }

    fn keep(&self, connection: Connection) {
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX {
            kept.retain(Connection::lasts);
        }
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().enumerate().min_by_key(|(_, kept)| kept.used);
            if let Some(place) = oldest.map(|(place, _)| place) {
                // An answer that is being read is read to its end.
                drop(kept.swap_remove(place));
            }
        }
        kept.push(Connection { used: Instant::now(), ..connection });
    }

    async fn connect(&self, peer: &Peer) -> Result<Connection, ConnectorError> {
        let connected = self.open(peer).await;
        let stream =
            connected.map_err(|error| ConnectorError::io(error.into()).never_connected())?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(told)?;
        // It ends with the connection, and whoever waits for an answer is told why.
        tokio::spawn(connection);
        let (peer, used) = (peer.clone(), Instant::now());
        Ok(Connection { peer, sender, used, is_poisoned: Arc::default() })
    }

    async fn open(&self, peer: &Peer) -> io::Result<Pin<Box<dyn Stream>>> {
        let stream = TcpStream::connect(format!("{}:{}", peer.host, peer.port)).await?;
        stream.set_nodelay(true)?;
        if !peer.is_secure {
            return Ok(Box::pin(stream));
        }
        let tls = self.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let name = peer.host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        Ok(Box::pin(tls.connect(name, stream).await?))
    }
}

impl Connection {
    fn lasts(&self) -> bool {
        !self.sender.is_closed()
            && self.used.elapsed() < IDLE_TIME_MAX
            && !self.is_poisoned.load(Ordering::Relaxed)
    }

    /// What the SDK knows of it: how to see that it is not used again.
    fn metadata(&self) -> ConnectionMetadata {
        let is_poisoned = Arc::clone(&self.is_poisoned);
        ConnectionMetadata::builder()
            .proxied(false)
            .poison_fn(move || is_poisoned.store(true, Ordering::Relaxed))
            .build()
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

async fn within<T>(
    time: Option<Duration>,
    doing: impl Future<Output = T>,
) -> Result<T, ConnectorError> {
    match time {
        None => Ok(doing.await),
        Some(time) => {
            let done = tokio::time::timeout(time, doing).await;
            done.map_err(|late| ConnectorError::timeout(late.into()))
        }
    }
}

/// What an error of hyper means to the SDK, which decides by it whether to try again.
fn told(error: hyper::Error) -> ConnectorError {
    let is_io = error.source().is_some_and(|source| source.is::<io::Error>());
    if error.is_user() {
        ConnectorError::user(error.into())
    } else if error.is_incomplete_message() {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else if error.is_closed() || error.is_canceled() || is_io {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}
