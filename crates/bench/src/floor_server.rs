//! A server that only answers: the floor under every figure that is measured over HTTP.
//!
//! It takes the routes that the scenarios ask for and answers each with a fixed body, from the
//! framework that the real server is built on. It moves no money and keeps nothing.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Failure, doing};

type Fixed = (StatusCode, [(HeaderName, &'static str); 1], &'static str);

const PAYMENT: &str = r#"{"transaction_id":"pay_00000000-0000-7000-8000-000000000000","wallet_id":"wal_00000000-0000-7000-8000-000000000000","merchant_id":"merchant-000","amount":"0.01","currency":"USD","capture":"automatic","status":"SUCCESSFUL","reason":null,"captured_amount":"0.01","refunded_amount":"0.00","expires_at":null,"created_at":"2026-01-01T00:00:00.000000Z"}"#;
const MOVEMENT: &str = r#"{"transaction":{"transaction_id":"trf_00000000-0000-7000-8000-000000000000","sequence":1,"type":"CREDIT","amount":"0.01","balance_after":"0.01","effective_at":"2026-01-01T00:00:00.000000Z","booked_at":"2026-01-01T00:00:00.000000Z"},"wallet":{"wallet_id":"wal_00000000-0000-7000-8000-000000000000","currency":"USD","balance":"0.01","available":"0.01","held":"0.00"}}"#;
const WALLET: &str = r#"{"wallet_id":"wal_00000000-0000-7000-8000-000000000000","balance":"0.00","available":"0.00","held":"0.00","currency":"USD","status":"ACTIVE","created_at":"2026-01-01T00:00:00.000000Z"}"#;
const ME: &str = r#"{"sub":"local","role":"operator"}"#;

fn json(status: StatusCode, body: &'static str) -> Fixed {
    (status, [(header::CONTENT_TYPE, "application/json")], body)
}

/// The routes. A body is read to its end, as the real ones do, and not looked at.
fn router() -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n".into_response()))
        .route("/v1/me", get(async || json(StatusCode::OK, ME)))
        .route("/v1/payment", post(async |_: Bytes| json(StatusCode::OK, PAYMENT)))
        .route("/v1/wallet", post(async |_: Bytes| json(StatusCode::CREATED, WALLET)))
        .route("/v1/wallet/{id}/credit", post(async |_: Bytes| json(StatusCode::OK, MOVEMENT)))
        .route("/v1/wallet/{id}/transfer", post(async |_: Bytes| json(StatusCode::OK, MOVEMENT)))
}

/// Serves until it is ended; prints its address as one line when it is ready.
///
/// # Errors
/// Where the address cannot be listened on.
pub(crate) fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("http")
        .enable_io()
        .build()
        .map_err(doing(|| "starting the runtime"))?;
    let listening = || format!("listening on {listen}");
    runtime.block_on(async {
        // Heard from before the address is printed, so that it can be ended as soon as it is known.
        let mut terminated = signal(SignalKind::terminate()).map_err(doing(listening))?;
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(doing(listening))?;
        let address = listener.local_addr().map_err(doing(listening))?;
        let listener = listener.tap_io(|stream| {
            // Without it small answers wait for each other; a socket that refuses is only slower.
            stream.set_nodelay(true).unwrap_or_default();
        });
        let mut output = std::io::stdout();
        writeln!(output, "http://{address}").map_err(doing(|| "printing the address"))?;
        output.flush().map_err(doing(|| "printing the address"))?;
        let ended = async move { terminated.recv().await.unwrap_or_default() };
        axum::serve(listener, router())
            .with_graceful_shutdown(ended)
            .await
            .map_err(doing(listening))
    })
}
