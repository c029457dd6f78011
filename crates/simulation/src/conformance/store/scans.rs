//! Scans: every record of a kind, once.

use std::collections::{BTreeMap, VecDeque};

use kernel::store::ScanPlace;
use kernel::{AnyRecord, Key, Kind, Record, Stored};

use super::decisions::{Append, Create};
use super::kinds::{Card, Mark, Slip, cause, chain};
use super::stage::Stage;
use crate::conformance::case::cases;

cases!(Stage:
    a_scan_of_nothing_is_empty,
    a_scan_finds_every_record_once,
    a_scan_keeps_the_entries_of_a_chain_together,
    a_scan_shows_what_was_acknowledged,
    what_is_read_in_parts_is_read_once,
);

async fn scan(stage: &Stage, kind: &'static Kind, limit: usize) -> Vec<Stored> {
    let mut found = Vec::new();
    let mut after: Option<ScanPlace> = None;
    loop {
        let store = stage.store();
        let piece = store.port().scan(kind, after.take(), limit).await.unwrap();
        assert!(piece.rows.len() <= limit);
        found.extend(piece.rows.into_iter().map(|row| row.unwrap()));
        after = piece.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn a_scan_of_nothing_is_empty(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    assert!(scan(stage, Slip::KIND, 10).await.is_empty());
    assert!(scan(stage, Mark::KIND, 10).await.is_empty());
}

async fn a_scan_finds_every_record_once(stage: &mut Stage) {
    let mut made: Vec<_> = (0..50).map(|number| Card::of(&format!("card-{number}"))).collect();
    stage.decide(Create::all(made.clone())).await.unwrap();
    stage.decide(Append::to(chain("a"), cause("one"), 1)).await;
    made.sort_by_key(|card| card.card_id);
    for limit in [1, 7, 25, 50, 51] {
        let found = scan(stage, Card::KIND, limit).await;
        let mut found: Vec<_> =
            found.iter().map(|stored| Card::clone(&stored.downcast::<Card>().unwrap())).collect();
        found.sort_by_key(|card| card.card_id);
        assert_eq!(found, made, "in pieces of {limit}");
    }
}

async fn a_scan_keeps_the_entries_of_a_chain_together(stage: &mut Stage) {
    // More than nine: numbers are not in the order of their text.
    for number in 0..12 {
        for name in ["a", "b", "c"] {
            stage.decide(Append::to(chain(name), cause(&number.to_string()), 1)).await;
        }
    }
    for limit in [1, 4, 100] {
        let mut chains = BTreeMap::new();
        let mut last = None;
        for stored in scan(stage, Mark::KIND, limit).await {
            let mark = stored.downcast::<Mark>().unwrap();
            let is_new = chains.insert(mark.account_id, mark.sequence).is_none();
            match last {
                Some((of, sequence)) if of == mark.account_id => {
                    assert_eq!(mark.sequence, sequence + 1);
                }
                _ => assert!(is_new && mark.sequence == 0, "{:?} comes apart", mark.key()),
            }
            last = Some((mark.account_id, mark.sequence));
        }
        assert_eq!(chains.into_values().collect::<Vec<_>>(), [11, 11, 11]);
    }
}

async fn a_scan_shows_what_was_acknowledged(stage: &mut Stage) {
    for number in 1..=30 {
        stage.make(Card::of(&format!("card-{number}"))).await;
        assert_eq!(scan(stage, Card::KIND, 100).await.len(), number);
    }
}

/// All parts of a stage take turns, as whoever reads them at once may find them.
async fn what_is_read_in_parts_is_read_once(stage: &mut Stage) {
    let cards: Vec<_> = (0..40).map(|number| Card::of(&format!("card-{number}"))).collect();
    stage.decide(Create::all(cards.clone())).await.unwrap();
    let chains: Vec<_> = (0..12).map(|number| chain(&format!("chain-{number}"))).collect();
    for number in 0..3 {
        for chain in &chains {
            stage.decide(Append::to(*chain, cause(&format!("{chain:?}{number}")), 1)).await;
        }
    }
    for limit in [1, 7, 1000] {
        let (mut found, mut last) = (Vec::new(), BTreeMap::new());
        let store = stage.store();
        for (number, parts) in
            store.port().stages(&[Mark::KIND, Card::KIND]).into_iter().enumerate()
        {
            let mut parts: VecDeque<_> =
                parts.into_iter().enumerate().map(|(of, part)| (of, part, None)).collect();
            while let Some((of, part, after)) = parts.pop_front() {
                let piece = store.port().scan_part(&part, after, limit).await.unwrap();
                for stored in piece.rows.into_iter().map(|row| row.unwrap()) {
                    let key = stored.record.key();
                    if let Some(mark) = stored.downcast::<Mark>() {
                        let follows = last.insert((number, of), (mark.account_id, mark.sequence));
                        let same = follows.filter(|(chain, _)| *chain == mark.account_id);
                        assert_eq!(mark.sequence, same.map_or(0, |(_, before)| before + 1));
                    }
                    found.push((stored.record.kind().name, key));
                }
                if piece.next.is_some() {
                    parts.push_back((of, part, piece.next));
                }
            }
        }
        found.sort_unstable();
        let marks = chains.iter().flat_map(|chain| {
            (0..3).map(|sequence| (Mark::KIND.name, Key::entry(*chain, sequence)))
        });
        let cards = cards.iter().map(|card| (Card::KIND.name, Key::id(card.card_id)));
        let mut made: Vec<_> = marks.chain(cards).collect();
        made.sort_unstable();
        assert_eq!(found, made, "in pieces of {limit}");
    }
}
