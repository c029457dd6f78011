//! The sums in the write-ahead log, as SQLite's page on its file format tells them in section 4: each
//! frame has the sum of all that stands before it, so that one who reads tells what was written from
//! what was not. SQLite looks at them when it recovers a log, and never while it copies one.

/// The length of the log's header, in bytes.
pub(super) const HEADER_BYTES: usize = 32;

/// The length of a frame's header; the page follows it.
const FRAME_HEADER_BYTES: usize = 24;

/// What the header begins with; its last bit says how words are read for the sum.
const MAGIC: u32 = 0x377f_0682;

/// The sum so far, and what the next frame must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    is_big_endian: bool,
    page_bytes: usize,
    /// Others in each log: frames of the one before, in the same file, do not have them.
    salts: [u8; 8],
    sum: (u32, u32),
}

impl Sums {
    /// Of the log with that header. None if it is no header, or not as it was written.
    pub(super) fn of(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = word(header, 0)?;
        let page_bytes = usize::try_from(word(header, 8)?).ok()?;
        if magic & !1 != MAGIC
            || !page_bytes.is_power_of_two()
            || !(512..=65_536).contains(&page_bytes)
        {
            return None;
        }
        let salts = header.get(16..24)?.try_into().ok()?;
        let mut sums = Self { is_big_endian: magic & 1 == 1, page_bytes, salts, sum: (0, 0) };
        sums.add(header.get(..24)?);
        (sums.sum == (word(header, 24)?, word(header, 28)?)).then_some(sums)
    }

    /// The length of each frame, in bytes.
    pub(super) fn frame_bytes(&self) -> usize {
        self.page_bytes.saturating_add(FRAME_HEADER_BYTES)
    }

    /// Whether this is the next frame, as it was written.
    pub(super) fn take(&mut self, frame: &[u8]) -> bool {
        self.try_take(frame).unwrap_or(false)
    }

    fn try_take(&mut self, frame: &[u8]) -> Option<bool> {
        let page = frame.get(FRAME_HEADER_BYTES..).filter(|page| page.len() == self.page_bytes)?;
        self.add(frame.get(..8)?);
        self.add(page);
        let is_whole = self.sum == (word(frame, 16)?, word(frame, 20)?);
        Some(is_whole && frame.get(8..16)? == self.salts && word(frame, 0)? != 0)
    }

    fn add(&mut self, bytes: &[u8]) {
        let read = if self.is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        let (mut first, mut second) = self.sum;
        let (pairs, _) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in pairs {
            first = first.wrapping_add(read([*a, *b, *c, *d])).wrapping_add(second);
            second = second.wrapping_add(read([*e, *f, *g, *h])).wrapping_add(first);
        }
        self.sum = (first, second);
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log as SQLite wrote it, with frames enough to go wrong in.
    fn log() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        let connection = rusqlite::Connection::open(&path).unwrap();
        let sql = "PRAGMA page_size = 512; PRAGMA journal_mode = wal; CREATE TABLE t (x); \
                   INSERT INTO t VALUES (zeroblob(3000))";
        connection.execute_batch(sql).unwrap();
        std::fs::read(folder.path().join("database-wal")).unwrap()
    }

    /// How many whole frames there are from the first on; none without a header.
    fn frames(log: &[u8]) -> Option<usize> {
        let mut sums = Sums::of(log.first_chunk()?)?;
        let frames = log[HEADER_BYTES..].chunks(sums.frame_bytes());
        Some(frames.take_while(|frame| sums.take(frame)).count())
    }

    #[test]
    fn what_sqlite_wrote_is_whole() {
        let log = log();
        let length = log.len() - HEADER_BYTES;
        assert_eq!(length % (512 + FRAME_HEADER_BYTES), 0);
        assert_eq!(frames(&log), Some(length / (512 + FRAME_HEADER_BYTES)));
        assert!(frames(&log) > Some(8));
    }

    #[test]
    fn a_changed_byte_is_told_wherever_it_is() {
        let log = log();
        for place in (0..log.len()).step_by(3) {
            let mut changed = log.clone();
            changed[place] ^= 1;
            let before = place.checked_sub(HEADER_BYTES).map(|place| place / 536);
            // The last bit of the first word says how the words are read.
            assert_eq!(frames(&changed), before, "byte {place}");
        }
    }

    #[test]
    fn what_is_too_short_is_not_whole() {
        let log = log();
        assert_eq!(frames(&log[..HEADER_BYTES - 1]), None);
        assert_eq!(frames(&log[..HEADER_BYTES]), Some(0));
        assert_eq!(frames(&log[..HEADER_BYTES + 2 * 536 - 1]), Some(1));
        assert_eq!(frames(&[0; 100]), None);
    }

    #[test]
    fn words_are_read_as_the_header_says() {
        let written = |magic: u32, read: fn([u8; 4]) -> u32| {
            let mut header = [0; HEADER_BYTES];
            header[..4].copy_from_slice(&magic.to_be_bytes());
            header[8..12].copy_from_slice(&512_u32.to_be_bytes());
            let (mut first, mut second) = (0_u32, 0_u32);
            for pair in header[..24].as_chunks::<8>().0 {
                first = first.wrapping_add(read(pair[..4].try_into().unwrap()));
                first = first.wrapping_add(second);
                second = second.wrapping_add(read(pair[4..].try_into().unwrap()));
                second = second.wrapping_add(first);
            }
            header[24..28].copy_from_slice(&first.to_be_bytes());
            header[28..].copy_from_slice(&second.to_be_bytes());
            Sums::of(&header).is_some()
        };
        assert!(written(MAGIC, u32::from_le_bytes) && written(MAGIC | 1, u32::from_be_bytes));
        assert!(!written(MAGIC | 1, u32::from_le_bytes) && !written(MAGIC + 2, u32::from_le_bytes));
    }
}
