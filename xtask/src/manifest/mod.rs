//! `terraform/manifest.json`: what the services declare, as Terraform reads it. Functions, routes with
//! their scopes, subscriptions with their filter policies, tables with their indexes, and what each
//! function may do to them. A test of this crate fails when the file is stale. Nothing is declared here.

mod access;
#[cfg(test)]
mod drift;
mod functions;
mod tables;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use kernel::Topic;
use kernel::manifest::ServiceManifest;
use serde::Serialize;

use functions::Function;
use tables::Table;

/// Below the tree's root.
const PATH: &str = "terraform/manifest.json";

/// The whole file.
#[derive(Debug, Serialize)]
struct Manifest {
    /// By their names.
    functions: BTreeMap<String, Function>,
    /// By the names of their services.
    tables: BTreeMap<&'static str, Table>,
    /// Their names.
    topics: Vec<&'static str>,
}

/// Every service: what they declare.
fn services() -> Vec<&'static ServiceManifest> {
    operations::SERVICES.iter().copied().chain([&operations::MANIFEST_ON_AWS]).collect()
}

/// What the file must say.
fn made() -> io::Result<String> {
    let services = services();
    let manifest = Manifest {
        functions: functions::of(&services),
        tables: tables::of(&services),
        topics: Topic::ALL.iter().map(|topic| topic.name()).collect(),
    };
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

/// Writes the file.
pub(crate) fn write(root: &Path) -> io::Result<()> {
    std::fs::write(root.join(PATH), made()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_the_services_declare() {
        let there = std::fs::read_to_string(crate::tree_root().join(PATH)).unwrap_or_default();
        assert!(there == made().unwrap(), "run `cargo xtask manifest`: {PATH} is stale");
    }

    #[test]
    fn what_functions_reach_is_there() {
        let services = services();
        let tables = tables::of(&services);
        for (name, function) in functions::of(&services) {
            for (service, indexes) in function.access.all_indexes() {
                let table = &tables[service];
                for index in indexes {
                    assert!(table.has_index(index), "{name} lists by {service}'s {index}");
                }
            }
            for service in function.access.all_tables() {
                assert!(tables.contains_key(service), "{name} reaches {service}");
            }
        }
    }
}
