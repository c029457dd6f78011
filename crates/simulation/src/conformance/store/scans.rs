//! Scans: every record of a kind, once.

use std::collections::BTreeMap;

use kernel::store::ScanPlace;
use kernel::{AnyRecord, Kind, Record, Stored};

use super::decisions::{Append, Create};
use super::kinds::{Card, Mark, Slip, cause, chain};
use super::stage::Stage;
use crate::conformance::case::cases;

cases!(Stage:
    a_scan_of_nothing_is_empty,
    a_scan_finds_every_record_once,
    a_scan_keeps_the_entries_of_a_chain_together,
    a_scan_shows_what_was_acknowledged,
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
    for number in 0..6 {
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
        assert_eq!(chains.into_values().collect::<Vec<_>>(), [5, 5, 5]);
    }
}

async fn a_scan_shows_what_was_acknowledged(stage: &mut Stage) {
    for number in 1..=30 {
        stage.make(Card::of(&format!("card-{number}"))).await;
        assert_eq!(scan(stage, Card::KIND, 100).await.len(), number);
    }
}
