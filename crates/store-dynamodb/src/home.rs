//! The tables of a deployment and the requests that read them by key: single items, several in one
//! trip, the end of a chain, the entry of a cause. All of it consistently. Nothing is decided, and
//! nothing tried again, here.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity, Select,
};
use kernel::{AnyId, ChainId, Key, Kind, Put, Stored};

use crate::items::{self, Item};
use crate::tables::{CAUSED, CAUSED_BY, ID, SEQUENCE, Table};
use crate::trouble::Trouble;

/// Who is told what the store does, for metrics and tests. Nothing is asked of it.
pub trait Observer: Send + Sync + 'static {
    /// A request of this operation of DynamoDB has used this much.
    fn used(&self, operation: &'static str, capacity: &ConsumedCapacity) {
        let _ = (operation, capacity);
    }

    /// A decision was not the first to write and decides again.
    fn conflict(&self, decision: &'static str) {
        let _ = decision;
    }
}

/// As many items as DynamoDB gives in one trip.
const BATCH_MAX: usize = 100;

/// A place in which a record may lie.
struct Spot<'h> {
    table: &'h Table,
    kind: &'static Kind,
    key: Key,
}

pub(crate) struct Home {
    pub(crate) client: Client,
    pub(crate) prefix: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Home {
    /// The table in which a record of a kind and id lies, if there is one; none if no table can have it.
    pub(crate) fn table(&self, kind: &'static Kind, id: AnyId) -> Option<&Table> {
        self.tables.iter().find(|table| table.is_of(kind, id))
    }

    /// The same of what is written.
    ///
    /// # Errors
    /// No table can have it.
    pub(crate) fn table_for(&self, kind: &'static Kind, id: AnyId) -> Result<&Table, Trouble> {
        let missing = || Trouble::Broken(format!("there is no table for the {kind:?} {id}"));
        self.table(kind, id).ok_or_else(missing)
    }

    pub(crate) fn name(&self, table: &Table) -> String {
        table.name(&self.prefix)
    }

    /// Whether requests say what they use.
    pub(crate) fn metered(&self) -> Option<ReturnConsumedCapacity> {
        self.observer.as_ref().map(|_| ReturnConsumedCapacity::Indexes)
    }

    pub(crate) fn used<'c>(
        &self,
        operation: &'static str,
        used: impl IntoIterator<Item = &'c ConsumedCapacity>,
    ) {
        if let Some(observer) = &self.observer {
            used.into_iter().for_each(|capacity| observer.used(operation, capacity));
        }
    }

    /// The records of these keys, in their order.
    pub(crate) async fn records(
        &self,
        keys: &[(&'static Kind, Key)],
    ) -> Result<Vec<Option<Stored>>, Trouble> {
        if let [(kind, key)] = keys {
            return Ok(vec![self.record(kind, *key).await?]);
        }
        let spots = keys.iter().filter_map(|(kind, key)| {
            self.table(kind, key.id).map(|table| Spot { table, kind, key: *key })
        });
        let found = self.at(spots.collect()).await?;
        keys.iter()
            .map(|(kind, key)| {
                let item = found.get(&(kind.name, *key));
                item.map(|item| readable(kind, item)).transpose()
            })
            .collect()
    }

    /// What lies where these would have been put, in their order. No other table is looked into: whoever
    /// may write in one need not be allowed to read another.
    pub(crate) async fn in_place_of(&self, puts: &[&Put]) -> Result<Vec<Option<Stored>>, Trouble> {
        let spots = puts.iter().map(|put| {
            let (kind, key) = (put.record.kind(), put.record.key());
            Ok(Spot { table: self.table_for(kind, key.id)?, kind, key })
        });
        let found = self.at(spots.collect::<Result<_, Trouble>>()?).await?;
        puts.iter()
            .map(|put| {
                let (kind, key) = (put.record.kind(), put.record.key());
                let item = found.get(&(kind.name, key));
                item.map(|item| readable(kind, item)).transpose()
            })
            .collect()
    }

    /// The items that lie in these places.
    async fn at(
        &self,
        spots: Vec<Spot<'_>>,
    ) -> Result<HashMap<(&'static str, Key), Item>, Trouble> {
        let mut found = HashMap::new();
        for some in spots.chunks(BATCH_MAX) {
            self.batch(some, &mut found).await?;
        }
        Ok(found)
    }

    /// The record of a key.
    pub(crate) async fn record(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> Result<Option<Stored>, Trouble> {
        let Some(table) = self.table(kind, key.id) else { return Ok(None) };
        let item = self.item(table, kind, key).await?;
        item.map(|item| readable(kind, &item)).transpose()
    }

    pub(crate) async fn item(
        &self,
        table: &Table,
        kind: &'static Kind,
        key: Key,
    ) -> Result<Option<Item>, Trouble> {
        if !kind.prefixes.contains(&key.id.prefix) {
            return Ok(None);
        }
        let sent = self
            .client
            .get_item()
            .table_name(self.name(table))
            .set_key(Some(items::key(key)))
            .consistent_read(true)
            .set_return_consumed_capacity(self.metered());
        let got = sent.send().await.map_err(|error| Trouble::of("GetItem", &error))?;
        self.used("GetItem", &got.consumed_capacity);
        Ok(got.item)
    }

    /// Reads some places in as many trips as it takes; each brings something, or it is too much at once.
    async fn batch(
        &self,
        spots: &[Spot<'_>],
        found: &mut HashMap<(&'static str, Key), Item>,
    ) -> Result<(), Trouble> {
        let mut wanted = wanted(spots, |table| self.name(table))?;
        while !wanted.is_empty() {
            let sent = self
                .client
                .batch_get_item()
                .set_request_items(Some(wanted))
                .set_return_consumed_capacity(self.metered());
            let got = sent.send().await.map_err(|error| Trouble::of("BatchGetItem", &error))?;
            self.used("BatchGetItem", got.consumed_capacity());
            wanted = got.unprocessed_keys.unwrap_or_default();
            let mut is_empty = true;
            for item in got.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                is_empty = false;
                let is_there = |spot: &&Spot<'_>| {
                    items::key(spot.key).iter().all(|(name, part)| item.get(name) == Some(part))
                };
                for Spot { kind, key, .. } in spots.iter().filter(is_there) {
                    found.insert((kind.name, *key), item.clone());
                }
            }
            if is_empty && !wanted.is_empty() {
                return Err(Trouble::Busy("BatchGetItem: no key was read".to_owned()));
            }
        }
        Ok(())
    }

    /// Entries of a chain, newest first, from its head or from below a sequence; at most `limit`.
    pub(crate) async fn entries(
        &self,
        kind: &'static Kind,
        of: ChainId,
        below: Option<u64>,
        limit: i32,
    ) -> Result<Vec<Stored>, Trouble> {
        let bound = below.map(|below| ("#id = :id AND #sequence < :bound", below));
        self.some_entries(kind, of, bound, |sent| sent.scan_index_forward(false).limit(limit)).await
    }

    /// Entries of a chain after a sequence, in their order. The last of them is the head, unless very
    /// many were appended.
    pub(crate) async fn newer(
        &self,
        kind: &'static Kind,
        of: ChainId,
        above: u64,
    ) -> Result<Vec<Stored>, Trouble> {
        let bound = Some(("#id = :id AND #sequence > :bound", above));
        self.some_entries(kind, of, bound, |sent| sent).await
    }

    async fn some_entries(
        &self,
        kind: &'static Kind,
        of: ChainId,
        bound: Option<(&'static str, u64)>,
        how: impl FnOnce(QueryFluentBuilder) -> QueryFluentBuilder,
    ) -> Result<Vec<Stored>, Trouble> {
        let Some(table) = self.table(kind, of.any()) else { return Ok(Vec::new()) };
        let sent = self
            .client
            .query()
            .table_name(self.name(table))
            .expression_attribute_names("#id", ID)
            .expression_attribute_values(":id", items::text(of))
            .consistent_read(true)
            .set_return_consumed_capacity(self.metered());
        let sent = match bound {
            None => sent.key_condition_expression("#id = :id"),
            Some((condition, bound)) => sent
                .key_condition_expression(condition)
                .expression_attribute_names("#sequence", SEQUENCE)
                .expression_attribute_values(":bound", items::number(bound)),
        };
        let got = how(sent).send().await.map_err(|error| Trouble::of("Query", &error))?;
        self.used("Query", &got.consumed_capacity);
        got.items().iter().map(|item| readable(kind, item)).collect()
    }

    /// The place of the entry of a direct cause.
    pub(crate) async fn cause(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> Result<Option<u64>, Trouble> {
        let Some(table) = self.table(kind, of.any()) else { return Ok(None) };
        let sent = self
            .client
            .query()
            .table_name(self.name(table))
            .index_name(CAUSED)
            .key_condition_expression("#id = :id AND #cause = :cause")
            .expression_attribute_names("#id", ID)
            .expression_attribute_names("#cause", CAUSED_BY)
            .expression_attribute_values(":id", items::text(of))
            .expression_attribute_values(":cause", items::text(cause))
            .select(Select::AllProjectedAttributes)
            .consistent_read(true)
            .set_return_consumed_capacity(self.metered());
        let got = sent.send().await.map_err(|error| Trouble::of("Query", &error))?;
        self.used("Query", &got.consumed_capacity);
        let place = got.items().first().and_then(|item| item.get(SEQUENCE)?.as_n().ok());
        Ok(place.and_then(|place| place.parse().ok()))
    }
}

/// A request for what lies in these places, by the names of their tables.
fn wanted(
    spots: &[Spot<'_>],
    name: impl Fn(&Table) -> String,
) -> Result<HashMap<String, KeysAndAttributes>, Trouble> {
    let mut keys: HashMap<String, Vec<Item>> = HashMap::new();
    let can_be = |spot: &&Spot<'_>| spot.kind.prefixes.contains(&spot.key.id.prefix);
    for spot in spots.iter().filter(can_be) {
        let keys = keys.entry(name(spot.table)).or_default();
        let key = items::key(spot.key);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let build = |(table, keys)| {
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let built = request.build().map_err(|bad| Trouble::Broken(bad.to_string()))?;
        Ok((table, built))
    };
    keys.into_iter().map(build).collect()
}

/// An item that must be a record.
pub(crate) fn readable(kind: &'static Kind, item: &Item) -> Result<Stored, Trouble> {
    items::read(kind, item).map_err(|bad| Trouble::Broken(bad.to_string()))
}
