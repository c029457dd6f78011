//! `tidy`: the rules of the house that no compiler knows, checked by a program. Every check is a
//! pure function over the files; this module knows them all, and alone touches the disk and cargo.
//! Not in here: what rustfmt, clippy and cargo-deny check already.

mod crate_graph;
mod finding;
mod floats;
mod header;
mod length;
mod links;
mod manifest;
mod markers;
mod names;
mod places;
mod proofs;
mod purity;
mod third_party;
mod tokens;
mod tree;

use std::io;
use std::path::Path;
use std::process::Command;

pub(crate) use finding::Finding;
use tree::File;

/// The crates that are a service of their own. None imports another.
const SERVICES: &[&str] = &["wallet", "payment", "loan", "savings", "debt", "identity"];

/// Every finding over the tree under `root`, in order of place.
///
/// # Errors
/// A file that cannot be read, or a cargo that does not run.
pub(crate) fn run(root: &Path) -> io::Result<Vec<Finding>> {
    let files = tree::read(root)?;
    let mut findings = check(&files);
    findings.extend(purity::kernel_tree(&kernel_tree(root)?));
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(unreadable(file));
        for check in [
            header::check,
            markers::check,
            names::check,
            floats::check,
            purity::check,
            third_party::check_source,
            places::check,
        ] {
            findings.extend(check(file));
        }
    }
    let (manifests, unread) = manifest::read_all(files);
    findings.extend(unread);
    findings.extend(manifest::check(&manifests));
    findings.extend(third_party::check_manifests(&manifests));
    findings.extend(crate_graph::check(&manifests, files));
    findings.extend(length::check(files));
    findings.extend(links::check(files));
    findings.extend(proofs::check(files));
    findings
}

fn unreadable(file: &File) -> Option<Finding> {
    let line = file.unreadable_at?;
    Some(file.finding(
        line,
        "this is no Rust, so no rule can be checked",
        "mend it, or end its name otherwise",
    ))
}

/// What cargo links into the kernel, one package a line.
fn kernel_tree(root: &Path) -> io::Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", "kernel", "--edges", "normal", "--prefix", "none"])
        .args(["--offline", "--locked"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("cargo tree --package kernel: {}", said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of rules: this runs with all other tests.
    #[test]
    fn the_tree_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let findings: Vec<String> = run(root).unwrap().iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "found: {}\n{}", findings.len(), findings.join("\n"));
    }

    #[test]
    fn each_check_is_asked() {
        let files = [
            File::new("ARCHITECTURE.md", "[away](nowhere.md)\n```crates\nkernel ->\n```\n"),
            File::new(
                "crates/kernel/Cargo.toml",
                "[package]\nname = \"kernel\"\n[dependencies]\naxum = \"1\"\nloan = \"1\"\n",
            ),
            File::new("crates/kernel/src/a.rs", "const TXN: f64 = todo!(std::fs);\n"),
            File::new("crates/loan/Cargo.toml", "[package]\nname = \"loan\"\n"),
            File::new("crates/loan/src/lib.rs", "//! A loan.\nuse axum::Json;\n"),
            File::new("crates/loan/src/broken.rs", "//! Broken.\nfn a(\n"),
            File::new("docs/place.md", "see /home/somebody\n"),
            File::new("docs/security.md", "| test |\n| --- |\n| `no::such` |\n"),
            File::new("xtask/tidy-exceptions.toml", "[[function]]\n"),
        ];
        let checks: Vec<String> = check(&files).iter().map(Finding::to_string).collect();
        for part in [
            "no Rust",
            "`//!`",
            "todo!",
            "TXN",
            "f64",
            "std::fs",
            "axum::Json",
            "/home/",
            "lints",
            "`axum`",
            "nowhere.md",
            "no::such",
            "kernel -> loan",
            "tidy-exceptions",
        ] {
            assert!(checks.iter().any(|finding| finding.contains(part)), "{part}: {checks:#?}");
        }
    }
}
