//! The audit trails of several services, read as one list, newest first: each trail by its key, so
//! that no index is kept for it. What a line looks like outside is not here.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use futures_util::future::try_join_all;
use kernel::audit::AuditLine;
use kernel::store::{Order, Query};
use kernel::{Id, Record, Store, StoreError, Time, TrailId};

/// How many lines a page looks at before it comes back shorter than its limit.
const LOOKED_AT_MAX: usize = 1000;
/// How many lines of one trail are read at once.
const LINES_AT_ONCE: usize = 128;

/// Where a list goes on: in each trail below a sequence. A trail that is not named is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(Vec<(String, u64)>);

impl fmt::Display for Place {
    /// Such as `loan 12,wallet 0`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trails = self.0.iter().map(|(service, below)| format!("{service} {below}"));
        out.write_str(&trails.collect::<Vec<_>>().join(","))
    }
}

impl Place {
    /// From its text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let trails = text.split(',').map(|trail| {
            let (service, below) = trail.split_once(' ')?;
            Some((service.to_owned(), below.parse().ok()?))
        });
        trails.collect::<Option<_>>().map(Self)
    }

    /// Where the list of these services' trails begins: with their newest lines as they are now, or
    /// with the last before a moment.
    pub(crate) async fn before(
        store: &Store,
        services: &[&str],
        to: Option<Time>,
    ) -> Result<Self, StoreError> {
        let places = services.iter().map(async |service| {
            let below = end_before(store, TrailId::of(service), to).await?;
            Ok::<_, StoreError>(((*service).to_owned(), below))
        });
        try_join_all(places).await.map(Self)
    }
}

/// One more than the sequence of a trail's newest line, or of its newest before a moment; 0 if there
/// is none.
async fn end_before(store: &Store, trail_id: TrailId, to: Option<Time>) -> Result<u64, StoreError> {
    let Some(head) = store.head::<AuditLine>(trail_id).await? else { return Ok(0) };
    let end = head.sequence.saturating_add(1);
    let Some(to) = to.filter(|to| head.at >= *to) else { return Ok(end) };
    // What is before `low` is early enough; what is from `high` on is too late.
    let (mut low, mut high) = (0, head.sequence);
    while low < high {
        let middle = low.midpoint(high);
        let found = store.get::<AuditLine>((trail_id, middle)).await?;
        let missing = || StoreError::Broken(format!("{trail_id} has no line {middle}"));
        if found.ok_or_else(missing)?.at < to {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// One trail: what was read of it and not looked at yet, and where it is read on.
struct Trail {
    service: String,
    trail_id: TrailId,
    /// The next line to be looked at is the newest below this.
    below: u64,
    read: VecDeque<Arc<AuditLine>>,
}

impl Trail {
    /// Reads on if nothing that was read is left.
    async fn fill(&mut self, store: &Store, limit: usize) -> Result<(), StoreError> {
        if !self.read.is_empty() || self.below == 0 {
            return Ok(());
        }
        let query = Query {
            kind: AuditLine::KIND,
            index: None,
            partition: self.trail_id.any().into(),
            from: None,
            to: Some(i64::try_from(self.below).unwrap_or(i64::MAX)),
            after: None,
            order: Order::NewestFirst,
            limit,
        };
        let lines = store.list::<AuditLine>(query).await?;
        self.read.extend(lines.into_iter().map(|known| known.record));
        if self.read.is_empty() {
            self.below = 0;
        }
        Ok(())
    }

    /// Nothing more of it is wanted.
    fn end(&mut self) {
        self.read.clear();
        self.below = 0;
    }
}

/// The trails of a list, being read.
pub(crate) struct Trails<'s> {
    store: &'s Store,
    trails: Vec<Trail>,
    from: Option<Time>,
}

impl<'s> Trails<'s> {
    /// From a place on, down to a moment.
    pub(crate) fn at(store: &'s Store, Place(places): Place, from: Option<Time>) -> Self {
        let trail = |(service, below): (String, u64)| {
            let trail_id = TrailId::of(&service);
            Trail { service, trail_id, below, read: VecDeque::new() }
        };
        Self { store, trails: places.into_iter().map(trail).collect(), from }
    }

    /// The next lines that `keep` keeps, at most `limit`, and where the list goes on if it does.
    pub(crate) async fn page(
        &mut self,
        limit: usize,
        keep: impl Fn(&AuditLine) -> bool,
    ) -> Result<(Vec<Arc<AuditLine>>, Option<Place>), StoreError> {
        let mut lines = Vec::new();
        for _ in 0..LOOKED_AT_MAX {
            let Some((trail, line)) = self.newest().await? else { return Ok((lines, None)) };
            if keep(&line) {
                if lines.len() == limit {
                    return Ok((lines, Some(self.place())));
                }
                lines.push(Arc::clone(&line));
            }
            if let Some(trail) = self.trails.get_mut(trail) {
                trail.below = line.sequence;
                trail.read.pop_front();
            }
        }
        Ok((lines, Some(self.place())))
    }

    /// The newest line that was not looked at, and in which trail it stands.
    async fn newest(&mut self) -> Result<Option<(usize, Arc<AuditLine>)>, StoreError> {
        let store = self.store;
        let fills = self.trails.iter_mut().map(|trail| trail.fill(store, LINES_AT_ONCE));
        try_join_all(fills).await?;
        let is_past = |line: &Arc<AuditLine>| self.from.is_some_and(|from| line.at < from);
        for trail in &mut self.trails {
            if trail.read.front().is_some_and(is_past) {
                trail.end();
            }
        }
        let fronts = self.trails.iter().enumerate();
        let fronts = fronts.filter_map(|(place, trail)| Some((place, trail.read.front()?)));
        let newest = fronts.max_by_key(|(_, line)| (line.at, line.trail_id));
        Ok(newest.map(|(place, line)| (place, Arc::clone(line))))
    }

    fn place(&self) -> Place {
        let places = self.trails.iter().map(|trail| (trail.service.clone(), trail.below));
        Place(places.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_and_read() {
        for text in ["loan 12,wallet 0", "operations 18446744073709551615"] {
            assert_eq!(Place::read(text).unwrap().to_string(), text);
        }
        for wrong in ["", "loan", "loan x", "loan 1,"] {
            assert_eq!(Place::read(wrong), None, "{wrong}");
        }
    }
}
