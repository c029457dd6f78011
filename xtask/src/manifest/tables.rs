//! The tables as Terraform reads them. What lies in them and why is decided by the store's description.

use std::collections::BTreeMap;

use kernel::manifest::ServiceManifest;
use serde::Serialize;
use store_dynamodb::tables::{Attribute, GlobalIndex, Projection, tables};

/// A table, by its keys and indexes.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    /// Whether somebody relays what its records say.
    stream: bool,
    /// Names of kinds of record.
    kinds: Vec<&'static str>,
    partition: String,
    sort: String,
    /// Every attribute that is part of a key, with the letter of its type.
    attributes: BTreeMap<String, &'static str>,
    /// Over the whole table, by their names.
    indexes: BTreeMap<String, Global>,
    /// Within a partition, by their names.
    local_indexes: BTreeMap<&'static str, Local>,
}

impl Table {
    /// Whether an index of either sort has that name.
    #[cfg(test)]
    pub(super) fn has_index(&self, name: &str) -> bool {
        self.indexes.contains_key(name) || self.local_indexes.contains_key(name)
    }
}

#[derive(Debug, Serialize)]
struct Global {
    partition: String,
    sort: String,
    projection: &'static str,
}

#[derive(Debug, Serialize)]
struct Local {
    sort: String,
    projection: &'static str,
}

/// All of them, by the names of their services.
pub(super) fn of(services: &[&'static ServiceManifest]) -> BTreeMap<&'static str, Table> {
    let described = tables(services).into_iter();
    described
        .map(|table| {
            let (partition, sort) = table.key();
            let attributes = table.attributes().into_iter();
            let says = |service: &&&ServiceManifest| {
                service.name == table.service && !service.says.is_empty()
            };
            let made = Table {
                stream: services.iter().any(|service| says(&service)),
                kinds: table.kinds.iter().map(|kind| kind.name).collect(),
                partition: partition.name,
                sort: sort.name,
                attributes: attributes
                    .map(|Attribute { name, r#type }| (name, r#type.letter()))
                    .collect(),
                indexes: table.indexes.iter().map(global).collect(),
                local_indexes: table
                    .local_indexes
                    .iter()
                    .map(|index| (index.name, local(&index.sort, index.projection)))
                    .collect(),
            };
            (table.service, made)
        })
        .collect()
}

fn global(index: &GlobalIndex) -> (String, Global) {
    let global = Global {
        partition: index.partition.name.clone(),
        sort: index.sort.name.clone(),
        projection: index.projection.text(),
    };
    (index.name.clone(), global)
}

fn local(sort: &Attribute, projection: Projection) -> Local {
    Local { sort: sort.name.clone(), projection: projection.text() }
}
