//! The tree names no machine that it was built on: no home folder, no host of a package registry.
//! Not in here: what the lock files say of where packages come from, which `make deny` checks.

use super::finding::Finding;
use super::tree::File;

const FOLDERS: &[&str] = &["/work/", "/root/", "/home/", "/Users/"];
const HOSTS: &[&str] = &[
    "crates.io-index",
    "index.crates.io",
    "static.crates.io",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "pypi.org",
    "files.pythonhosted.org",
    "proxy.golang.org",
    "registry.terraform.io",
    "artifactory",
];
const LOCK_FILES: &[&str] =
    &["Cargo.lock", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", ".terraform.lock.hcl"];
/// This file names what it bans, and the test of all checks breaks each rule once.
const EXEMPT: &[&str] = &["xtask/src/tidy/places.rs", "xtask/src/tidy/mod.rs"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    if EXEMPT.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let is_lock_file = LOCK_FILES.contains(&file.file_name());
    let mut findings = Vec::new();
    for (line, text) in file.lines() {
        for folder in FOLDERS.iter().filter(|folder| names_folder(text, folder)) {
            findings.push(file.finding(
                line,
                format!("`{folder}` is a folder of somebody's machine"),
                "name the file from the root of the tree",
            ));
        }
        for host in HOSTS.iter().filter(|host| !is_lock_file && text.contains(**host)) {
            findings.push(file.finding(
                line,
                format!("`{host}` is a package registry"),
                "leave it to the lock file and to the machine's own settings",
            ));
        }
    }
    findings
}

/// Whether a path begins with the folder: `../work/` and `a/work/` do not.
fn names_folder(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        !before
            .is_some_and(|character| character.is_alphanumeric() || "._-/})>".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn machines_are_found() {
        check_text(
            "a.md",
            "\nsee /home/me/a",
            &["a.md:2: `/home/` is a folder of somebody's machine"],
        );
        check_text(
            "a.rs",
            "//! \"/work/a\"",
            &["a.rs:1: `/work/` is a folder of somebody's machine"],
        );
        check_text(
            "Cargo.lock",
            "/root/a",
            &["Cargo.lock:1: `/root/` is a folder of somebody's machine"],
        );
        check_text(
            "a.toml",
            "https://index.crates.io/",
            &["a.toml:1: `index.crates.io` is a package registry"],
        );
        check_text(
            "a.json",
            "registry.npmjs.org",
            &["a.json:1: `registry.npmjs.org` is a package registry"],
        );
        check_text("web/package-lock.json", "https://registry.npmjs.org/a", &[]);
        check_text("a.md", "../work/ frame/work/a, https://host/home/, ${root}/home/", &[]);
        check_text("a.md", "published on crates.io", &[]);
    }
}
