//! Reads a page from the store: of one partition, or of several merged into one order.
//! Not in here: cursors' text, and how a record is shown.

use std::cmp::Ordering;

use futures_util::future::try_join_all;
use kernel::store::{Order, Place, Query};
use kernel::{Known, Record, Store, StoreError, Value};

use super::Page;
use super::cursor::Position;
use super::list::{List, bad_cursor};
use crate::problem::Problem;

/// How many records a page looks at before it comes back shorter than its limit.
const LOOKED_AT_MAX: usize = 1000;

impl<T> List<T> {
    /// A page of the records that a query finds; its `after` and `limit` are set here.
    ///
    /// # Errors
    /// 400 for a cursor of another list; when the store cannot.
    pub async fn page<R: Record>(
        &self,
        store: &Store,
        query: Query,
    ) -> Result<Page<Known<R>>, Problem> {
        self.page_where(store, vec![query], |_| true).await
    }

    /// A page of the records that several queries find, which differ in their partitions alone (such
    /// as one for each [`Shard`](kernel::record::Shard)), in one order; only those that `keep` keeps.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn page_where<R: Record>(
        &self,
        store: &Store,
        queries: Vec<Query>,
        keep: impl Fn(&R) -> bool,
    ) -> Result<Page<Known<R>>, Problem> {
        let mut after = match self.position {
            None => None,
            Some(Position::After(place)) => Some(place),
            Some(Position::Number(_)) => return Err(bad_cursor()),
        };
        let asked = self.limit.saturating_add(1);
        let mut items = Vec::with_capacity(self.limit);
        let mut looked_at: usize = 0;
        loop {
            let found = merged::<R>(store, &queries, after, asked).await?;
            let is_last = found.len() < asked;
            for (place, known) in found {
                if items.len() == self.limit || looked_at >= LOOKED_AT_MAX {
                    return Ok(self.with_next(items, after));
                }
                after = Some(place);
                looked_at = looked_at.saturating_add(1);
                if keep(&known) {
                    items.push(known);
                }
            }
            if is_last {
                return Ok(Page { items, next_cursor: None });
            }
        }
    }

    fn with_next<I>(&self, items: Vec<I>, after: Option<Place>) -> Page<I> {
        let next_cursor = after.map(|place| self.seal.write(Position::After(place)));
        Page { items, next_cursor }
    }
}

/// The first `limit` records after a place, of all queries together.
async fn merged<R: Record>(
    store: &Store,
    queries: &[Query],
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<(Place, Known<R>)>, StoreError> {
    let Some(first) = queries.first() else { return Ok(Vec::new()) };
    let (order, index) = (first.order, first.index);
    let lists = queries.iter().map(|query| {
        assert!(
            query.order == order && query.index == index,
            "the queries of one list differ in more than their partition"
        );
        store.list::<R>(Query { after, limit, ..query.clone() })
    });
    let lists = try_join_all(lists).await?;
    let mut found: Vec<_> =
        lists.into_iter().flatten().map(|known| (place_of(&*known.record, index), known)).collect();
    if queries.len() > 1 {
        found.sort_by(|(left, _), (right, _)| compare(*left, *right, order));
        found.truncate(limit);
    }
    Ok(found)
}

fn compare(left: Place, right: Place, order: Order) -> Ordering {
    let oldest_first = (left.sort, left.key).cmp(&(right.sort, right.key));
    match order {
        Order::OldestFirst => oldest_first,
        Order::NewestFirst => oldest_first.reverse(),
    }
}

/// Where a record stands in the order of an index, or of its own key.
fn place_of<R: Record>(record: &R, index: Option<&str>) -> Place {
    let kind = R::KIND;
    let sort = match index {
        None => kind.sort,
        Some(name) => kind.indexes.iter().find(|index| index.name == name).map(|index| index.sort),
    };
    let column = sort.and_then(|sort| kind.column(sort));
    let mut place = Place { sort: 0, key: record.key() };
    let mut number: usize = 0;
    record.values(&mut |value| {
        if let (true, Value::Integer(integer)) = (Some(number) == column, value) {
            place.sort = integer;
        }
        number = number.saturating_add(1);
    });
    place
}
