//! The data folder as the commands use it: opened for writing, closed again, and the key that signs
//! cursors. What is in it is the store's.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use kernel::audit::FormerLine;
use kernel::{Clock, Kind, Record as _, Store};
use store_embedded::folder::{Folder, FolderError};
use store_embedded::sqlite::SqliteError;
use store_embedded::{EmbeddedStore, OpenError, Options, ReadOnlyStore};

use crate::adopt::adopt;
use crate::end::Failure;
use crate::home::Home;
use crate::services;

/// How many decisions may wait. Who comes later is told so at once: he would wait for a third of a
/// second, and everybody after him longer.
const DECISIONS_WAITING_MAX: usize = 4_096;

/// The option that every command on a data folder has.
#[derive(Debug, Args)]
pub(crate) struct DataOption {
    /// The data folder
    #[arg(
        long,
        value_name = "FOLDER",
        env = "FINTECH_DATA",
        default_value = "./fintech-data",
        value_parser = OsStringValueParser::new().try_map(folder_alone)
    )]
    pub(crate) data: PathBuf,
}

/// Tables are another home than a folder: nobody means a folder of such a name.
fn folder_alone(text: OsString) -> Result<PathBuf, &'static str> {
    match Home::of(text) {
        Home::Folder(path) => Ok(path),
        Home::Tables(_) => Err("only verify, export and load know tables; name a folder"),
    }
}

/// Every kind of record that a data folder may hold: what is kept, and what older programs wrote.
pub(crate) fn kinds() -> Vec<&'static Kind> {
    services::kinds().into_iter().chain([FormerLine::KIND]).collect()
}

/// Opens the folder for writing and makes it if it is not there; takes over what an older program wrote
/// in another form.
///
/// # Errors
/// When another process has it, or what is in it cannot be read.
pub(crate) async fn open(
    data: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<EmbeddedStore>, Failure> {
    let subscribers = services::subscribers().map_err(Failure::cannot_run)?;
    let options = Options {
        clock,
        waiting_max: DECISIONS_WAITING_MAX,
        ..Options::new(data, kinds(), subscribers)
    };
    let store = EmbeddedStore::open(options).map_err(refused)?;
    adopt(Store::new(Arc::<EmbeddedStore>::clone(&store))).await.map_err(Failure::cannot_run)?;
    Ok(store)
}

/// Opens the folder for writing, if it is there.
///
/// # Errors
/// As [`open`], and when there is no data folder.
pub(crate) async fn open_existing(
    data: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<EmbeddedStore>, Failure> {
    existing(data)?;
    open(data, clock).await
}

/// Opens the folder for reading, as it is now. No lock is taken: it works beside a running server.
///
/// # Errors
/// When there is no data folder, or what is in it cannot be read.
pub(crate) fn snapshot(data: &Path) -> Result<Arc<ReadOnlyStore>, Failure> {
    ReadOnlyStore::open(data, &kinds()).map_err(refused)
}

/// Whether there is a data folder.
///
/// # Errors
/// When there is none.
pub(crate) fn existing(data: &Path) -> Result<Folder, Failure> {
    Folder::existing(data).map_err(|error| refused(error.into()))
}

/// What stands there and cannot be gone on with, in a sentence that says what to do.
pub(crate) fn unreadable(why: impl fmt::Display, data: &Path) -> Failure {
    Failure::cannot_run(format!(
        "{why}; `fintech verify --data {}` names all that is wrong; restore a backup, as docs/operate.md says",
        data.display()
    ))
}

fn refused(error: OpenError) -> Failure {
    match error {
        OpenError::Folder(FolderError::Missing { .. }) => Failure::wrong_use(format!(
            "{error}; say with --data where it is, or start `fintech serve`, which makes one"
        )),
        OpenError::Sqlite(SqliteError::Corrupt { .. } | SqliteError::BadRow(_)) => {
            Failure::cannot_run(format!(
                "the database is damaged: {error}; restore a backup, as docs/operate.md says"
            ))
        }
        OpenError::Folder(_)
        | OpenError::Journal(_)
        | OpenError::Sqlite(_)
        | OpenError::Thread(_) => Failure::cannot_run(error),
    }
}

/// Closes the store: everything that waits is done, and the folder is free again.
pub(crate) async fn close(store: Arc<EmbeddedStore>) {
    if let Err(panicked) = tokio::task::spawn_blocking(move || store.close()).await {
        tracing::error!(%panicked, "the store did not close as it should");
    }
}

/// The name of the file with the key.
const CURSOR_KEY: &str = "cursor.key";

/// The key that signs cursors: made at the first start, the same at every later one. A folder without
/// it gets a new one; then cursors that were handed out before are refused, and no more is lost.
///
/// # Errors
/// When it cannot be read or made.
pub(crate) fn cursor_key(data: &Path) -> Result<[u8; 32], Failure> {
    let path = data.join(CURSOR_KEY);
    let read = match std::fs::read(&path) {
        // A disk that was full, or a machine that stopped, while it was made.
        Ok(bytes) if bytes.is_empty() => make_key(&path),
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::other("it is not 32 bytes long; remove it, and a new one is made")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make_key(&path),
        Err(error) => Err(error),
    };
    read.map_err(|error| Failure::cannot_run(format!("{}: {error}", path.display())))
}

/// Half a key would stop every later start.
fn make_key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    keep_secret(path, &key)?;
    Ok(key)
}

/// Keeps a secret in a file that is its owner's alone, in the place of what was there; made beside its
/// place and moved there whole.
///
/// # Errors
/// When the disk fails.
pub(crate) fn keep_secret(path: &Path, secret: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(secret)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = cursor_key(folder.path()).unwrap();
        assert_ne!(key, [0; 32]);
        assert_eq!(cursor_key(folder.path()).unwrap(), key);
        let path = folder.path().join(CURSOR_KEY);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(cursor_key(folder.path()).unwrap_err().to_string().contains("32 bytes"));
    }

    #[test]
    fn a_key_that_could_not_be_made_whole_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CURSOR_KEY);
        let unfinished = path.with_extension("unfinished");

        // Where it cannot be written, nothing stands in its place that a later start would stumble on.
        std::fs::create_dir(&unfinished).unwrap();
        cursor_key(folder.path()).unwrap_err();
        assert!(!path.exists());
        std::fs::remove_dir(&unfinished).unwrap();

        // What an earlier start left half done is in nobody's way.
        std::fs::write(&unfinished, "half").unwrap();
        std::fs::write(&path, "").unwrap();
        let key = cursor_key(folder.path()).unwrap();
        assert_eq!(cursor_key(folder.path()).unwrap(), key);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!unfinished.exists());
    }
}
