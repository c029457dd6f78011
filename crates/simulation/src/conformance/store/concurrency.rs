//! Many at once: decisions on one record or one chain are all made, one after another, and nobody
//! sees half of one.

use std::collections::HashSet;

use kernel::EventKind;

use super::decisions::{Append, Appended, Change, Create, Move, Sum, WasThere};
use super::kinds::{Card, card, cause, chain};
use super::stage::{Stage, request};
use crate::conformance::case::cases;

cases!(Stage:
    no_change_of_one_record_is_lost,
    no_entry_of_one_chain_is_lost,
    one_of_many_makes_the_record,
    one_of_many_books_the_cause,
    no_more_is_taken_than_there_is,
    nobody_sees_half_a_decision,
    sagas_run_beside_each_other,
);

async fn no_change_of_one_record_is_lost(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let seen = stage.at_once((0..200).map(|_| Change::count(card("a")))).await;
    let versions: HashSet<_> = seen.iter().map(|known| known.as_ref().unwrap().version).collect();
    assert_eq!(versions.len(), 200, "two decisions changed one version");
    let found = stage.card(card("a")).await;
    assert_eq!((found.version, found.count), (201, 200));
}

async fn no_entry_of_one_chain_is_lost(stage: &mut Stage) {
    let appends = (0..200).map(|number| Append::to(chain("a"), cause(&number.to_string()), 1));
    let mut sequences: Vec<_> = stage
        .at_once(appends)
        .await
        .into_iter()
        .map(|appended| {
            let Appended::New { sequence, .. } = appended else { panic!("{appended:?}") };
            sequence
        })
        .collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (0..200).collect::<Vec<_>>());
    let totals: Vec<_> = stage.marks(chain("a")).await.iter().map(|mark| mark.total).collect();
    assert_eq!(totals, (1..=200).collect::<Vec<_>>());
}

async fn one_of_many_makes_the_record(stage: &mut Stage) {
    let creates = (0..50).map(|number| Create::one(Card::of("a").with_count(number)));
    let outcomes = stage.at_once(creates).await;
    let made: Vec<_> = (0..50_u64).zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).collect();
    let [(number, _)] = made[..] else { panic!("made {} times", made.len()) };
    let others = outcomes.iter().filter(|outcome| **outcome == Err(WasThere(card("a"))));
    assert_eq!(others.count(), 49);
    assert_eq!(stage.card(card("a")).await.count, number, "another's record");
}

async fn one_of_many_books_the_cause(stage: &mut Stage) {
    for round in 0..20 {
        // The first and the last of a chain: what made it is said again at once, perhaps together.
        let of = chain(&format!("round-{}", round / 2));
        let by = cause(&round.to_string());
        let outcomes = stage.at_once((0..20).map(|_| Append::to(of, by, 5))).await;
        let new = outcomes.iter().filter(|one| matches!(one, Appended::New { .. }));
        assert_eq!(new.count(), 1);
        let marks = stage.marks(of).await;
        let last = marks.last().unwrap();
        assert_eq!((marks.len(), last.version), (1 + round % 2, 20));
        assert_eq!(stage.head(of).await.unwrap().record, last.record);
    }
}

async fn no_more_is_taken_than_there_is(stage: &mut Stage) {
    stage.decide(Append::to(chain("a"), cause("start"), 100)).await;
    let takes = (0..200).map(|number| Append::to(chain("a"), cause(&number.to_string()), -1));
    let outcomes = stage.at_once(takes).await;
    let refused = outcomes.iter().filter(|one| **one == Appended::Refused { total: 0 });
    assert_eq!(refused.count(), 100);
    let head = stage.head(chain("a")).await.unwrap();
    assert_eq!((head.total, head.sequence), (0, 100));
}

async fn nobody_sees_half_a_decision(stage: &mut Stage) {
    let names = ["a", "b", "c", "d"];
    stage.decide(Create::all(names.map(|name| Card::of(name).with_count(100)))).await.unwrap();
    let moving: Vec<_> = (0..8_usize)
        .map(|mover| {
            let store = stage.store();
            tokio::spawn(async move {
                for round in 0..25_usize {
                    let (from, to) = (mover + round, mover + round * 2 + 1);
                    let (from, to) = (names[from % 4], names[to % 4]);
                    if from != to {
                        let moves = Move { from: card(from), to: card(to), count: 3 };
                        store.decide(moves, request()).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for _ in 0..50 {
        assert_eq!(stage.decide(Sum(names.map(card).to_vec())).await, 400);
    }
    for one in moving {
        one.await.unwrap();
    }
    assert_eq!(stage.decide(Sum(names.map(card).to_vec())).await, 400);
}

async fn sagas_run_beside_each_other(stage: &mut Stage) {
    let names: Vec<_> = (0..60).map(|number| format!("card-{number}")).collect();
    let asks = names.iter().map(|name| {
        // Three chains hear of twenty cards each.
        let hears = Card::of(&format!("hears-{}", name.len() % 3)).wallet_id;
        let card = Card { wallet_id: hears, ..Card::of(name) };
        Create::one(card).saying(EventKind::PaymentVoidRequested)
    });
    for outcome in stage.at_once(asks).await {
        outcome.unwrap();
    }
    stage.settle().await;
    for name in &names {
        assert!(stage.card(card(name)).await.closed_by.is_some(), "{name} was not answered");
    }
    let mut total = 0;
    for name in ["hears-0", "hears-1", "hears-2"] {
        total += stage.head(chain(name)).await.map_or(0, |head| head.total);
    }
    assert_eq!(total, 60);
}
