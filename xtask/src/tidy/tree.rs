//! The files of the tree: all that git would keep, read once.
//! Not in here: any rule. `.gitignore` is the one list of what is left out.

use std::fs;
use std::io;
use std::path::Path;

use super::finding::Finding;
use super::tokens::{self, Token};

/// A text file. Files of other kinds are in no list.
pub(crate) struct File {
    /// From the root of the tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Empty where the file is no Rust.
    pub(crate) tokens: Vec<Token>,
    /// Where a `.rs` file stops being Rust.
    pub(crate) unreadable_at: Option<usize>,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let read = if path.ends_with(".rs") { tokens::read(text) } else { Ok(Vec::new()) };
        let unreadable_at = read.as_ref().err().copied();
        let tokens = read.unwrap_or_default();
        Self { path: path.to_owned(), text: text.to_owned(), tokens, unreadable_at }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_manifest(&self) -> bool {
        self.file_name() == "Cargo.toml"
    }

    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    pub(crate) fn finding(
        &self,
        line: usize,
        wrong: impl Into<String>,
        instead: impl Into<String>,
    ) -> Finding {
        Finding::new(&self.path, line, wrong, instead)
    }

    /// The path inside a crate's `src`, for a file of one of these crates that ships.
    /// Crates are named by their folder under `crates/`.
    pub(crate) fn shipped_in(&self, folders: &[&str]) -> Option<&str> {
        let (folder, inside) = self.path.strip_prefix("crates/")?.split_once("/src/")?;
        let is_test = inside.split('/').any(|part| matches!(part, "tests" | "tests.rs"));
        (folders.contains(&folder) && !is_test).then_some(inside)
    }
}

/// Reads every file under the root that `.gitignore` does not leave out, in order of path.
///
/// # Errors
/// A folder or a file that cannot be read, by name.
pub(crate) fn read(root: &Path) -> io::Result<Vec<File>> {
    let ignored = read_named(&root.join(".gitignore"))?;
    let ignored = String::from_utf8_lossy(&ignored).into_owned();
    let mut files = Vec::new();
    read_folder(root, "", &ignored, &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn read_folder(
    folder: &Path,
    inside: &str,
    ignored: &str,
    files: &mut Vec<File>,
) -> io::Result<()> {
    let name_it =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(name_it)? {
        let entry = entry.map_err(name_it)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if is_ignored(&path, ignored) {
            continue;
        }
        if entry.file_type().map_err(name_it)?.is_dir() {
            read_folder(&entry.path(), &path, ignored, files)?;
        } else {
            // A picture is there to be linked, and has no text.
            let text = String::from_utf8(read_named(&entry.path())?).unwrap_or_default();
            files.push(File::new(&path, &text));
        }
    }
    Ok(())
}

fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Understands what our `.gitignore` uses: `/a/path` from the root, `*.ending`, and a plain name.
fn is_ignored(path: &str, ignored: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == ".git"
        || ignored.lines().map(str::trim).filter(|line| !line.is_empty()).any(|line| {
            if let Some(from_root) = line.strip_prefix('/') {
                path == from_root
            } else if let Some(ending) = line.strip_prefix('*') {
                name.ends_with(ending)
            } else {
                name == line
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitignore_names_what_is_left_out() {
        let ignored = "/target\n\n*.log\nnode_modules\n/web/dist\n# a comment\n";
        for path in ["target", ".git", "a/b.log", "web/node_modules", "web/dist"] {
            assert!(is_ignored(path, ignored), "{path}");
        }
        for path in ["crates/target", "targets", "log", "dist", "web", ".gitignore"] {
            assert!(!is_ignored(path, ignored), "{path}");
        }
    }

    #[test]
    fn what_ships_is_under_src_and_no_test() {
        let shipped = |path: &str| File::new(path, "").shipped_in(&["wallet"]).map(str::to_owned);
        assert_eq!(shipped("crates/wallet/src/lib.rs").as_deref(), Some("lib.rs"));
        assert_eq!(shipped("crates/wallet/src/a/b.rs").as_deref(), Some("a/b.rs"));
        for path in [
            "crates/wallet/src/tests.rs",
            "crates/wallet/src/a/tests/b.rs",
            "crates/wallet/tests/it/main.rs",
            "crates/loan/src/lib.rs",
            "xtask/src/main.rs",
        ] {
            assert_eq!(shipped(path), None, "{path}");
        }
    }

    #[test]
    fn a_rust_file_is_read_and_another_is_not() {
        assert_eq!(File::new("a.rs", "fn a(").unreadable_at, Some(1));
        assert_eq!(File::new("a.md", "fn a(").unreadable_at, None);
        assert_eq!(File::new("a.rs", "fn").tokens.len(), 1);
    }
}
