//! Lists: records of one partition in the order of a sort column, by an index or by the key of a
//! chain. Every page is found by a search in the index, however far along it is.

use kernel::store::{Order, Query};

use super::bind::Binder;
use super::error::SqliteError;
use super::reader::Reader;
use super::table::Ties;
use crate::rows::RecordRow;

/// After every id: no text of ours begins with it.
const AFTER_EVERY_ID: &str = "\u{10FFFF}";

impl Reader {
    /// A list. With `OldestFirst` it begins at `from`, with `NewestFirst` below `to`, or after the
    /// place that is given.
    ///
    /// # Errors
    /// A row in it is no record; the disk.
    pub fn list(&self, query: &Query) -> Result<Vec<RecordRow>, SqliteError> {
        let kind = query.kind;
        let (_, table) = self.schema.table(kind);
        let Some(list) = table.lists.iter().find(|list| list.index == query.index) else {
            unreachable!("a {kind:?} has no index {:?}", query.index)
        };
        let Some(bounds) = Bounds::of(query, list.ties) else { return Ok(Vec::new()) };
        let mut statement = self.prepare(kind.name, list.sql(query.order))?;
        let mut with = Binder::new(&mut statement);
        with.value(&query.partition);
        with.integer(bounds.last);
        with.integer(i64::try_from(query.limit).unwrap_or(i64::MAX));
        with.integer(bounds.after);
        if list.ties.id {
            with.text(&bounds.after_id);
        }
        if list.ties.sequence {
            with.integer(bounds.after_sequence);
        }
        self.records(kind, with)
    }
}

/// Where a list begins and ends, seen in its own direction.
struct Bounds {
    /// The last sort value that is in it.
    last: i64,
    /// It begins after this sort value, or within it after this key.
    after: i64,
    after_id: String,
    after_sequence: i64,
}

impl Bounds {
    /// None if nothing can lie within them.
    fn of(query: &Query, ties: Ties) -> Option<Self> {
        let bounds = match query.order {
            Order::OldestFirst => {
                let from = query.from.unwrap_or(i64::MIN);
                // With nothing to order equal sort values, a list begins after the value before.
                let after = if ties.id || ties.sequence { from } else { from.saturating_sub(1) };
                let last = query.to.map_or(Some(i64::MAX), |to| to.checked_sub(1))?;
                Self { last, after, after_id: String::new(), after_sequence: i64::MIN }
            }
            Order::NewestFirst => {
                let last = query.from.unwrap_or(i64::MIN);
                match query.to {
                    // Below every key of that sort value.
                    Some(to) => {
                        Self { last, after: to, after_id: String::new(), after_sequence: i64::MIN }
                    }
                    None => Self {
                        last,
                        after: i64::MAX,
                        after_id: AFTER_EVERY_ID.to_owned(),
                        after_sequence: i64::MAX,
                    },
                }
            }
        };
        let Some(place) = query.after else { return Some(bounds) };
        let within = match query.order {
            Order::OldestFirst => query.from.is_none_or(|from| place.sort >= from),
            Order::NewestFirst => query.to.is_none_or(|to| place.sort < to),
        };
        if !within {
            return Some(bounds);
        }
        Some(Self {
            after: place.sort,
            after_id: place.key.id.to_string(),
            after_sequence: place.key.sequence.map_or(i64::MIN, super::bind::integer),
            ..bounds
        })
    }
}
