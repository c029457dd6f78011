//! What decides touches nothing: the kernel and every `decide` know no runtime, no socket, no file,
//! no clock.
//! Not in here: which crate may depend on which, which the crate graph and the bans say.

use super::SERVICES;
use super::finding::Finding;
use super::tokens::{paths, without_tests};
use super::tree::File;

/// What may not be named, each with where it belongs.
const BANNED: &[(&[&str], &str)] = &[
    (&["tokio"], "leave waiting to the routes and the store"),
    (&["axum"], "leave HTTP to `http-api` and the `routes` modules"),
    (&["http"], "leave HTTP to `http-api` and the `routes` modules"),
    (&["rusqlite"], "ask the view for the record; SQL stays in `store-embedded`"),
    (&["std", "fs"], "take what the file says as an argument"),
    (&["std", "net"], "take what the network says as an argument"),
    (&["std", "env"], "take the setting as an argument"),
    (&["std", "process"], "leave processes to the program"),
    (&["std", "thread"], "leave threads to the store and the program"),
    (&["std", "time", "SystemTime"], "take `now` from the view or from the `Clock` port"),
    (&["std", "time", "Instant"], "take `now` from the view or from the `Clock` port"),
];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !is_pure(file) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for path in paths(&without_tests(&file.tokens)) {
        for (banned, instead) in BANNED {
            if begins_with(&path.segments, banned) {
                findings.push(file.finding(
                    path.line,
                    format!("`{}` is not pure", path.segments.join("::")),
                    *instead,
                ));
            }
        }
    }
    findings
}

/// One segment alone may be anything's name: a variable, a field, a module.
fn begins_with(path: &[String], banned: &[&str]) -> bool {
    let head = path.get(..banned.len()).unwrap_or_default();
    path.len() > 1 && head == banned
}

fn is_pure(file: &File) -> bool {
    file.shipped_in(&["kernel"]).is_some()
        || file.shipped_in(SERVICES).is_some_and(|inside| {
            inside == "decide.rs"
                || inside.split('/').any(|part| matches!(part, "decide" | "decide.rs"))
        })
}

/// Over what `cargo tree` prints of the kernel, without prefixes.
pub(crate) fn kernel_tree(printed: &str) -> Vec<Finding> {
    let has_tokio = printed.lines().any(|line| line.split(' ').next() == Some("tokio"));
    if !has_tokio {
        return Vec::new();
    }
    vec![Finding::new(
        "crates/kernel/Cargo.toml",
        1,
        "tokio is compiled into the kernel",
        "find who brings it with `cargo tree -p kernel -e normal -i tokio`, and drop it or its feature",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn what_decides_touches_nothing() {
        let kernel = "crates/kernel/src/store.rs";
        check_text(
            kernel,
            "use std::{fs};",
            &["crates/kernel/src/store.rs:1: `std::fs` is not pure"],
        );
        check_text(
            kernel,
            "\nuse std::time::{Duration, SystemTime};",
            &["crates/kernel/src/store.rs:2: `std::time::SystemTime` is not pure"],
        );
        check_text(
            "crates/loan/src/decide.rs",
            "fn a() { tokio::spawn(b) }",
            &["crates/loan/src/decide.rs:1: `tokio::spawn` is not pure"],
        );
        check_text(
            "crates/loan/src/decide/approve.rs",
            "use axum::Json;",
            &["crates/loan/src/decide/approve.rs:1: `axum::Json` is not pure"],
        );
        check_text(
            kernel,
            "use std::fmt; use std::time::Duration; use crate::http::a; let tokio = a.http;",
            &[],
        );
        check_text(kernel, "// std::fs\n#[cfg(test)] mod tests { use std::fs; }", &[]);
        check_text("crates/loan/src/reactions.rs", "use std::fs;", &[]);
        check_text("crates/store-embedded/src/decide.rs", "use std::fs;", &[]);
    }

    #[test]
    fn the_kernel_is_compiled_without_tokio() {
        assert_found(kernel_tree("kernel v0.1.0 (path)\nserde v1.0.0\ntokio-less v1.0.0\n"), &[]);
        assert_found(
            kernel_tree("kernel v0.1.0 (path)\ntokio v1.54.1\n"),
            &["crates/kernel/Cargo.toml:1: tokio is compiled into the kernel"],
        );
    }
}
