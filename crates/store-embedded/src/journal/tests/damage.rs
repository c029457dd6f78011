//! What rots, what is cut off, what is missing: cut as a torn tail or refused by name, never read as
//! something else.

use proptest::prelude::*;

use super::{append, found, long, open, segments};
use crate::files::Files;
use crate::files::faulty::FaultyFiles;
use crate::journal::AppendError;
use crate::journal::frame::{ALIGNMENT, Frame};

/// Where the frames of a segment begin: after its head.
const HEAD: usize = 4096;

/// A journal with these batches, opened once.
fn journal_of(texts: &[&str]) -> FaultyFiles {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for text in texts {
        append(&mut journal, text).unwrap();
    }
    files
}

/// The frames of a segment: offset and length.
fn frames(files: &FaultyFiles, segment: &str) -> Vec<(usize, usize)> {
    let mut frames = Vec::new();
    files
        .tamper(segment, |bytes| {
            let mut offset = HEAD;
            while let Some(frame) = Frame::read(bytes, offset, |_, _| true) {
                frames.push((offset, frame.bytes()));
                offset += frame.bytes();
            }
        })
        .unwrap();
    frames
}

fn flip(files: &FaultyFiles, segment: &str, byte: usize) {
    files.tamper(segment, |bytes| bytes[byte] ^= 0x10).unwrap();
}

#[test]
fn a_torn_tail_is_cut_and_stays_cut() {
    let files = journal_of(&["one", "two", "three"]);
    let [.., (offset, bytes)] = *frames(&files, "journal-00000001") else { panic!("no frames") };
    files.tamper("journal-00000001", |content| content[offset + bytes / 2..].fill(0)).unwrap();
    assert_eq!(found(&files, 0), "one two");
    let (mut journal, _) = open(&files, 0).unwrap();
    append(&mut journal, "four").unwrap();
    drop(journal);
    assert_eq!(found(&files, 0), "one two four");
    assert_eq!(found(&files, 2), "four");
    assert_eq!(found(&files, 3), "");
}

#[test]
fn a_bad_frame_before_a_good_one_stops_the_start() {
    let places = frames(&journal_of(&["one", "two", "three"]), "journal-00000001");
    for (frame, (offset, bytes)) in places[..2].iter().enumerate() {
        for byte in *offset..offset + bytes {
            let files = journal_of(&["one", "two", "three"]);
            flip(&files, "journal-00000001", byte);
            let said = found(&files, 0);
            let begins = format!("the journal is damaged: journal-00000001, byte {offset}: batch ");
            let is_filling = said == "one two three" && byte >= offset + bytes - (ALIGNMENT - 1);
            assert!(said.starts_with(&begins) || is_filling, "frame {frame}, byte {byte}: {said}");
        }
    }
}

#[test]
fn a_bad_frame_at_the_end_of_a_segment_that_another_follows_stops_the_start() {
    let texts = [long('a'), long('b'), long('c')];
    let files = journal_of(&texts.each_ref().map(String::as_str));
    assert_eq!(segments(&files), ["journal-00000001", "journal-00000002"]);
    let [.., (offset, _)] = *frames(&files, "journal-00000001") else { panic!("no frames") };
    flip(&files, "journal-00000001", offset + 2000);
    assert_eq!(
        found(&files, 0),
        format!(
            "the journal is damaged: journal-00000001, byte {offset}: batch 2 is damaged, but \
             journal-00000002 goes on after 2"
        )
    );
}

#[test]
fn a_segment_given_up_too_early_stops_the_start() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for letter in ['a', 'b', 'c'] {
        append(&mut journal, &long(letter)).unwrap();
    }
    // The database has none of it for good, whatever it shows.
    journal.release(2);
    drop(journal);
    assert_eq!(found(&files, 2), long('c'));
    assert_eq!(
        found(&files.restart(), 0),
        "batches 1 to 2 are lost: they are neither in the database nor in the journal, which goes \
         on with 3 in journal-00000002"
    );
}

#[test]
fn a_missing_segment_stops_the_start() {
    let texts = ['a', 'b', 'c', 'd', 'e'].map(long);
    let files = journal_of(&texts.each_ref().map(String::as_str));
    files.remove("journal-00000002").unwrap();
    let said = found(&files, 0);
    assert!(said.contains("batch 3 is damaged, but journal-00000003 goes on after 4"), "{said}");
    let files = journal_of(&texts.each_ref().map(String::as_str));
    files.remove("journal-00000001").unwrap();
    let said = found(&files, 1);
    assert!(said.starts_with("batches 2 to 2 are lost"), "{said}");
    assert_eq!(found(&files, 2), [long('c'), long('d'), long('e')].join(" "));
}

#[test]
fn a_damaged_head_over_batches_that_are_needed_stops_the_start() {
    let files = journal_of(&["one", "two"]);
    flip(&files, "journal-00000001", 70);
    assert_eq!(
        found(&files, 0),
        "the journal is damaged: journal-00000001, byte 4096: its head is damaged, but batch 1 is \
         whole in it"
    );
    // Not needed any more: it goes, once it is released.
    let (mut journal, batches) = open(&files, 2).unwrap();
    assert!(batches.is_empty());
    append(&mut journal, "three").unwrap();
    assert_eq!(segments(&files).len(), 2);
    journal.release(2);
    assert_eq!(segments(&files), ["journal-00000002"]);
}

#[test]
fn a_database_that_is_ahead_leaves_a_hole_that_is_no_gap() {
    let files = journal_of(&["one", "two"]);
    let (mut journal, batches) = open(&files, 7).unwrap();
    assert!(batches.is_empty());
    assert_eq!(journal.next_number(), 8);
    append(&mut journal, "eight").unwrap();
    files.fail_syncs(1);
    append(&mut journal, "nine, lost").unwrap_err();
    append(&mut journal, "nine").unwrap();
    drop(journal);
    assert_eq!(found(&files, 7), "eight nine");
    let said = found(&files, 6);
    assert!(said.starts_with("batches 7 to 7 are lost"), "{said}");
}

#[test]
fn what_a_file_held_in_its_former_life_is_never_read() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for round in 0..20_u64 {
        for letter in ['a', 'b'] {
            append(&mut journal, &long(letter)).unwrap();
        }
        let last = append(&mut journal, &format!("{round}")).unwrap();
        let files = files.clone();
        assert_eq!(found(&files, last - 1), round.to_string());
        assert_eq!(found(&files, last), "");
        journal.release(last);
    }
    // Files were used again: their number does not grow.
    assert!(segments(&files).len() <= 3, "{:?}", segments(&files));
}

#[test]
fn a_batch_that_failed_never_comes_back() {
    for seed in 0..300 {
        let files = FaultyFiles::new(seed);
        let (mut journal, _) = open(&files, 0).unwrap();
        append(&mut journal, "one").unwrap();
        let is_write = seed % 2 == 0;
        if is_write {
            files.fail_writes(1);
        } else {
            files.fail_syncs(1);
        }
        let lost = append(&mut journal, "lost").unwrap_err();
        assert!(matches!(lost, AppendError::NotWritten(_)), "{lost}");
        drop(journal);
        assert_eq!(found(&files, 0), "one", "seed {seed}");
        assert_eq!(found(&files.restart(), 0), "one", "seed {seed}");
    }
}

#[test]
fn an_unknown_batch_is_settled_by_the_next_one() {
    let mut came_back = 0;
    for seed in 0..300 {
        let files = FaultyFiles::new(seed);
        let (mut journal, _) = open(&files, 0).unwrap();
        append(&mut journal, "one").unwrap();
        // The batch's own sync, and that of the segment that should cut it.
        files.fail_syncs(2);
        let unknown = append(&mut journal, "unknown").unwrap_err();
        assert!(matches!(unknown, AppendError::Unknown(_)), "{unknown}");
        if seed % 2 == 0 {
            let after = found(&files.restart(), 0);
            assert!(["one", "one unknown"].contains(&&*after), "seed {seed}: {after}");
            came_back += usize::from(after != "one");
        } else {
            append(&mut journal, "two").unwrap();
            assert_eq!(found(&files.restart(), 0), "one two", "seed {seed}");
        }
    }
    assert!(came_back > 0);
}

/// A batch whose sync failed is seen by the next program, which hands it on: then it must stay, even
/// though that program's own sync of the same file has nothing to do.
#[test]
fn what_was_handed_out_stays() {
    let mut handed_out = 0;
    for seed in 0..300 {
        let files = FaultyFiles::new(seed);
        let (mut journal, _) = open(&files, 0).unwrap();
        append(&mut journal, "one").unwrap();
        files.fail_syncs(2);
        append(&mut journal, "unknown").unwrap_err();
        drop(journal);
        let before = found(&files, 0);
        assert_eq!(found(&files.restart(), 0), before, "seed {seed}");
        handed_out += usize::from(before == "one unknown");
    }
    assert!(handed_out > 0);
}

/// Three segments: one full, one that was cut after a failure, the last one.
fn sample() -> (FaultyFiles, Vec<String>) {
    let files = FaultyFiles::new(7);
    let (mut journal, _) = open(&files, 0).unwrap();
    let (one, five, six) = ("one".to_owned(), "five".to_owned(), "six".to_owned());
    let texts = [one, long('a'), long('b'), long('c'), five, six, long('d')];
    for text in &texts[..5] {
        append(&mut journal, text).unwrap();
    }
    files.fail_syncs(1);
    append(&mut journal, "lost").unwrap_err();
    for text in &texts[5..] {
        append(&mut journal, text).unwrap();
    }
    drop(journal);
    assert_eq!(found(&files, 0), texts.join(" "));
    assert_eq!(segments(&files).len(), 3);
    (files, texts.into())
}

fn check_damaged(files: &FaultyFiles, texts: &[String]) -> Result<(), TestCaseError> {
    let said = found(files, 0);
    let is_refused = said.contains("damaged") || said.contains("lost:");
    let is_cut = (0..=texts.len()).any(|length| texts[..length].join(" ") == said);
    prop_assert!(is_refused || is_cut, "{said}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_flipped_bit_is_cut_or_refused(file in 0..3_usize, byte in 0..12 * 1024_usize, bit in 0..8_u32) {
        let (files, texts) = sample();
        files.tamper(&segments(&files)[file], |bytes| bytes[byte] ^= 1 << bit).unwrap();
        check_damaged(&files, &texts)?;
    }

    #[test]
    fn bytes_written_over_are_cut_or_refused(
        file in 0..3_usize,
        start in 0..12 * 1024_usize,
        over in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let (files, texts) = sample();
        files.tamper(&segments(&files)[file], |bytes| {
            let end = bytes.len().min(start + over.len());
            bytes[start..end].copy_from_slice(&over[..end - start]);
        }).unwrap();
        check_damaged(&files, &texts)?;
    }

    #[test]
    fn a_file_cut_short_is_refused(file in 0..3_usize, length in HEAD..12 * 1024_usize) {
        let (files, _) = sample();
        let name = segments(&files)[file].clone();
        files.tamper(&name, |bytes| bytes.truncate(length)).unwrap();
        prop_assert_eq!(
            found(&files, 0),
            format!("the journal is damaged: {name}, byte {length}: it ends here, but was made 12288 bytes long")
        );
    }
}
