//! Scans: every record of a kind in the order of the keys, for checks of the whole. What is damaged
//! is told, and stops nothing.

use kernel::record::BadRecord;
use kernel::store::{BadRow, Scan, ScanPlace};
use kernel::{Kind, Stored};
use rusqlite::types::ValueRef;

use super::bind::Binder;
use super::decode;
use super::error::{At, SqliteError};
use super::reader::Reader;
use super::table::Table;

/// So many misplaced rows are told, for one can put all that follow it in the wrong.
const MISPLACED_MAX: usize = 16;

impl Reader {
    /// A piece of a scan, about `limit` rows long: it ends where the keys are in order, or the next
    /// piece might begin here again. The first piece also tells which rows of the whole are misplaced.
    ///
    /// # Errors
    /// The file is damaged where SQLite finds its way; the disk; a place that is not of a scan.
    pub fn scan(
        &self,
        kind: &'static Kind,
        after: Option<&ScanPlace>,
        limit: usize,
    ) -> Result<Scan, SqliteError> {
        let (_, table) = self.schema.table(kind);
        let start = match after {
            None => (Vec::new(), i64::MIN),
            Some(place) => read_place(place)
                .ok_or_else(|| SqliteError::Refused("this is no place of a scan".to_owned()))?,
        };
        let mut statement = self.prepare(kind.name, &table.scan)?;
        let mut with = Binder::new(&mut statement);
        with.raw_text(&start.0);
        if kind.sort.is_some() {
            with.integer(start.1);
        }
        // Past a key that is out of order, a search for a place may leave rows out, so that the
        // order is checked as a whole first.
        let rows = if after.is_none() { self.misplaced(table)? } else { Vec::new() };
        let mut piece = Piece { kind, last: start, before: None, last_row: None, rows };
        let mut rows = with.finish().at(kind.name)?.raw_query();
        while let Some(row) = rows.next().at(kind.name)? {
            let key = decode::raw_key(kind, row);
            if piece.rows.len() >= limit && piece.is_in_order() && piece.is_before(key) {
                let next = Some(write_place(&piece.last.0, piece.last.1));
                return Ok(Scan { rows: piece.rows, next });
            }
            let stored = match decode::record(kind, row) {
                Ok(seen) => self.with_said(seen)?.map(|row| row.stored()),
                Err(bad) => Err(bad),
            };
            piece.add(key, stored);
        }
        Ok(Scan { rows: piece.rows, next: None })
    }
}

impl Reader {
    /// The rows of a table that stand where their key does not belong, the first few of them.
    fn misplaced(&self, table: &Table) -> Result<Vec<Result<Stored, BadRow>>, SqliteError> {
        let kind = table.kind;
        let mut statement = self.prepare(kind.name, &table.keys)?;
        let mut found = Vec::new();
        let mut last: RawKey = (Vec::new(), i64::MIN);
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().at(kind.name)? {
            let sequence = kind.sort.map_or(ValueRef::Null, |_| decode::raw(row, 1));
            let (id, sequence) = decode::key(decode::raw(row, 0), sequence);
            if (&*last.0, last.1) < (id, sequence) {
                last.0.clear();
                last.0.extend_from_slice(id);
                last.1 = sequence;
            } else if found.len() < MISPLACED_MAX {
                found.push(Err(misplaced(kind, decode::legible_key(kind, (id, sequence)))));
            }
        }
        Ok(found)
    }
}

/// A key as it stands there, whatever it is.
type RawKey = (Vec<u8>, i64);

struct Piece {
    kind: &'static Kind,
    /// The last key that is in order, or the place where the piece begins.
    last: RawKey,
    /// The one before it.
    before: Option<RawKey>,
    /// Which row has the last key that is in order.
    last_row: Option<usize>,
    rows: Vec<Result<Stored, BadRow>>,
}

impl Piece {
    fn is_before(&self, (id, sequence): (&[u8], i64)) -> bool {
        (&*self.last.0, self.last.1) < (id, sequence)
    }

    /// Whether the row added last is in order.
    fn is_in_order(&self) -> bool {
        self.last_row.is_some_and(|row| row.saturating_add(1) == self.rows.len())
    }

    fn add(&mut self, key: (&[u8], i64), stored: Result<Stored, BadRow>) {
        let owned = (key.0.to_vec(), key.1);
        if self.is_before(key) {
            self.before = Some(std::mem::replace(&mut self.last, owned));
        } else if self.before.as_ref().is_some_and(|before| *before < owned) {
            // It follows the one before the last: it is the last that does not belong there.
            if let Some(last) = self.last_row.and_then(|row| self.rows.get_mut(row))
                && let Ok(stored) = last
            {
                *last = Err(misplaced(self.kind, format!("{:?}", stored.record.key())));
            }
            self.last = owned;
        } else {
            let misplaced = misplaced(self.kind, decode::legible_key(self.kind, key));
            self.rows.push(Err(stored.err().unwrap_or(misplaced)));
            return;
        }
        self.last_row = Some(self.rows.len());
        self.rows.push(stored);
    }
}

fn misplaced(kind: &'static Kind, key: String) -> BadRow {
    let why = "it stands where its key does not belong".to_owned();
    BadRow { key, why: BadRecord::Contradiction { kind: kind.name, why } }
}

/// The key as it stands there, whatever it is: the sequence, then the id's bytes in hexadecimal.
fn write_place(id: &[u8], sequence: i64) -> ScanPlace {
    let mut text = format!("{sequence}/");
    id.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    ScanPlace(text)
}

fn read_place(place: &ScanPlace) -> Option<RawKey> {
    let (sequence, id) = place.0.split_once('/')?;
    let pairs = id.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    Some((pairs.map(byte).collect::<Option<_>>()?, sequence.parse().ok()?))
}
