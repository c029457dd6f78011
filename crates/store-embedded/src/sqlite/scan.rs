//! Scans: every record of a kind in the order of the keys, for checks of the whole. What is damaged
//! is told, and stops nothing.

use kernel::Kind;
use kernel::record::BadRecord;
use kernel::store::{BadRow, Scan, ScanPlace};

use super::bind::Binder;
use super::decode;
use super::error::{At, SqliteError};
use super::reader::Reader;

impl Reader {
    /// A piece of a scan, at most `limit` rows long.
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
        let mut last = match after {
            None => (Vec::new(), i64::MIN),
            Some(place) => read_place(place)
                .ok_or_else(|| SqliteError::Refused("this is no place of a scan".to_owned()))?,
        };
        let mut statement = self.prepare(kind.name, &table.scan)?;
        let mut with = Binder::new(&mut statement);
        with.raw_text(&last.0);
        with.integer(last.1);
        with.integer(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut scan = Scan { rows: Vec::new(), next: None };
        let mut rows = with.finish().at(kind.name)?.raw_query();
        while let Some(row) = rows.next().at(kind.name)? {
            let (id, sequence) = decode::raw_key(kind, row);
            if (id, sequence) <= (&last.0, last.1) {
                // Gone on from here, the scan might never end.
                let why = "it stands where its key does not belong".to_owned();
                let why = BadRecord::Contradiction { kind: kind.name, why };
                scan.rows.push(Err(BadRow { key: decode::legible_key(kind, row), why }));
                continue;
            }
            last = (id.to_vec(), sequence);
            scan.rows.push(match decode::record(kind, row) {
                Ok(seen) => self.with_said(seen)?.map(|row| row.stored()),
                Err(bad) => Err(bad),
            });
        }
        if scan.rows.len() >= limit {
            scan.next = Some(write_place(&last.0, last.1));
        }
        Ok(scan)
    }
}

/// The key as it stands there, whatever it is: the sequence, then the id's bytes in hexadecimal.
fn write_place(id: &[u8], sequence: i64) -> ScanPlace {
    let mut text = format!("{sequence}/");
    id.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    ScanPlace(text)
}

fn read_place(place: &ScanPlace) -> Option<(Vec<u8>, i64)> {
    let (sequence, id) = place.0.split_once('/')?;
    let pairs = id.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    Some((pairs.map(byte).collect::<Option<_>>()?, sequence.parse().ok()?))
}
