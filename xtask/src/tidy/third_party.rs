//! Crates of others stay where they belong: SQL in its adapter, HTTP in what speaks it.
//! Not in here: crates that nobody may use, which `deny.toml` bans.

use super::SERVICES;
use super::finding::Finding;
use super::manifest::{Dependency, Manifest, Scope};
use super::tokens::{paths, without_tests};
use super::tree::File;

/// Crates of others, and which of ours may import them.
struct Ban {
    /// Names; `aws-*` is every name that begins so.
    packages: &'static [&'static str],
    allowed: Allowed,
    /// Who may import them for tests, besides who may anyway.
    allowed_in_tests: &'static [&'static str],
    instead: &'static str,
}

enum Allowed {
    In(&'static [&'static str]),
    ButIn(&'static [&'static str]),
}

const BANS: &[Ban] = &[
    Ban {
        packages: &["rusqlite", "libsqlite3-sys"],
        allowed: Allowed::In(&["store-embedded"]),
        allowed_in_tests: &["simulation", "fintech"],
        instead: "ask the store; SQL stays in `store-embedded`",
    },
    Ban {
        packages: &["aws-*"],
        allowed: Allowed::In(&["store-dynamodb", "lambda"]),
        allowed_in_tests: &[],
        instead: "ask the store; the SDK stays in `store-dynamodb` and `lambda`",
    },
    Ban {
        packages: &["axum", "axum-*", "http", "http-body", "http-body-*", "tower", "tower-*"],
        allowed: Allowed::ButIn(&["kernel", "store-embedded", "store-dynamodb", "xtask"]),
        allowed_in_tests: &[],
        instead: "leave HTTP to `http-api`, the `routes` modules and the program",
    },
    Ban {
        // In `store-dynamodb` it carries the SDK's requests.
        packages: &["hyper", "hyper-*"],
        allowed: Allowed::ButIn(&["kernel", "store-embedded", "xtask"]),
        allowed_in_tests: &[],
        instead: "leave HTTP to `http-api`, the `routes` modules and the program",
    },
    Ban {
        packages: &["tokio", "tokio-*"],
        allowed: Allowed::ButIn(&["kernel"]),
        allowed_in_tests: &["kernel"],
        instead: "leave waiting to the routes and the store",
    },
];

/// What makes a path one of HTTP, in a service's source.
const HTTP: &[&str] = &[
    "axum",
    "axum_core",
    "axum_extra",
    "http",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "tower",
    "tower_http",
    "tower_layer",
    "tower_service",
];

pub(crate) fn check_manifests(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests {
        for dependency in &manifest.dependencies {
            for ban in BANS.iter().filter(|ban| ban.forbids(&manifest.name, dependency)) {
                findings.push(Finding::new(
                    &manifest.path,
                    dependency.line,
                    format!("`{}` does not belong in `{}`", dependency.package, manifest.name),
                    ban.instead,
                ));
            }
        }
    }
    findings
}

impl Ban {
    fn forbids(&self, crate_name: &str, dependency: &Dependency) -> bool {
        let is_meant = self.packages.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => dependency.package.starts_with(beginning),
            None => dependency.package == *pattern,
        });
        let may = match self.allowed {
            Allowed::In(crates) => crates.contains(&crate_name),
            Allowed::ButIn(crates) => !crates.contains(&crate_name),
        };
        let may_in_tests =
            dependency.scope == Scope::Dev && self.allowed_in_tests.contains(&crate_name);
        is_meant && !may && !may_in_tests
    }
}

/// In a service and in `operations`, only the routes name HTTP.
pub(crate) fn check_source(file: &File) -> Vec<Finding> {
    let inside = file.shipped_in(SERVICES).or_else(|| file.shipped_in(&["operations"]));
    if inside.is_none_or(|inside| inside == "routes.rs" || inside.starts_with("routes/")) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for path in paths(&without_tests(&file.tokens)) {
        // One segment alone may be anything's name: a variable, a field, a module.
        if let [first, _, ..] = path.segments.as_slice()
            && HTTP.contains(&first.as_str())
        {
            findings.push(file.finding(
                path.line,
                format!("`{}` is HTTP outside the routes", path.segments.join("::")),
                "move it to `routes`, and pass on what the domain calls it",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::super::manifest::manifest;
    use super::*;

    fn check_crate(name: &str, normal: &[&str], dev: &[&str], expected: &[&str]) {
        let expected: Vec<String> = expected
            .iter()
            .map(|package| format!("`{package}` does not belong in `{name}`"))
            .zip(1..)
            .map(|(wrong, line)| format!("crates/{name}/Cargo.toml:{line}: {wrong}"))
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_found(check_manifests(&[manifest(name, normal, dev)]), &expected);
    }

    #[test]
    fn crates_of_others_stay_where_they_belong() {
        check_crate("store-embedded", &["rusqlite", "libsqlite3-sys", "tokio"], &[], &[]);
        check_crate("fintech", &["axum", "tokio"], &["rusqlite"], &[]);
        check_crate("wallet", &["axum", "http", "tokio"], &["tower"], &[]);
        check_crate("lambda", &["aws-config", "axum"], &[], &[]);
        check_crate("kernel", &["serde"], &["tokio"], &[]);
        check_crate("bench", &["hyper"], &[], &[]);

        check_crate("fintech", &["rusqlite"], &[], &["rusqlite"]);
        check_crate("wallet", &[], &["rusqlite"], &["rusqlite"]);
        check_crate("wallet", &["libsqlite3-sys"], &[], &["libsqlite3-sys"]);
        check_crate("fintech", &["aws-sdk-sns"], &["aws-config"], &["aws-sdk-sns", "aws-config"]);
        check_crate(
            "kernel",
            &["axum", "http", "tokio"],
            &["hyper"],
            &["axum", "http", "tokio", "hyper"],
        );
        check_crate("store-embedded", &["tower-http"], &[], &["tower-http"]);
        check_crate("store-dynamodb", &["axum", "hyper"], &[], &["axum"]);
    }

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check_source(&File::new(path, text)), expected);
    }

    #[test]
    fn only_routes_name_http() {
        check_text(
            "crates/wallet/src/lib.rs",
            "use kernel::Id;\nuse axum::{Json, Router};",
            &[
                "crates/wallet/src/lib.rs:2: `axum::Json` is HTTP outside the routes",
                "crates/wallet/src/lib.rs:2: `axum::Router` is HTTP outside the routes",
            ],
        );
        check_text(
            "crates/operations/src/audit.rs",
            "fn a() -> http::StatusCode { b }",
            &["crates/operations/src/audit.rs:1: `http::StatusCode` is HTTP outside the routes"],
        );
        check_text("crates/wallet/src/lib.rs", "let http = a.axum; // axum::Json", &[]);
        check_text("crates/wallet/src/lib.rs", "use http_api::Caller;", &[]);
        check_text("crates/wallet/src/lib.rs", "#[cfg(test)] mod tests { use axum::Json; }", &[]);
        check_text("crates/wallet/src/routes.rs", "use axum::Json;", &[]);
        check_text("crates/wallet/src/routes/read.rs", "use axum::Json;", &[]);
        check_text("crates/wallet/tests/it/main.rs", "use axum::Json;", &[]);
        check_text("crates/fintech/src/serve.rs", "use axum::Json;", &[]);
    }
}
