//! What a function may do to tables: the actions of the store's calls, for what it declares to read,
//! write and list. Which function that is, is not known here.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Kind;
use serde::Serialize;
use store_dynamodb::tables::CAUSED;

/// Reads by key, one record or several in one trip.
const READS: [&str; 2] = [GET, "dynamodb:BatchGetItem"];
/// Writes, alone and in transactions, with conditions on what was only seen.
const WRITES: [&str; 2] = [PUT, "dynamodb:ConditionCheckItem"];
/// Reads one record by key.
const GET: &str = "dynamodb:GetItem";
/// Writes one record.
const PUT: &str = "dynamodb:PutItem";
/// The newest entry of a chain, and its history, on the table itself.
const QUERY: &str = "dynamodb:Query";
/// The whole of a table, for checks.
const SCAN: &str = "dynamodb:Scan";

/// Actions and indexes by service, whose table they are on.
#[derive(Debug, Default, Serialize)]
pub(super) struct Access {
    /// Actions on the table.
    tables: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// The indexes that it may query.
    indexes: BTreeMap<&'static str, BTreeSet<String>>,
    /// Actions on single items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<OnItem>,
    /// What it may not do to single items although it may to their table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    denied: Vec<OnItem>,
}

/// Actions on the items of one partition key.
#[derive(Debug, Serialize)]
struct OnItem {
    /// The service whose table it is.
    table: &'static str,
    key: &'static str,
    actions: BTreeSet<&'static str>,
}

impl Access {
    /// Reads a kind by key, in the tables of these services.
    pub(super) fn reads(&mut self, kind: &Kind, services: &[&'static str]) {
        for service in services {
            let actions = self.tables.entry(service).or_default();
            actions.extend(READS);
            if kind.chain.is_some() {
                actions.insert(QUERY);
            }
        }
    }

    /// Reads whatever record by key, in the table of that service.
    pub(super) fn gets(&mut self, service: &'static str) {
        self.tables.entry(service).or_default().extend(READS);
    }

    /// Writes whatever kind, in the table of that service.
    pub(super) fn writes(&mut self, service: &'static str) {
        let actions = self.tables.entry(service).or_default();
        actions.extend(READS);
        actions.extend(WRITES);
    }

    /// Reads the one record of that key in the table of that service, and nothing else there.
    pub(super) fn reads_one(&mut self, table: &'static str, key: &'static str) {
        self.items.push(OnItem { table, key, actions: BTreeSet::from([GET]) });
    }

    /// The same, and writes it; where no answer comes it is looked for, as every write is.
    pub(super) fn writes_one(&mut self, table: &'static str, key: &'static str) {
        let actions = READS.into_iter().chain([PUT]).collect();
        self.items.push(OnItem { table, key, actions });
    }

    /// Leaves the record of that key as it is, whatever else it writes in the table of that service.
    pub(super) fn spares(&mut self, table: &'static str, key: &'static str) {
        if self.tables.get(table).is_some_and(|actions| actions.contains(PUT)) {
            self.denied.push(OnItem { table, key, actions: BTreeSet::from([PUT]) });
        }
    }

    /// Reads all that is in the table of that service.
    pub(super) fn scans(&mut self, service: &'static str) {
        self.tables.entry(service).or_default().insert(SCAN);
    }

    /// Looks in a chain for what a repeated request did.
    pub(super) fn finds_requests(&mut self, kind: &'static Kind) {
        if kind.chain.is_some() {
            let indexes = self.indexes.entry(kind.service).or_default();
            indexes.insert(CAUSED.to_owned());
        }
    }

    /// Lists a kind by an index, in the tables of these services.
    pub(super) fn lists(&mut self, kind: &Kind, index: &str, services: &[&'static str]) {
        for service in services {
            let indexes = self.indexes.entry(service).or_default();
            indexes.insert(format!("{}_{index}", kind.name));
        }
    }

    /// The indexes that may be queried, by the service of their table.
    #[cfg(test)]
    pub(super) fn all_indexes(&self) -> &BTreeMap<&'static str, BTreeSet<String>> {
        &self.indexes
    }

    /// Each service whose table is reached.
    #[cfg(test)]
    pub(super) fn all_tables(&self) -> impl Iterator<Item = &'static str> {
        self.tables.keys().copied()
    }
}
