//! The crates as their `Cargo.toml` files say: name, dependencies, what is inherited.
//! Not in here: which dependency is allowed.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::finding::Finding;
use super::tree::File;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
    inherits_lints: bool,
    inherits_publish: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's own name, whatever it is called here.
    pub(crate) package: String,
    pub(crate) scope: Scope,
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In the build that ships, or in what makes it.
    Normal,
    /// For tests, examples and benches alone.
    Dev,
}

/// The manifests of all crates, and a finding for each file that cannot be read as one.
pub(crate) fn read_all(files: &[File]) -> (Vec<Manifest>, Vec<Finding>) {
    let root = files.iter().find(|file| file.path == "Cargo.toml").map_or("", |file| &file.text);
    let mut manifests = Vec::new();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_manifest()) {
        match read(file, root) {
            Ok(manifest) => manifests.extend(manifest),
            Err(wrong) => findings.push(file.finding(1, wrong, "write it as cargo reads it")),
        }
    }
    (manifests, findings)
}

/// None where the file describes no crate, as the root's, or one in a workspace of its own.
fn read(file: &File, root: &str) -> Result<Option<Manifest>, String> {
    let say = |error: toml::de::Error| error.message().to_owned();
    let document = DeTable::parse(&file.text).map_err(say)?;
    let document = document.get_ref();
    let Some(package) = table(document, "package") else {
        return Ok(None);
    };
    if table(document, "workspace").is_some() {
        return Ok(None);
    }
    let name = package.get("name").and_then(|name| name.get_ref().as_str());
    let name = name.ok_or("the package has no name")?.to_owned();
    let renamed = DeTable::parse(root).map_err(say)?;
    let renamed = renamed_in_workspace(renamed.get_ref());
    let mut dependencies = dependencies(&file.text, document, &renamed);
    for target in table(document, "target").into_iter().flat_map(DeTable::values) {
        if let Some(target) = target.get_ref().as_table() {
            dependencies.extend(self::dependencies(&file.text, target, &renamed));
        }
    }
    Ok(Some(Manifest {
        path: file.path.clone(),
        name,
        dependencies,
        inherits_lints: table(document, "lints").is_some_and(is_inherited),
        inherits_publish: table(package, "publish").is_some_and(is_inherited),
    }))
}

fn dependencies(
    text: &str,
    within: &DeTable<'_>,
    renamed: &BTreeMap<String, String>,
) -> Vec<Dependency> {
    let mut found = Vec::new();
    for (section, scope) in [
        ("dependencies", Scope::Normal),
        ("build-dependencies", Scope::Normal),
        ("dev-dependencies", Scope::Dev),
    ] {
        for (key, value) in table(within, section).into_iter().flatten() {
            let called = key.get_ref().to_string();
            let package =
                package_of(value).or_else(|| renamed.get(&called).cloned()).unwrap_or(called);
            found.push(Dependency { package, scope, line: line_of(text, key.span()) });
        }
    }
    found
}

fn renamed_in_workspace(root: &DeTable<'_>) -> BTreeMap<String, String> {
    let shared = table(root, "workspace").and_then(|workspace| table(workspace, "dependencies"));
    let renamed = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        Some((key.get_ref().to_string(), package_of(value)?))
    };
    shared.into_iter().flatten().filter_map(renamed).collect()
}

fn package_of(dependency: &Spanned<DeValue<'_>>) -> Option<String> {
    Some(dependency.get_ref().as_table()?.get("package")?.get_ref().as_str()?.to_owned())
}

fn table<'a, 'b>(within: &'a DeTable<'b>, key: &str) -> Option<&'a DeTable<'b>> {
    within.get(key)?.get_ref().as_table()
}

fn is_inherited(value: &DeTable<'_>) -> bool {
    value.get("workspace").and_then(|value| value.get_ref().as_bool()) == Some(true)
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.get(..span.start).unwrap_or_default().matches('\n').count().saturating_add(1)
}

pub(crate) fn check(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Manifest { path, inherits_lints, inherits_publish, .. } in manifests {
        if !inherits_lints {
            findings.push(Finding::new(
                path,
                1,
                "the lints of the workspace are not taken over",
                "add `[lints]` with `workspace = true`",
            ));
        }
        if !inherits_publish {
            findings.push(Finding::new(
                path,
                1,
                "`publish` is not taken over from the workspace",
                "add `publish.workspace = true`",
            ));
        }
    }
    findings
}

/// A manifest for the tests of other checks: `name`, and its dependencies from line 1 on.
#[cfg(test)]
pub(crate) fn manifest(name: &str, normal: &[&str], dev: &[&str]) -> Manifest {
    let scoped = normal.iter().map(|package| (package, Scope::Normal));
    let scoped = scoped.chain(dev.iter().map(|package| (package, Scope::Dev)));
    let dependencies = (1..)
        .zip(scoped)
        .map(|(line, (package, scope))| Dependency { package: (*package).to_owned(), scope, line })
        .collect();
    let path = format!("crates/{name}/Cargo.toml");
    Manifest {
        path,
        name: name.to_owned(),
        dependencies,
        inherits_lints: true,
        inherits_publish: true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    const ROOT: &str =
        "[workspace.dependencies]\nours = { path = \"crates/http\", package = \"http-api\" }\n";

    fn check_dependencies(text: &str, expected: &[(&str, Scope, usize)]) {
        let file = File::new("crates/a/Cargo.toml", &format!("[package]\nname = \"a\"\n{text}"));
        let found: Vec<(String, Scope, usize)> = read(&file, ROOT)
            .unwrap()
            .unwrap()
            .dependencies
            .into_iter()
            .map(|dependency| (dependency.package, dependency.scope, dependency.line))
            .collect();
        let expected: Vec<(String, Scope, usize)> = expected
            .iter()
            .map(|(package, scope, line)| ((*package).to_owned(), *scope, *line))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn dependencies_have_their_own_name_their_scope_and_their_line() {
        check_dependencies("[dependencies]\nb = \"1\"\n", &[("b", Scope::Normal, 4)]);
        check_dependencies("[dependencies.b]\nversion = \"1\"\n", &[("b", Scope::Normal, 3)]);
        check_dependencies(
            "[dev-dependencies]\n\nb = { workspace = true }\n",
            &[("b", Scope::Dev, 5)],
        );
        check_dependencies(
            "[build-dependencies]\nb.workspace = true\n",
            &[("b", Scope::Normal, 4)],
        );
        check_dependencies(
            "[target.'cfg(unix)'.dependencies]\nb = \"1\"\n",
            &[("b", Scope::Normal, 4)],
        );
        check_dependencies(
            "[dependencies]\nb = { version = \"1\", package = \"c\" }\n",
            &[("c", Scope::Normal, 4)],
        );
        check_dependencies(
            "[dependencies]\nours.workspace = true\n",
            &[("http-api", Scope::Normal, 4)],
        );
    }

    #[test]
    fn only_crates_are_manifests() {
        let (manifests, findings) = read_all(&[
            File::new("Cargo.toml", ROOT),
            File::new("a/Cargo.toml", "[package]\n"),
            File::new("b/Cargo.toml", "[package\n"),
            File::new("c/other.toml", "[package]\n"),
        ]);
        assert_eq!(manifests, []);
        assert_found(
            findings,
            &[
                "a/Cargo.toml:1: the package has no name",
                "b/Cargo.toml:1: unclosed table, expected `]`",
            ],
        );
    }

    fn check_inherited(text: &str, expected: &[&str]) {
        let file = File::new("a/Cargo.toml", text);
        assert_found(check(&[read(&file, "").unwrap().unwrap()]), expected);
    }

    #[test]
    fn lints_and_publish_are_taken_over() {
        let package = "[package]\nname = \"a\"\n";
        let lints = "the lints of the workspace are not taken over";
        let publish = "`publish` is not taken over from the workspace";
        let [lints, publish] = [lints, publish].map(|wrong| format!("a/Cargo.toml:1: {wrong}"));
        check_inherited(
            &format!("{package}publish.workspace = true\n[lints]\nworkspace = true\n"),
            &[],
        );
        check_inherited(&format!("{package}publish.workspace = true\n"), &[&lints]);
        check_inherited(
            &format!("{package}publish = false\n[lints]\nworkspace = true\n"),
            &[&publish],
        );
        check_inherited(&format!("{package}[lints]\nworkspace = false\n"), &[&publish, &lints]);
    }
}
