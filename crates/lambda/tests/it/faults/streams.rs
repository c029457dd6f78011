//! The tables' streams: what they show, each record once, and that no version of a record is written
//! over: whoever writes the next one has seen the one before. Who is shown what is not known here.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use store_dynamodb::emulator::{Emulator, Stream, streams};
use store_dynamodb::tables::{SAYS, Table};

use super::message::version;
use crate::wired::image;

/// See the file's comment.
pub(super) struct Streams {
    streams: Vec<(Table, Stream)>,
    /// Every record that said something, with its service, since [`Streams::begin`].
    shown: Vec<(&'static str, Value)>,
    /// The newest version of every record that was ever shown, by its service and key.
    versions: HashMap<(&'static str, String), u64>,
    /// Movements of money, by their causes.
    transfers: BTreeSet<String>,
    /// Accounts with entries of their own, and those of the house by their currencies.
    accounts: BTreeSet<(String, String)>,
}

impl Streams {
    pub(super) async fn open(emulator: &Emulator, prefix: &str, tables: Vec<Table>) -> Self {
        let streams = streams(emulator, prefix, &tables).await.unwrap();
        let streams = tables.into_iter().zip(streams).collect();
        Self {
            streams,
            shown: Vec::new(),
            versions: HashMap::new(),
            transfers: BTreeSet::new(),
            accounts: BTreeSet::new(),
        }
    }

    /// A new run begins: nothing was shown in it.
    pub(super) fn begin(&mut self) {
        self.shown.clear();
    }

    /// Of each service the records that say something and were not shown yet.
    pub(super) async fn read(&mut self) -> Vec<(&'static str, Vec<Value>)> {
        let (mut read, mut all) = (Vec::new(), Vec::new());
        for (table, stream) in &mut self.streams {
            let service = table.service;
            let mut saying = Vec::new();
            for item in stream.read().await.unwrap() {
                let record = image(&item);
                let key = format!("{} {}", record["id"]["S"], record["sequence"]["N"]);
                let version: u64 = version(&record).parse().unwrap();
                let former = self.versions.insert((service, key), version).unwrap_or(0);
                assert_eq!(version, former + 1, "it was written over unseen: {record}");
                if item.contains_key(SAYS) {
                    saying.push(record.clone());
                }
                all.push(record);
            }
            self.shown.extend(saying.iter().map(|record| (service, record.clone())));
            read.push((service, saying));
        }
        all.iter().for_each(|record| self.count(record));
        read
    }

    fn count(&mut self, record: &Value) {
        let text = |name: &str| record[name]["S"].as_str().unwrap_or_default().to_owned();
        if !text("id").starts_with("wal_") {
            return;
        }
        self.accounts.insert((text("id"), String::new()));
        if !text("direction").is_empty() {
            self.transfers.insert(text("cause"));
            let other = text("counterparty");
            if !other.starts_with("wallet:") {
                self.accounts.insert((other, text("currency")));
            }
        }
    }

    /// How many movements of money were ever written, and how many accounts they are of.
    pub(super) fn written(&self) -> (usize, usize) {
        (self.transfers.len(), self.accounts.len())
    }

    /// Every record that was shown and says something.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        self.shown.clone()
    }
}
