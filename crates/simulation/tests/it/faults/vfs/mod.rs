//! A file system for SQLite over the port `Files`: what it writes is as durable as that says. Locks
//! and the index of the write-ahead log are in memory, for the connections of this program alone.
//! What is unsafe of it, the language of SQLite, stands in `glue`.

mod glue;
mod locks;
mod memory;
mod opened;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use store_embedded::files::Files;

use locks::Locks;
use memory::Memory;

pub(crate) use glue::NAME;

/// The folders that SQLite finds here.
static FOLDERS: Mutex<Vec<(PathBuf, Arc<Folder>)>> = Mutex::new(Vec::new());

/// A folder's files, and what the connections to them share.
struct Folder {
    files: Arc<dyn Files>,
    shared: Mutex<HashMap<String, Arc<Shared>>>,
}

/// What the connections to one database share.
#[derive(Default)]
struct Shared {
    locks: Mutex<Locks>,
    memory: Mutex<Memory>,
}

impl Folder {
    fn shared(&self, name: &str) -> Arc<Shared> {
        Arc::clone(self.shared.lock().entry(name.to_owned()).or_default())
    }
}

/// A folder that SQLite finds at a path until this is dropped. What is open then stays so.
pub(crate) struct Mounted(PathBuf);

/// Lets SQLite find these files in that folder, whatever is there.
pub(crate) fn mount(path: &Path, files: Arc<dyn Files>) -> Mounted {
    glue::register();
    let folder = Folder { files, shared: Mutex::default() };
    FOLDERS.lock().push((path.to_owned(), Arc::new(folder)));
    Mounted(path.to_owned())
}

impl Drop for Mounted {
    fn drop(&mut self) {
        FOLDERS.lock().retain(|(path, _)| *path != self.0);
    }
}

/// The folder of a path, and the file's name in it.
fn find(path: &str) -> Option<(Arc<Folder>, String)> {
    let path = Path::new(path);
    let (parent, name) = (path.parent()?, path.file_name()?.to_str()?);
    let folders = FOLDERS.lock();
    let (_, folder) = folders.iter().find(|(mounted, _)| *mounted == *parent)?;
    Some((Arc::clone(folder), name.to_owned()))
}
