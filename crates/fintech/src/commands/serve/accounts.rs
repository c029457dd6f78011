//! The program's own accounts: the desk at which people sign in, the keys that it signs with, the first
//! operator, and what is looked after meanwhile. Not in here: what a sign-in is, see `identity`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use http_api::App;
use identity::{Desk, DeskSettings, FIRST_OPERATOR};
use kernel::time::System;
use kernel::{Clock, Store};
use tokens::Mint;

use crate::end::Failure;
use crate::{keys, output};

/// How often keys are looked at, and refused sign-ins booked.
const UPKEEP: Duration = Duration::from_secs(60);

/// Opens the desk of a data folder; makes its first operator where it has no users, and tells his
/// password, once.
///
/// # Errors
/// When keys cannot be read or made, or the store cannot.
pub(super) async fn open(
    data: &Path,
    store: &Store,
    settings: DeskSettings,
) -> Result<Arc<Desk>, Failure> {
    let keys = keys::open(data, System.now())?;
    let desk = Desk::open(Mint::new(keys), settings).map_err(Failure::cannot_run)?;
    desk.recall(store).await.map_err(Failure::cannot_run)?;
    let made = identity::first_operator(&desk, store).await;
    let made = made.map_err(|problem| Failure::cannot_run(problem.detail()))?;
    if let Some(password) = made {
        // Beside the log, which is kept and read by others.
        output::tell(format_args!(
            "There are no users yet. The first is the operator {FIRST_OPERATOR}, with the password\n\n    \
             {password}\n\nfor one time: choose another by `fintech password`. It is not told again."
        ));
    }
    Ok(Arc::new(desk))
}

/// Where others find the public halves of the keys.
pub(super) fn routes(desk: &Arc<Desk>) -> Router<App> {
    let desk = Arc::clone(desk);
    let jwks = move || async move {
        let headers =
            [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
        (headers, desk.jwks()).into_response()
    };
    Router::new().route("/.well-known/jwks.json", get(jwks))
}

/// Looks after the desk until it is stopped: takes keys that were made meanwhile, replaces one that has
/// become old, and books how many were refused.
pub(super) async fn look_after(desk: Arc<Desk>, data: PathBuf, store: Store) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        let folder = data.clone();
        let opened = tokio::task::spawn_blocking(move || keys::open(&folder, System.now())).await;
        match opened {
            Ok(Ok(keys)) => {
                if let Err(error) = desk.take_keys(keys) {
                    tracing::error!(%error, "signing keys cannot be taken; the former ones stay");
                }
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "signing keys cannot be read; the former ones stay");
            }
            Err(panicked) => tracing::error!(%panicked, "reading signing keys panicked"),
        }
        if let Err(error) = desk.book_refused(&store).await {
            tracing::warn!(%error, "refused sign-ins were not booked");
        }
    }
}
