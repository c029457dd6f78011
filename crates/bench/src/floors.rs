//! The floor under durability: bytes written to a bare file and synced, one after another.
//!
//! The floor under HTTP is `floor_server.rs`, measured like any scenario by `run.rs`.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::latencies::Latencies;

/// As many sagas share one sync as there are connections in the scenario that is looked at most.
pub(crate) const SAGAS_A_SYNC: u64 = 64;
/// The file of a prepared floor; where it is full, writing begins at its start again.
const PREPARED_BYTES: u64 = 64 * 1024 * 1024;

/// What lies in the file before the bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preparation {
    /// Nothing: the file grows with each write.
    Appended,
    /// Space set aside for it that was never written.
    Preallocated,
    /// Bytes that were written and synced before.
    Overwritten,
}

impl Preparation {
    pub(crate) const ALL: [Self; 3] = [Self::Appended, Self::Preallocated, Self::Overwritten];

    /// The name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Appended => "appended",
            Self::Preallocated => "preallocated",
            Self::Overwritten => "overwritten",
        }
    }
}

/// How often it could be synced.
#[derive(Debug)]
pub(crate) struct Synced {
    pub(crate) count: u64,
    /// Time spent in writing and syncing.
    pub(crate) elapsed: Duration,
    pub(crate) latencies: Latencies,
}

/// Writes that many bytes and syncs the data, over and over for this time, in a file of that folder
/// which is gone afterwards.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn append_and_sync(
    folder: &Path,
    preparation: Preparation,
    bytes_a_sync: u64,
    time: Duration,
) -> io::Result<Synced> {
    let file = tempfile::tempfile_in(folder)?;
    prepare(&file, preparation)?;
    let piece = vec![0x5A; usize::try_from(bytes_a_sync).map_err(io::Error::other)?];
    let mut latencies = Latencies::new().map_err(io::Error::other)?;
    let (mut count, mut offset, mut elapsed) = (0_u64, 0_u64, Duration::ZERO);
    while elapsed < time {
        if offset.saturating_add(bytes_a_sync) > PREPARED_BYTES {
            offset = 0;
            if preparation != Preparation::Overwritten {
                // What was written once is no longer only set aside, nor is it the file's end.
                file.set_len(0)?;
                prepare(&file, preparation)?;
            }
        }
        let before = Instant::now();
        file.write_all_at(&piece, offset)?;
        file.sync_data()?;
        let took = before.elapsed();
        latencies.record(took);
        elapsed = elapsed.saturating_add(took);
        offset = offset.saturating_add(bytes_a_sync);
        count = count.saturating_add(1);
    }
    Ok(Synced { count, elapsed, latencies })
}

fn prepare(mut file: &File, preparation: Preparation) -> io::Result<()> {
    match preparation {
        Preparation::Appended => {}
        Preparation::Preallocated => {
            let flags = rustix::fs::FallocateFlags::empty();
            rustix::fs::fallocate(file, flags, 0, PREPARED_BYTES)?;
        }
        Preparation::Overwritten => {
            let zeros = vec![0; 1024 * 1024];
            let mut written = 0_u64;
            while written < PREPARED_BYTES {
                file.write_all(&zeros)?;
                written = written.saturating_add(1024 * 1024);
            }
        }
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preparation_syncs_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for preparation in Preparation::ALL {
            let time = Duration::from_millis(20);
            let synced = append_and_sync(folder.path(), preparation, 1024, time).unwrap();
            assert!(synced.count > 0, "{preparation:?}");
            assert!(synced.latencies.longest() > Duration::ZERO, "{preparation:?}");
            assert!(synced.elapsed >= time, "{preparation:?}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_floor_goes_on_where_its_file_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = PREPARED_BYTES / 2 + 1;
        for preparation in Preparation::ALL {
            let time = Duration::from_millis(1);
            append_and_sync(folder.path(), preparation, bytes, time).unwrap();
        }
    }
}
