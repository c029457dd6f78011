//! The connections: accepted where there is room, and ended without cutting what was asked as a whole.
//! An answer that its caller does not take is cut where its place is needed. What is done on one is in
//! `connection`.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use http_api::ClientAddress;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::connection::{Each, Phase, Way};
use super::room::{FreePlace, Room};

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

impl Connections {
    /// Serves whoever connects.
    pub(super) fn start(listener: TcpListener, router: Router, way: Way) -> Self {
        let (phase, told) = watch::channel(Phase::Open);
        let (alive, open) = mpsc::channel(1);
        let is_ending = Arc::new(AtomicBool::new(false));
        let each = Each { router, way, is_ending: Arc::clone(&is_ending), phase: told };
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

/// Held by whoever may still have a connection.
type Alive = mpsc::Sender<Infallible>;

async fn accept(listener: TcpListener, mut each: Each, alive: Alive) {
    let mut was_well = true;
    let room = each.way.room.clone();
    loop {
        let accepted = tokio::select! {
            accepted = accept_one(&listener, &room) => accepted,
            () = each.until(Phase::Closed) => break,
        };
        match accepted {
            Ok(accepted) => {
                was_well = true;
                take_in(accepted, &each, &alive);
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
    while let Some(Ok(accepted)) = accept_one(&listener, &room).now_or_never() {
        take_in(accepted, &each, &alive);
    }
}

async fn accept_one(
    listener: &TcpListener,
    room: &Room,
) -> io::Result<(TcpStream, ClientAddress, FreePlace)> {
    // Before somebody comes: so there is always one place free, and whoever comes is heard at once.
    let place = room.place().await?;
    let (stream, from) = listener.accept().await?;
    // Answers are small, and whoever asked waits for them.
    stream.set_nodelay(true)?;
    Ok((stream, ClientAddress::new(from.ip()), place))
}

/// Serves it, unless it is not from where it should come, or its address has as many as it may.
fn take_in(
    (stream, from, place): (TcpStream, ClientAddress, FreePlace),
    each: &Each,
    alive: &Alive,
) {
    let proxies = &each.way.proxies;
    if proxies.are_there() && !proxies.has(from) {
        tracing::debug!(%from, "a connection was closed: it is not from a proxy");
        return;
    }
    let Some(share) = each.way.room.share(from) else {
        tracing::debug!(%from, "a connection was closed: its address has as many as it may");
        return;
    };
    let guest = each.way.room.seat(place, share);
    let serving = each.clone().serve(stream, from, guest);
    let alive = alive.clone();
    tokio::spawn(async move {
        serving.await;
        drop(alive);
    });
}

#[cfg(test)]
mod tests;
