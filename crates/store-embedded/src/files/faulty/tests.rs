//! The faulty folder is as bad as it says, and no worse.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::{Failures, Faults, FaultyFiles};
use crate::files::{Access, File, Files, read_full_at, write_all_at};

const BEFORE: &[u8] = b"before";
const AFTER: &[u8] = b"after!";

fn content(files: &FaultyFiles) -> Option<Vec<u8>> {
    let file = files.open("a", Access::Read).ok()?;
    let mut content = vec![0; usize::try_from(file.length().unwrap()).unwrap()];
    assert_eq!(read_full_at(&*file, &mut content, 0).unwrap(), content.len());
    Some(content)
}

/// A file that says `before`, durably.
fn with_file(seed: u64) -> (FaultyFiles, std::sync::Arc<dyn File>) {
    let files = FaultyFiles::new(seed);
    let file = files.create("a", 6).unwrap();
    write_all_at(&*file, BEFORE, 0).unwrap();
    file.sync().unwrap();
    files.sync_folder().unwrap();
    (files, file)
}

/// What may be there after a restart, over many seeds.
fn ends(of: impl Fn(u64) -> FaultyFiles) -> BTreeSet<Option<Vec<u8>>> {
    (0..200).map(|seed| content(&of(seed).restart())).collect()
}

#[test]
fn what_was_synced_stays() {
    assert_eq!(ends(|seed| with_file(seed).0), BTreeSet::from([Some(BEFORE.to_vec())]));
}

#[test]
fn what_was_not_synced_stays_whole_in_part_or_not() {
    let ends = ends(|seed| {
        let (files, file) = with_file(seed);
        write_all_at(&*file, AFTER, 0).unwrap();
        assert_eq!(content(&files).unwrap(), AFTER);
        files
    });
    for end in [BEFORE, AFTER, &b"aftere"[..], &b"befor!"[..]] {
        assert!(ends.iter().flatten().any(|found| found == end), "{ends:?}");
    }
    assert!(ends.len() > 5, "{ends:?}");
}

#[test]
fn a_file_whose_folder_was_not_synced_may_be_missing() {
    let ends = ends(|seed| {
        let files = FaultyFiles::new(seed);
        files.create("a", 3).unwrap().sync().unwrap();
        files
    });
    assert_eq!(ends, BTreeSet::from([None, Some(vec![0; 3])]));
}

#[test]
fn a_removal_whose_folder_was_not_synced_may_be_undone() {
    let ends = ends(|seed| {
        let (files, _) = with_file(seed);
        files.remove("a").unwrap();
        files
    });
    assert_eq!(ends, BTreeSet::from([None, Some(BEFORE.to_vec())]));
}

#[test]
fn a_sync_after_one_that_failed_proves_nothing() {
    let ends = ends(|seed| {
        let (files, file) = with_file(seed);
        write_all_at(&*file, AFTER, 0).unwrap();
        files.fail_syncs(1);
        file.sync().unwrap_err();
        file.sync().unwrap();
        files
    });
    assert!(ends.contains(&Some(BEFORE.to_vec())) && ends.contains(&Some(AFTER.to_vec())));
}

#[test]
fn a_failed_sync_may_lose_what_is_seen_as_well() {
    let seen: BTreeSet<_> = (0..200)
        .map(|seed| {
            let (files, file) = with_file(seed);
            write_all_at(&*file, AFTER, 0).unwrap();
            files.fail_syncs(1);
            file.sync().unwrap_err();
            let seen = content(&files).unwrap();
            assert!(seen == AFTER || Some(&seen) == content(&files.restart()).as_ref());
            seen
        })
        .collect();
    assert!(seen.contains(BEFORE) && seen.contains(AFTER), "{seen:?}");
}

#[test]
fn a_failed_sync_of_the_folder_settles_which_files_there_are() {
    let ends = ends(|seed| {
        let (files, _) = with_file(seed);
        files.remove("a").unwrap();
        files.fail_syncs(1);
        files.sync_folder().unwrap_err();
        assert_eq!(files.list().unwrap(), [""; 0]);
        files
    });
    assert_eq!(ends, BTreeSet::from([None, Some(BEFORE.to_vec())]));
}

#[test]
fn what_failed_is_counted_over_restarts() {
    let (files, file) = with_file(1);
    files.fail_syncs(2);
    files.fail_writes(1);
    file.write_at(AFTER, 0).unwrap_err();
    file.sync().unwrap_err();
    files.sync_folder().unwrap_err();
    file.sync().unwrap();
    assert_eq!(files.restart().failures(), Failures { writes: 1, syncs: 2 });
}

#[test]
fn a_swallowed_sync_does_nothing() {
    let ends = ends(|seed| {
        let (files, file) = with_file(seed);
        files.set_faults(Faults { swallowed_syncs: 1000, ..Faults::default() });
        write_all_at(&*file, AFTER, 0).unwrap();
        file.sync().unwrap();
        files
    });
    assert!(ends.contains(&Some(BEFORE.to_vec())));
}

#[test]
fn a_full_disk_takes_what_has_its_room() {
    let (files, file) = with_file(1);
    files.set_room(Some(8));
    write_all_at(&*file, AFTER, 0).unwrap();
    assert_eq!(file.write_at(b"1234", 6).unwrap(), 2);
    assert_eq!(file.write_at(b"34", 8).unwrap_err().kind(), ErrorKind::StorageFull);
    let full = files.create("b", 1).err().map(|error| error.kind());
    assert_eq!(full, Some(ErrorKind::StorageFull));
    assert_eq!(files.list().unwrap(), ["a"]);
}

#[test]
fn after_a_stop_everything_fails_until_the_restart() {
    let (files, file) = with_file(1);
    files.stop_after(1);
    file.length().unwrap();
    file.length().unwrap_err();
    file.sync().unwrap_err();
    files.list().unwrap_err();
    let restarted = files.restart();
    assert_eq!(content(&restarted).unwrap(), BEFORE);
    file.length().unwrap_err();
}

#[test]
fn one_has_it_alone_or_many_together() {
    let (files, writer) = with_file(1);
    let (one, other) =
        (files.open("a", Access::Read).unwrap(), files.open("a", Access::Read).unwrap());
    one.lock_with_others().unwrap();
    other.lock_with_others().unwrap();
    assert!(!writer.try_lock_alone().unwrap());
    drop(one);
    assert!(!writer.try_lock_alone().unwrap());
    other.unlock().unwrap();
    assert!(writer.try_lock_alone().unwrap());
    assert!(one_can_read(&*other));
}

fn one_can_read(file: &dyn File) -> bool {
    file.read_at(&mut [0], 0).is_ok() && file.write_at(b"x", 0).is_err()
}
