//! Our crates import each other as ARCHITECTURE.md draws it, arrow for arrow.
//! Not in here: crates of others, which are banned by crate in `third_party`.
//!
//! The drawing is a block that begins with ```` ```crates ````, one line for each crate:
//! `wallet -> kernel, http-api` for what ships, `wallet ~> simulation` for what only its tests use,
//! `kernel ->` for a crate that imports none of ours. What follows a `#` is a remark.

use super::SERVICES;
use super::finding::Finding;
use super::manifest::{Manifest, Scope};
use super::tree::File;

const PAGE: &str = "ARCHITECTURE.md";
const BLOCK: &str = "```crates";

#[derive(Debug, PartialEq, Eq)]
struct Arrow {
    from: String,
    scope: Scope,
    to: Vec<String>,
    line: usize,
}

pub(crate) fn check(manifests: &[Manifest], files: &[File]) -> Vec<Finding> {
    let page = files.iter().find(|file| file.path == PAGE).map_or("", |file| &file.text);
    let (arrows, mut findings) = read(page);
    findings.extend(manifests.iter().flat_map(|manifest| undrawn(manifest, &arrows, manifests)));
    findings.extend(arrows.iter().flat_map(|arrow| unused(arrow, manifests)));
    findings.extend(manifests.iter().flat_map(forbidden));
    findings
}

fn read(page: &str) -> (Vec<Arrow>, Vec<Finding>) {
    let mut arrows = Vec::new();
    let mut findings = Vec::new();
    let mut lines = (1..).zip(page.lines()).skip_while(|(_, text)| text.trim() != BLOCK);
    if lines.next().is_none() {
        let instead = format!("draw it in a block that begins with {BLOCK}");
        return (arrows, vec![Finding::new(PAGE, 1, "the crate graph is missing", instead)]);
    }
    for (line, text) in lines.take_while(|(_, text)| text.trim() != "```") {
        let text = text.split('#').next().unwrap_or_default().trim();
        match read_arrow(text, line) {
            Some(arrow) => arrows.push(arrow),
            None if text.is_empty() => {}
            None => findings.push(Finding::new(
                PAGE,
                line,
                format!("`{text}` is no arrow"),
                "write `crate -> dependency, dependency`, or `~>` for what only tests use",
            )),
        }
    }
    (arrows, findings)
}

fn read_arrow(text: &str, line: usize) -> Option<Arrow> {
    let shipped = text.split_once("->").map(|sides| (sides, Scope::Normal));
    let ((from, to), scope) = shipped.or_else(|| Some((text.split_once("~>")?, Scope::Dev)))?;
    let from = from.trim();
    let to: Vec<String> = to.split(',').map(|name| name.trim().to_owned()).collect();
    // `kernel ->` splits into one empty name.
    let to = if to.iter().all(String::is_empty) { Vec::new() } else { to };
    let are_names = [from].into_iter().chain(to.iter().map(String::as_str)).all(is_name);
    are_names.then(|| Arrow { from: from.to_owned(), scope, to, line })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

/// What a crate imports and the page does not draw.
fn undrawn(manifest: &Manifest, arrows: &[Arrow], manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !arrows.iter().any(|arrow| arrow.from == manifest.name && arrow.scope == Scope::Normal) {
        let wrong = format!("`{}` is not in the crate graph of {PAGE}", manifest.name);
        findings.push(Finding::new(
            &manifest.path,
            1,
            wrong,
            format!("add `{} -> …` there", manifest.name),
        ));
    }
    for dependency in &manifest.dependencies {
        let is_ours = manifests.iter().any(|other| other.name == dependency.package);
        let is_drawn = arrows.iter().any(|arrow| {
            arrow.from == manifest.name
                && arrow.scope == dependency.scope
                && arrow.to.contains(&dependency.package)
        });
        if is_ours && !is_drawn {
            findings.push(Finding::new(
                &manifest.path,
                dependency.line,
                format!(
                    "`{} {} {}` is not in {PAGE}",
                    manifest.name,
                    sign(dependency.scope),
                    dependency.package
                ),
                "take the import out; or, where the design needs it, draw it there and say why",
            ));
        }
    }
    findings
}

/// What the page draws and no crate imports.
fn unused(arrow: &Arrow, manifests: &[Manifest]) -> Vec<Finding> {
    let Some(manifest) = manifests.iter().find(|manifest| manifest.name == arrow.from) else {
        let wrong = format!("there is no crate `{}`", arrow.from);
        return vec![Finding::new(PAGE, arrow.line, wrong, "take the line out")];
    };
    let is_used = |to: &str| {
        manifest.dependencies.iter().any(|used| used.package == to && used.scope == arrow.scope)
    };
    let unused = arrow.to.iter().filter(|to| !is_used(to));
    unused
        .map(|to| {
            let wrong = format!(
                "`{} {} {to}` is drawn, and not imported by {}",
                arrow.from,
                sign(arrow.scope),
                manifest.path
            );
            Finding::new(PAGE, arrow.line, wrong, "take the arrow out, or import it there")
        })
        .collect()
}

/// What no drawing can allow.
fn forbidden(manifest: &Manifest) -> Vec<Finding> {
    let is_service = |name: &str| SERVICES.contains(&name);
    let between = manifest
        .dependencies
        .iter()
        .filter(|dependency| is_service(&manifest.name) && is_service(&dependency.package));
    between
        .map(|dependency| {
            let wrong = format!(
                "the service `{}` imports the service `{}`",
                manifest.name, dependency.package
            );
            Finding::new(&manifest.path, dependency.line, wrong, "hear what it says as an event")
        })
        .collect()
}

fn sign(scope: Scope) -> &'static str {
    match scope {
        Scope::Normal => "->",
        Scope::Dev => "~>",
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::super::manifest::manifest;
    use super::*;

    fn check_graph(graph: &str, manifests: &[Manifest], expected: &[&str]) {
        let page = format!("# Title\n```crates\n{graph}\n```\nkernel -> nonsense\n");
        assert_found(check(manifests, &[File::new(PAGE, &page)]), expected);
    }

    #[test]
    fn crates_import_as_drawn() {
        let kernel = || manifest("kernel", &["serde"], &[]);
        check_graph("kernel ->", &[kernel()], &[]);
        check_graph(
            "kernel ->  # nothing of ours\n\nwallet -> kernel\nwallet ~> simulation\nsimulation -> wallet",
            &[
                kernel(),
                manifest("wallet", &["kernel", "axum"], &["simulation"]),
                manifest("simulation", &["wallet"], &[]),
            ],
            &[],
        );
        check_graph(
            "kernel ->\nwallet ->",
            &[kernel(), manifest("wallet", &["axum", "kernel"], &[])],
            &["crates/wallet/Cargo.toml:2: `wallet -> kernel` is not in ARCHITECTURE.md"],
        );
        check_graph(
            "kernel ->\nwallet ->\nwallet ~> kernel",
            &[kernel(), manifest("wallet", &["kernel"], &[])],
            &[
                "ARCHITECTURE.md:5: `wallet ~> kernel` is drawn, and not imported by crates/wallet/Cargo.toml",
                "crates/wallet/Cargo.toml:1: `wallet -> kernel` is not in ARCHITECTURE.md",
            ],
        );
        check_graph(
            "kernel -> wallet\nwallet ->",
            &[kernel(), manifest("wallet", &[], &[])],
            &[
                "ARCHITECTURE.md:3: `kernel -> wallet` is drawn, and not imported by crates/kernel/Cargo.toml",
            ],
        );
        check_graph(
            "kernel ->\nghost ->",
            &[kernel()],
            &["ARCHITECTURE.md:4: there is no crate `ghost`"],
        );
        check_graph(
            "",
            &[kernel()],
            &["crates/kernel/Cargo.toml:1: `kernel` is not in the crate graph of ARCHITECTURE.md"],
        );
    }

    #[test]
    fn no_service_imports_another_whatever_is_drawn() {
        let both = [manifest("loan", &[], &[]), manifest("wallet", &["loan"], &[])];
        check_graph(
            "loan ->\nwallet -> loan",
            &both,
            &["crates/wallet/Cargo.toml:1: the service `wallet` imports the service `loan`"],
        );
        let in_tests = [manifest("loan", &[], &[]), manifest("wallet", &[], &["loan"])];
        check_graph(
            "loan ->\nwallet ->\nwallet ~> loan",
            &in_tests,
            &["crates/wallet/Cargo.toml:1: the service `wallet` imports the service `loan`"],
        );
    }

    #[test]
    fn the_drawing_is_read_to_the_letter() {
        for line in [
            "kernel",
            "kernel - wallet",
            "-> wallet",
            "kernel -> wallet loan",
            "kernel -> wallet,, loan",
        ] {
            let wrong = format!("ARCHITECTURE.md:3: `{line}` is no arrow");
            check_graph(line, &[], &[&wrong]);
        }
        assert_found(check(&[], &[]), &["ARCHITECTURE.md:1: the crate graph is missing"]);
    }
}
