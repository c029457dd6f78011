//! Reads all records of some kinds once, the parts of a stage at once, and says how far it is. What is
//! made of them is not here.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use kernel::Kind;
use kernel::record::Stored;
use kernel::store::{BadRow, BoxFuture, Part, Scan, ScanPlace, StoreError, StorePort};

/// How many rows of a part are in memory at once.
const ROWS_AT_ONCE: usize = 1000;

/// How far a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// A kind of record that is being read: `entry`, `payment`, …
    pub kind: &'static str,
    /// How many of them were read.
    pub seen: u64,
}

/// Hears how far a sweep is, now and then.
pub type Watch<'w> = dyn FnMut(Progress) + Send + 'w;

/// All rows of some kinds. Parts of a stage take turns, piece by piece, whichever answers first: two
/// sweeps of the same store come in the same order.
pub struct Sweep<'s> {
    port: &'s dyn StorePort,
    stages: std::vec::IntoIter<Vec<Part>>,
    reading: FuturesOrdered<BoxFuture<'s, Read>>,
    parts: usize,
    seen: BTreeMap<&'static str, u64>,
}

struct Read {
    number: usize,
    part: Part,
    scan: Result<Scan, StoreError>,
}

/// The next rows of a part.
pub struct Piece {
    /// Which part: numbers are not used again. What is in order in the store is in order within it.
    pub part: usize,
    /// The records, and the rows that are none.
    pub rows: Vec<Result<Stored, BadRow>>,
    /// Whether it is the part's last.
    pub is_last: bool,
}

impl<'s> Sweep<'s> {
    /// Kinds that are named first are read first, where the store can.
    pub fn over(port: &'s dyn StorePort, kinds: &[&'static Kind]) -> Self {
        Self {
            port,
            stages: port.stages(kinds).into_iter(),
            reading: FuturesOrdered::new(),
            parts: 0,
            seen: BTreeMap::new(),
        }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn next(&mut self, watch: &mut Watch<'_>) -> Result<Option<Piece>, StoreError> {
        while self.reading.is_empty() {
            let Some(stage) = self.stages.next() else { return Ok(None) };
            for part in stage {
                self.read(self.parts, part, None);
                self.parts = self.parts.saturating_add(1);
            }
        }
        let Some(Read { number, part, scan }) = self.reading.next().await else { return Ok(None) };
        let Scan { rows, next } = scan?;
        let is_last = next.is_none();
        if !is_last {
            self.read(number, part, next);
        }
        self.tell(&rows, watch);
        Ok(Some(Piece { part: number, rows, is_last }))
    }

    fn read(&mut self, number: usize, part: Part, after: Option<ScanPlace>) {
        let port = self.port;
        self.reading.push_back(Box::pin(async move {
            let scan = port.scan_part(&part, after, ROWS_AT_ONCE).await;
            Read { number, part, scan }
        }));
    }

    fn tell(&mut self, rows: &[Result<Stored, BadRow>], watch: &mut Watch<'_>) {
        let mut read: BTreeMap<&'static str, u64> = BTreeMap::new();
        for row in rows {
            let kind = match row {
                Ok(stored) => stored.record.kind().name,
                Err(bad) => bad.why.kind(),
            };
            let count = read.entry(kind).or_default();
            *count = count.saturating_add(1);
        }
        for (kind, count) in read {
            let seen = self.seen.entry(kind).or_default();
            *seen = seen.saturating_add(count);
            watch(Progress { kind, seen: *seen });
        }
    }
}
