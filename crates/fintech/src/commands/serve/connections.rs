//! The connections: accepted, served one request after another, and ended without cutting a request.
//! What a request means is not here.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use futures_util::FutureExt;
use http_api::ClientAddress;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tower::Service;

/// How long a client may take to send the head of a request, and how long an idle connection is kept.
const HEAD_WAIT: Duration = Duration::from_secs(60);

/// How many bytes the head of a request may have, and how much of a body is read ahead.
const READ_AHEAD_BYTES_MAX: usize = 32 * 1024;

/// How many connections are open at once; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;

/// How many open files the store and the rest of the program keep for themselves.
const STORE_FILES: u64 = 64;

/// How long clients between two requests have to send another one, which is then answered and the
/// connection closed: a client cannot tell a connection that is closed under its request from one on
/// which the request was lost.
const LAST_REQUESTS: Duration = Duration::from_millis(250);

/// How long requests under way have after that: longer than `Prefer: wait` may wait.
const LAST_ANSWERS: Duration = Duration::from_secs(15);

/// After a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// All connections of a listener.
pub(super) struct Connections {
    phase: watch::Sender<Phase>,
    accepting: JoinHandle<()>,
    is_ending: Arc<AtomicBool>,
    /// Ends when the last connection does.
    open: mpsc::Receiver<Infallible>,
}

/// How far the connections are in their lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// New ones are taken in.
    Open,
    /// No new ones are taken in.
    Closed,
    /// Those without a request are closed.
    Ending,
}

impl Connections {
    /// Serves whoever connects.
    pub(super) fn start(listener: TcpListener, router: Router) -> Self {
        let (phase, told) = watch::channel(Phase::Open);
        let (alive, open) = mpsc::channel(1);
        let is_ending = Arc::new(AtomicBool::new(false));
        let each = Each { router, is_ending: Arc::clone(&is_ending), phase: told };
        let accepting = tokio::spawn(accept(listener, each, alive));
        Self { phase, accepting, is_ending, open }
    }

    /// Takes no new ones in, answers what was asked, and closes them all.
    pub(super) async fn drain(mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.phase.send_replace(Phase::Closed);
        if let Err(panicked) = self.accepting.await {
            tracing::error!(%panicked, "accepting connections ended by a panic");
        }
        if tokio::time::timeout(LAST_REQUESTS, self.open.recv()).await.is_ok() {
            return;
        }
        self.phase.send_replace(Phase::Ending);
        if tokio::time::timeout(LAST_ANSWERS, self.open.recv()).await.is_err() {
            tracing::warn!("requests that were not answered in time are cut");
        }
    }
}

/// What each connection is given.
#[derive(Clone)]
struct Each {
    router: Router,
    /// Whether an answer is the last on its connection.
    is_ending: Arc<AtomicBool>,
    phase: watch::Receiver<Phase>,
}

/// Held by whoever may still have a connection.
type Alive = mpsc::Sender<Infallible>;

impl Each {
    /// Waits until the phase has come.
    async fn until(&mut self, phase: Phase) {
        // If nobody is left to tell, all is over.
        drop(self.phase.wait_for(|now| *now >= phase).await);
    }
}

/// How many connections there is room for. Each is an open file; the limit is raised as far as the
/// machine allows, for many systems start with a thousand and some, and the store keeps its share.
fn connections_max() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    room_within(getrlimit(Resource::Nofile).current)
}

/// Without a limit as many as we ever take; below it what the store leaves, but one at least.
fn room_within(files_max: Option<u64>) -> usize {
    let left = files_max.and_then(|files| usize::try_from(files.saturating_sub(STORE_FILES)).ok());
    left.unwrap_or(CONNECTIONS_MAX).clamp(1, CONNECTIONS_MAX)
}

async fn accept(listener: TcpListener, mut each: Each, alive: Alive) {
    let mut was_well = true;
    let room = Arc::new(Semaphore::new(connections_max()));
    loop {
        let accepted = tokio::select! {
            accepted = accept_one(&listener, &room) => accepted,
            () = each.until(Phase::Closed) => break,
        };
        match accepted {
            Ok((stream, from, permit)) => {
                was_well = true;
                spawn((stream, from), each.clone(), (permit, alive.clone()));
            }
            Err(error) => {
                // Told once, until one is accepted again.
                if was_well {
                    tracing::warn!(%error, "connections cannot be accepted; it tries on");
                }
                was_well = false;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Whoever connected before the end is served too.
    while let Some(Ok((stream, from, permit))) = accept_one(&listener, &room).now_or_never() {
        spawn((stream, from), each.clone(), (permit, alive.clone()));
    }
}

async fn accept_one(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, ClientAddress, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    // Answers are small, and whoever asked waits for them.
    stream.set_nodelay(true)?;
    Ok((stream, ClientAddress::new(from.ip()), permit))
}

fn spawn(accepted: (TcpStream, ClientAddress), each: Each, held: (OwnedSemaphorePermit, Alive)) {
    tokio::spawn(async move {
        let (stream, from) = accepted;
        if let Err(error) = serve(stream, from, each).await {
            tracing::debug!(%error, "a connection broke");
        }
        drop(held);
    });
}

async fn serve(stream: TcpStream, from: ClientAddress, mut each: Each) -> hyper::Result<()> {
    let router = each.router.clone();
    let is_ending = Arc::clone(&each.is_ending);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(from);
        let answering = router.clone().call(request);
        let is_ending = Arc::clone(&is_ending);
        async move {
            let mut response = answering.await?;
            if is_ending.load(Ordering::Relaxed) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(READ_AHEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = each.until(Phase::Ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_its_share_of_open_files() {
        for (files_max, room) in [
            (Some(1_024), 960),
            (Some(1_000_000), CONNECTIONS_MAX),
            (None, CONNECTIONS_MAX),
            (Some(32), 1),
        ] {
            assert_eq!(room_within(files_max), room, "{files_max:?}");
        }
    }
}
