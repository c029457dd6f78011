//! Writes the documentation that is made from the code: every event, every problem. A test of this
//! crate fails when the files do not say what the code says. No prose is written here.

mod events;
mod examples;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The files that are made: their paths below the tree's root, and what must stand in them.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// What the files must say.
pub(crate) fn made() -> io::Result<Files> {
    let mut files = events::files()?;
    files.insert(PathBuf::from("docs/problems.md"), http_api::problem::page());
    Ok(files)
}

/// The files that say something else than the code, or are missing, or stand there for nothing.
#[cfg(test)]
pub(crate) fn stale(root: &Path) -> io::Result<Vec<PathBuf>> {
    let made = made()?;
    let mut stale: Vec<PathBuf> = Vec::new();
    for (path, text) in &made {
        let there = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        if there != *text {
            stale.push(path.clone());
        }
    }
    stale.extend(there(root)?.into_iter().filter(|path| !made.contains_key(path)));
    Ok(stale)
}

/// Writes the files, and takes away those that no event has any more.
pub(crate) fn write(root: &Path) -> io::Result<usize> {
    let made = made()?;
    for path in there(root)?.iter().filter(|path| !made.contains_key(*path)) {
        std::fs::remove_file(root.join(path))?;
    }
    for (path, text) in &made {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(made.len())
}

/// The files below `docs/events`, which are all made.
fn there(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("docs/events")];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_code_says() {
        let stale = stale(crate::tree_root()).unwrap();
        assert!(stale.is_empty(), "run `cargo xtask docs`; stale: {stale:?}");
    }
}
