//! The program's own accounts: the desk at which people sign in, the keys that it signs with, the first
//! operator, and what is looked after meanwhile. Not in here: what a sign-in is, see `identity`.

use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use http_api::{App, Problem, ProblemKind};
use identity::{Desk, DeskSettings, FIRST_OPERATOR, FirstOperator, Kept};
use kernel::time::System;
use kernel::{Clock, Store};
use tokens::Mint;

use crate::end::Failure;
use crate::way_back::way_back;
use crate::{folder, keys, output};

/// How often keys are looked at, and refused sign-ins booked.
const UPKEEP: Duration = Duration::from_secs(60);

/// The name of the file with the first operator's password, where no terminal shows it.
const FIRST_PASSWORD: &str = "first-password";

/// Opens the desk of a data folder; makes its first operator where it has no users, and tells his
/// password, once. `at` is how a command says that it means this server.
///
/// # Errors
/// When keys cannot be read or made, or the store cannot.
pub(super) async fn open(
    data: &Path,
    store: &Store,
    settings: DeskSettings,
    at: &str,
) -> Result<Arc<Desk>, Failure> {
    let keys = keys::open(data, System.now())?;
    let desk = Desk::open(Mint::new(keys), settings).map_err(Failure::cannot_run)?;
    // Of whom it cannot be read what was taken back from him, his tokens would be good: nobody is let in.
    desk.recall(store).await.map_err(|error| folder::unreadable(error, data))?;
    let file = data.join(FIRST_PASSWORD);
    let kept = Kept { password: kept(&file)?, keep: &|password| keep(&file, password) };
    let found = identity::first_operator(&desk, store, kept).await;
    match found.map_err(|problem| why_not(&problem, data))? {
        FirstOperator::Made(password) => tell_password(&file, &password, at)?,
        FirstOperator::Waits => tell_file(&file, at),
        FirstOperator::WaitsForOther(sub) => {
            forget(&file)?;
            let data = data.display();
            output::tell(format_args!(
                "The first operator has not changed his password for one time yet. If that is lost, \
                 stop it, and this makes another: `fintech user reset-password {sub} --data {data}`"
            ));
        }
        FirstOperator::KeptOut => {}
        FirstOperator::Settled => forget(&file)?,
    }
    if let Some(commands) = way_back(store, data).await? {
        output::tell(format_args!(
            "There is no operator who can sign in. Stop it, and this makes one: {commands}"
        ));
    }
    Ok(Arc::new(desk))
}

/// The password in the file, if there is one.
fn kept(file: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().nth(1).map(str::to_owned)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::cannot_run(format!("{}: {error}", file.display()))),
    }
}

/// Why there is no first operator: whoever starts the program is told what else the log alone may know.
fn why_not(problem: &Problem, data: &Path) -> Failure {
    match problem.cause() {
        Some(cause) if problem.kind() == ProblemKind::Internal => folder::unreadable(cause, data),
        _ => Failure::cannot_run(problem.detail()),
    }
}

/// Keeps it before it counts: a start that is killed then leaves none that nobody knows.
fn keep(file: &Path, password: &str) -> Result<(), Problem> {
    let text = format!("{FIRST_OPERATOR}\n{password}\n");
    folder::keep_secret(file, text.as_bytes()).map_err(|error| {
        let detail = format!("{}: {error}; mend that and start again", file.display());
        Problem::new(ProblemKind::Unavailable, detail)
    })
}

/// Tells it a person at his terminal. Else it stays in its file, for what is no terminal is a log, which is
/// kept and read by others.
fn tell_password(file: &Path, password: &str, at: &str) -> Result<(), Failure> {
    if !io::stderr().is_terminal() {
        tell_file(file, at);
        return Ok(());
    }
    output::tell(format_args!(
        "The first operator is {FIRST_OPERATOR}. His password, for one time and for 7 days, is\n\n    \
         {password}\n\nChoose another by `fintech password --email {FIRST_OPERATOR}{at}`. It is not told again."
    ));
    forget(file)
}

fn tell_file(file: &Path, at: &str) {
    output::tell(format_args!(
        "The first operator's name and his password, for one time and for 7 days, are in the file {}: \
         choose another by `fintech password --email …{at}`, and it is removed soon after.",
        file.display()
    ));
}

/// What is in it is good for nothing any more.
fn forget(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::cannot_run(format!("{}: {error}", file.display())))
        }
        Ok(()) | Err(_) => Ok(()),
    }
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
/// become old, and settles the rest.
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
        settle(&desk, &data, &store).await;
    }
}

/// Books who was refused since the last time, and removes the first operator's password once he has chosen
/// another.
pub(super) async fn settle(desk: &Desk, data: &Path, store: &Store) {
    if let Err(error) = desk.book_refused(store).await {
        tracing::warn!(%error, "refused sign-ins were not booked");
    }
    let file = data.join(FIRST_PASSWORD);
    if file.exists()
        && let Ok(false) = identity::first_operator_waits(store).await
        && let Err(error) = forget(&file)
    {
        tracing::warn!(%error, "the first operator's former password was not removed");
    }
}
