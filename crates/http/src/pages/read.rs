//! Reads a page from the store: of one partition, or of several merged into one order.
//! Not in here: cursors' text, and how a record is shown.

use std::cmp::Ordering;

use futures_util::future::try_join_all;
use kernel::store::{Order, Place, Query};
use kernel::{Known, Record, Store, StoreError, Stored, Value};

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

    /// A page of the records of one kind that several queries find (such as one for each
    /// [`Shard`](kernel::record::Shard)), in one order; only those that `keep` keeps.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn page_where<R: Record>(
        &self,
        store: &Store,
        queries: Vec<Query>,
        keep: impl Fn(&R) -> bool,
    ) -> Result<Page<Known<R>>, Problem> {
        let keep = |stored: &Stored| stored.downcast::<R>().is_some_and(|record| keep(&record));
        Ok(self.page_of(store, queries, keep).await?.map(Known::from_stored))
    }

    /// A page of the records, of whatever kinds, that several queries find, in one order; only those
    /// that `keep` keeps. All queries have one order, and sort values that can be compared.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn page_of(
        &self,
        store: &Store,
        queries: Vec<Query>,
        keep: impl Fn(&Stored) -> bool,
    ) -> Result<Page<Stored>, Problem> {
        let start = match &self.position {
            None => None,
            Some(Position::After(place)) => Some(*place),
            Some(Position::Number(_) | Position::Name(_)) => return Err(bad_cursor()),
        };
        let asked = self.limit.saturating_add(1);
        let mut items = Vec::with_capacity(self.limit);
        let (mut seen, mut kept) = (start, start);
        let mut looked_at: usize = 0;
        loop {
            let found = merged(store, &queries, seen, asked).await?;
            let is_last = found.len() < asked;
            for (place, stored) in found {
                let is_full = items.len() == self.limit;
                let is_kept = keep(&stored);
                // There is a next page only if it shows something: a cursor that came of what is
                // kept from the caller would tell him that it is there.
                if (is_full && is_kept) || looked_at >= LOOKED_AT_MAX {
                    let next = if is_full { kept } else { seen };
                    let next = next.map(|place| self.seal.write(&Position::After(place)));
                    return Ok(Page { items, next_cursor: next });
                }
                seen = Some(place);
                looked_at = looked_at.saturating_add(1);
                if is_kept {
                    kept = seen;
                    items.push(stored);
                }
            }
            if is_last {
                return Ok(Page { items, next_cursor: None });
            }
        }
    }
}

/// The first `limit` records after a place, of all queries together.
async fn merged(
    store: &Store,
    queries: &[Query],
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<(Place, Stored)>, StoreError> {
    let Some(order) = queries.first().map(|query| query.order) else { return Ok(Vec::new()) };
    let lists = queries.iter().map(async |query| {
        assert_eq!(query.order, order, "the queries of one list have one order");
        let query = Query { after, limit, ..query.clone() };
        let index = query.index;
        let stored = store.port().list(query).await?;
        Ok(stored.into_iter().map(move |stored| (place_of(&stored, index), stored)))
    });
    let mut found: Vec<_> = try_join_all(lists).await?.into_iter().flatten().collect();
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
fn place_of(stored: &Stored, index: Option<&str>) -> Place {
    let kind = stored.record.kind();
    let sort = match index {
        None => kind.sort,
        Some(name) => kind.indexes.iter().find(|index| index.name == name).map(|index| index.sort),
    };
    let column = sort.and_then(|sort| kind.column(sort));
    let mut place = Place { sort: 0, key: stored.record.key() };
    let mut number: usize = 0;
    stored.record.values(&mut |value| {
        if let (true, Value::Integer(integer)) = (Some(number) == column, value) {
            place.sort = integer;
        }
        number = number.saturating_add(1);
    });
    place
}
