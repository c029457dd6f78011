//! Scans, for checks of the whole and exports: a table is read once for all kinds that are asked for, in
//! segments that are read at once. What is made of the records is not here.

use aws_sdk_dynamodb::types::AttributeValue;
use kernel::audit::AuditLine;
use kernel::store::{Part, Scan, ScanPlace};
use kernel::{Kind, Record};

use crate::home::Home;
use crate::items::{self, Item};
use crate::tables::{ID, SEQUENCE, Table};
use crate::trouble::Trouble;

/// As many items as one request is asked for; DynamoDB ends it at a megabyte too.
const PAGE_MAX: usize = 1_000;

/// In how many segments a table is read at once. DynamoDB puts an item into one by the hash of its
/// partition key: a chain is in one.
const SEGMENTS: u16 = 8;

impl Home {
    /// See [`kernel::store::StorePort::stages`]: a stage is a table.
    pub(crate) fn stages(&self, kinds: &[&'static Kind]) -> Vec<Vec<Part>> {
        let named = |table: &Table| {
            let own = |kind: &&'static Kind| *kind != AuditLine::KIND && table.kinds.contains(kind);
            kinds.iter().position(own).unwrap_or(usize::MAX)
        };
        let mut tables: Vec<&Table> = self.tables.iter().collect();
        tables.sort_by_key(|table| named(table));
        let parts = tables.into_iter().map(|table| {
            let is_in_it = |kind: &&'static Kind| table.kinds.contains(kind);
            let kinds: Vec<_> = kinds.iter().copied().filter(is_in_it).collect();
            let part = |segment| Part {
                kinds: kinds.clone(),
                service: Some(table.service),
                share: (segment, SEGMENTS),
            };
            let segments = if kinds.is_empty() { 0 } else { SEGMENTS };
            (0..segments).map(part).collect()
        });
        parts.filter(|stage: &Vec<Part>| !stage.is_empty()).collect()
    }

    /// See [`kernel::store::StorePort::scan_part`].
    pub(crate) async fn scan(
        &self,
        part: &Part,
        after: Option<&ScanPlace>,
        limit: usize,
    ) -> Result<Scan, Trouble> {
        let tables: Vec<&Table> = self.tables.iter().filter(|table| holds(table, part)).collect();
        let (place, start) = match after {
            None => (0, None),
            Some(after) => scan_start(&tables, after)
                .ok_or_else(|| Trouble::Broken(format!("{after:?} is no place of a scan")))?,
        };
        let Some(table) = tables.get(place) else {
            return Ok(Scan { rows: Vec::new(), next: None });
        };
        let (segment, segments) = part.share;
        let share = (segments > 1).then_some((i32::from(segment), i32::from(segments)));
        let limit = limit.clamp(1, PAGE_MAX);
        let mut sent = self
            .client
            .scan()
            .table_name(self.name(table))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_segment(share.map(|(segment, _)| segment))
            .set_total_segments(share.map(|(_, segments)| segments))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .set_return_consumed_capacity(self.metered());
        let mut conditions = Vec::new();
        for prefix in part.kinds.iter().flat_map(|kind| kind.prefixes) {
            let name = format!(":{}", prefix.text());
            conditions.push(format!("begins_with(#id, {name})"));
            let value = items::text(format!("{}_", prefix.text()));
            sent = sent.expression_attribute_values(name, value);
        }
        let got = sent
            .filter_expression(conditions.join(" OR "))
            .expression_attribute_names("#id", ID)
            .send()
            .await
            .map_err(|error| Trouble::of("Scan", &error))?;
        self.used("Scan", &got.consumed_capacity);
        let read = |item: &Item| Some(items::read(kind_of(part, item)?, item));
        let rows = got.items().iter().filter_map(read).collect();
        let next = match &got.last_evaluated_key {
            Some(last) => Some(scan_place(table, last)),
            None => {
                tables.get(place.saturating_add(1)).map(|next| ScanPlace(next.service.to_owned()))
            }
        };
        Ok(Scan { rows, next })
    }
}

/// Whether a part has records in a table.
fn holds(table: &Table, part: &Part) -> bool {
    let is_its = part.service.is_none_or(|service| service == table.service);
    is_its && part.kinds.iter().any(|kind| table.kinds.contains(kind))
}

/// Of which kind an item is, by its id.
fn kind_of(part: &Part, item: &Item) -> Option<&'static Kind> {
    let (prefix, _) = item.get(ID)?.as_s().ok()?.split_once('_')?;
    let is_its = |kind: &&'static Kind| kind.prefixes.iter().any(|its| its.text() == prefix);
    part.kinds.iter().copied().find(is_its)
}

/// A scan goes on in a table of that service, after a key if there is one.
fn scan_place(table: &Table, last: &Item) -> ScanPlace {
    let text = |name: &str| match last.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    };
    ScanPlace(format!("{} {} {}", table.service, text(SEQUENCE), text(ID)))
}

fn scan_start(tables: &[&Table], after: &ScanPlace) -> Option<(usize, Option<Item>)> {
    let mut parts = after.0.splitn(3, ' ');
    let service = parts.next()?;
    let place = tables.iter().position(|table| table.service == service)?;
    let key = parts.next().zip(parts.next()).map(|(sequence, id)| {
        let sequence = AttributeValue::N(sequence.to_owned());
        Item::from([(ID.to_owned(), items::text(id)), (SEQUENCE.to_owned(), sequence)])
    });
    Some((place, key))
}
