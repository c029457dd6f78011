//! Lists. An index holds keys alone: a list reads the keys from it and the records from the
//! table, so that nothing is listed as it was; what an index has not heard of yet is not in the list.

use aws_sdk_dynamodb::types::AttributeValue;
use kernel::memory::value_of;
use kernel::record::Column;
use kernel::store::{Order, Place, Query};
use kernel::{AnyId, ChainId, Key, Stored};

use crate::home::Home;
use crate::items::{self, Item, attribute};
use crate::tables::{GlobalIndex, ID, SEQUENCE, Table};
use crate::trouble::Trouble;

/// As many keys or records as one request is asked for.
const PAGE_MAX: usize = 1_000;

/// Sort values of a list that is still to be read, both ends included; none where there are no more.
type Range = Option<(i64, i64)>;

impl Home {
    /// See [`kernel::store::StorePort::list`].
    pub(crate) async fn list(&self, query: &Query) -> Result<Vec<Stored>, Trouble> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let Some(name) = query.index else { return self.list_entries(query).await };
        let mut listed: Vec<Stored> = Vec::new();
        let mut after = query.after;
        loop {
            let rest = query.limit.saturating_sub(listed.len());
            let (places, is_end) = self.places(query, name, after, rest).await?;
            let keys: Vec<_> = places.iter().map(|place| (query.kind, place.key)).collect();
            if keys.is_empty() {
                return Ok(listed);
            }
            let found = self.records(&keys).await?;
            let is_still = |(place, stored): (&Place, Option<Stored>)| {
                stored.filter(|stored| stands_at(query, name, stored, place.sort))
            };
            listed.extend(places.iter().zip(found).filter_map(is_still));
            after = places.last().copied();
            if is_end || listed.len() >= query.limit {
                return Ok(listed);
            }
        }
    }

    /// The next places of a list by an index, at most `limit`, and whether there are no more. Equal
    /// sort values come from an index in no order, so all of the last one are read.
    async fn places(
        &self,
        query: &Query,
        name: &str,
        after: Option<Place>,
        limit: usize,
    ) -> Result<(Vec<Place>, bool), Trouble> {
        let (table, index) = self.index(query, name)?;
        let Some(range) = range(query, after) else { return Ok((Vec::new(), true)) };
        let mut found: Vec<Place> = Vec::new();
        let mut start = None;
        let is_end = loop {
            let page = limit.saturating_add(1).min(PAGE_MAX);
            let (items, next) = self.page(table, index, query, (range, page, start)).await?;
            found.extend(items.iter().filter_map(|item| place(index, item)));
            start = next;
            if start.is_none() {
                break true;
            }
            let mut ours: Vec<_> =
                found.iter().filter(|one| comes_after(query, after, one)).collect();
            ours.sort_by_key(|one| one.sort);
            if query.order == Order::NewestFirst {
                ours.reverse();
            }
            let last_wanted = ours.get(limit.saturating_sub(1)).map(|one| one.sort);
            if last_wanted.is_some_and(|sort| ours.last().is_some_and(|last| last.sort != sort)) {
                break false;
            }
        };
        found.retain(|one| comes_after(query, after, one));
        found.sort_by_key(|one| (one.sort, one.key));
        if query.order == Order::NewestFirst {
            found.reverse();
        }
        let is_end = is_end && found.len() <= limit;
        found.truncate(limit);
        Ok((found, is_end))
    }

    fn index(&self, query: &Query, name: &str) -> Result<(&Table, &GlobalIndex), Trouble> {
        let kind = query.kind;
        // A kind that lies in several tables has no index.
        let table = self.tables.iter().find(|table| table.kinds.contains(&kind));
        table
            .and_then(|table| Some((table, table.index(kind, name)?)))
            .ok_or_else(|| Trouble::Broken(format!("no table lists a {kind:?} {name}")))
    }

    async fn page(
        &self,
        table: &Table,
        index: &GlobalIndex,
        query: &Query,
        ((low, high), page, start): ((i64, i64), usize, Option<Item>),
    ) -> Result<(Vec<Item>, Option<Item>), Trouble> {
        let Some(partition) = attribute(&query.partition) else { return Ok((Vec::new(), None)) };
        let sent = self
            .client
            .query()
            .table_name(self.name(table))
            .index_name(&index.name)
            .key_condition_expression("#partition = :partition AND #sort BETWEEN :low AND :high")
            .expression_attribute_names("#partition", &index.partition.name)
            .expression_attribute_names("#sort", &index.sort.name)
            .expression_attribute_values(":partition", partition)
            .expression_attribute_values(":low", items::number(low))
            .expression_attribute_values(":high", items::number(high))
            .scan_index_forward(query.order == Order::OldestFirst)
            .limit(i32::try_from(page).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .set_return_consumed_capacity(self.metered());
        let got = sent.send().await.map_err(|error| Trouble::of("Query", &error))?;
        self.used("Query", &got.consumed_capacity);
        Ok((got.items.unwrap_or_default(), got.last_evaluated_key))
    }

    /// The table of a chain, and the value of its partition.
    fn chain_of(&self, query: &Query) -> Option<(&Table, AttributeValue)> {
        let of = AnyId::from_value(&query.partition)?;
        Some((self.table(query.kind, of)?, items::text(of)))
    }

    /// The entries of a chain, straight from the table and consistently.
    async fn list_entries(&self, query: &Query) -> Result<Vec<Stored>, Trouble> {
        let kind = query.kind;
        let Some((low, high)) = range(query, query.after) else { return Ok(Vec::new()) };
        let Some((table, of)) = self.chain_of(query) else {
            return Ok(Vec::new());
        };
        let mut listed: Vec<Stored> = Vec::new();
        let mut start = None;
        loop {
            let rest = query.limit.saturating_sub(listed.len()).clamp(1, PAGE_MAX);
            let sent = self
                .client
                .query()
                .table_name(self.name(table))
                .key_condition_expression("#id = :id AND #sequence BETWEEN :low AND :high")
                .expression_attribute_names("#id", ID)
                .expression_attribute_names("#sequence", SEQUENCE)
                .expression_attribute_values(":id", of.clone())
                .expression_attribute_values(":low", items::number(low))
                .expression_attribute_values(":high", items::number(high))
                .scan_index_forward(query.order == Order::OldestFirst)
                .limit(i32::try_from(rest).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .consistent_read(true)
                .set_return_consumed_capacity(self.metered());
            let got = sent.send().await.map_err(|error| Trouble::of("Query", &error))?;
            self.used("Query", &got.consumed_capacity);
            for item in got.items() {
                let stored = crate::home::readable(kind, item)?;
                let sequence = stored.record.key().sequence.unwrap_or_default();
                let sort = i64::try_from(sequence).unwrap_or(i64::MAX);
                let place = Place { sort, key: stored.record.key() };
                if comes_after(query, query.after, &place) {
                    listed.push(stored);
                }
            }
            start = got.last_evaluated_key;
            if start.is_none() || listed.len() >= query.limit {
                listed.truncate(query.limit);
                return Ok(listed);
            }
        }
    }
}

/// The sort values that a list can still have.
fn range(query: &Query, after: Option<Place>) -> Range {
    let mut low = query.from.unwrap_or(i64::MIN);
    let mut high = match query.to {
        None => i64::MAX,
        Some(to) => to.checked_sub(1)?,
    };
    match (after, query.order) {
        (None, _) => {}
        (Some(after), Order::OldestFirst) => low = low.max(after.sort),
        (Some(after), Order::NewestFirst) => high = high.min(after.sort),
    }
    (low <= high).then_some((low, high))
}

fn comes_after(query: &Query, after: Option<Place>, place: &Place) -> bool {
    after.is_none_or(|after| match query.order {
        Order::OldestFirst => (place.sort, place.key) > (after.sort, after.key),
        Order::NewestFirst => (place.sort, place.key) < (after.sort, after.key),
    })
}

/// Where an index has an item; none if its key is no record's.
fn place(index: &GlobalIndex, item: &Item) -> Option<Place> {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<i64>().ok();
    let id: AnyId = item.get(ID)?.as_s().ok()?.parse().ok()?;
    let key = match index.kind.sort {
        None => Key { id, sequence: None },
        Some(_) => {
            let sequence = u64::try_from(number(SEQUENCE)?).ok()?;
            Key::entry(ChainId::from_any(id)?, sequence)
        }
    };
    Some(Place { sort: number(&index.sort.name)?, key })
}

/// Whether a record, as it is now, stands where the index had it.
fn stands_at(query: &Query, name: &str, stored: &Stored, sort: i64) -> bool {
    let Some(index) = query.kind.indexes.iter().find(|index| index.name == name) else {
        return false;
    };
    value_of(stored, index.partition) == query.partition
        && i64::from_value(&value_of(stored, index.sort)) == Some(sort)
}
