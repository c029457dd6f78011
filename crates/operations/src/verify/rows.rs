//! Reads all records of a kind, piece by piece, and says how far it is. What is made of them is not
//! here.

use std::marker::PhantomData;
use std::sync::Arc;

use kernel::Record;
use kernel::record::Stored;
use kernel::store::{BadRow, Scan, ScanPlace, StoreError, StorePort};

/// How many rows are in memory at once.
const ROWS_AT_ONCE: usize = 1000;

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The kind of record that is being read: `entry`, `payment`, …
    pub kind: &'static str,
    /// How many of them were read.
    pub seen: u64,
}

/// Hears how far a check is, now and then.
pub type Watch<'w> = dyn FnMut(Progress) + Send + 'w;

/// All rows of a kind, in the order of a scan.
pub(crate) struct Rows<'s, R> {
    port: &'s dyn StorePort,
    next: Option<ScanPlace>,
    is_at_end: bool,
    seen: u64,
    kind: PhantomData<fn() -> R>,
}

impl<'s, R: Record> Rows<'s, R> {
    pub(crate) fn of(port: &'s dyn StorePort) -> Self {
        Self { port, next: None, is_at_end: false, seen: 0, kind: PhantomData }
    }

    /// The next piece; none at the end.
    pub(crate) async fn next(
        &mut self,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Vec<Result<Arc<R>, BadRow>>>, StoreError> {
        if self.is_at_end {
            return Ok(None);
        }
        let Scan { rows, next } = self.port.scan(R::KIND, self.next.take(), ROWS_AT_ONCE).await?;
        self.is_at_end = next.is_none();
        self.next = next;
        self.seen = self.seen.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        watch(Progress { kind: R::KIND.name, seen: self.seen });
        rows.into_iter().map(typed).collect::<Result<_, _>>().map(Some)
    }
}

/// A store that answers a scan with records of another kind is broken.
fn typed<R: Record>(row: Result<Stored, BadRow>) -> Result<Result<Arc<R>, BadRow>, StoreError> {
    let stored = match row {
        Ok(stored) => stored,
        Err(bad) => return Ok(Err(bad)),
    };
    stored.downcast::<R>().map(Ok).ok_or_else(|| {
        let kind = stored.record.kind();
        StoreError::Broken(format!("a scan of {:?} came to a {kind:?}", R::KIND))
    })
}
