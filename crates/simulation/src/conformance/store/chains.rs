//! Chains: the head, the entry of a cause, and what is said again below the head.

use std::time::Duration;

use kernel::store::{Order, Place, Query};
use kernel::{ChainId, Context, GoalId, Id, Key, LoanId, Time, WalletId};

use super::decisions::{Append, Appended};
use super::kinds::{Mark, card, cause, chain, wallet};
use super::stage::{Stage, check, entries, request};
use crate::conformance::case::cases;

cases!(Stage:
    a_chain_that_was_never_begun_has_no_head,
    each_entry_stands_after_the_head,
    a_cause_is_booked_once,
    a_cause_is_found_where_it_was_booked_at_the_bound,
    a_cause_belongs_to_its_chain,
    chains_of_all_kinds_stand_apart,
    an_old_entry_is_said_again_below_the_head,
    a_refused_entry_leaves_the_head,
    a_long_chain_is_searched_to_its_beginning,
    entries_are_listed_by_their_sequence,
    an_entry_is_found_by_its_key,
);

async fn append(stage: &Stage, name: &str, by: &str, change: i64) -> Appended {
    stage.decide(Append::to(chain(name), cause(by), change)).await
}

/// Every entry: sequence, total after it, version.
async fn line(stage: &Stage, of: ChainId) -> String {
    let marks = stage.marks(of).await;
    let marks =
        marks.iter().map(|mark| format!("{}={}v{}", mark.sequence, mark.total, mark.version));
    marks.collect::<Vec<_>>().join(" ")
}

async fn a_chain_that_was_never_begun_has_no_head(stage: &mut Stage) {
    append(stage, "other", "start", 1).await;
    assert!(stage.head(chain("a")).await.is_none());
    assert!(stage.store().caused::<Mark>(chain("a"), cause("start")).await.unwrap().is_none());
    check(line(stage, chain("a")).await, "");
}

async fn each_entry_stands_after_the_head(stage: &mut Stage) {
    for (sequence, total) in (0..20_u64).zip(1..) {
        let appended = append(stage, "a", &sequence.to_string(), 1).await;
        assert_eq!(appended, Appended::New { sequence, total });
        let head = stage.head(chain("a")).await.unwrap();
        assert_eq!((head.sequence, head.total, head.version), (sequence, total, 1));
    }
}

async fn a_cause_is_booked_once(stage: &mut Stage) {
    assert_eq!(append(stage, "a", "one", 5).await, Appended::New { sequence: 0, total: 5 });
    assert_eq!(append(stage, "a", "one", 5).await, Appended::Again { sequence: 0 });
    assert_eq!(append(stage, "a", "two", 1).await, Appended::New { sequence: 1, total: 6 });
    assert_eq!(append(stage, "a", "one", 9).await, Appended::Again { sequence: 0 });
    check(line(stage, chain("a")).await, "0=5v3 1=6v1");
    let found = stage.store().caused::<Mark>(chain("a"), cause("one")).await.unwrap().unwrap();
    assert_eq!((found.sequence, found.version), (0, 3));
    assert!(stage.store().caused::<Mark>(chain("a"), cause("none")).await.unwrap().is_none());
}

/// An entry is booked no earlier than its cause, so the search may end there, and not before.
async fn a_cause_is_found_where_it_was_booked_at_the_bound(stage: &mut Stage) {
    let start = stage.store().now();
    let at = |seconds: u64| Context {
        not_before: start.plus(Duration::from_secs(100 + seconds)),
        ..request()
    };
    for (name, seconds) in [("one", 0), ("two", 1), ("three", 1), ("four", 2)] {
        let append = Append::to(chain("a"), cause(name), 1);
        stage.store().decide(append, at(seconds)).await.unwrap();
    }
    for (name, sequence) in [("one", 0), ("two", 1), ("three", 2), ("four", 3)] {
        let mark = stage.store().caused::<Mark>(chain("a"), cause(name)).await.unwrap().unwrap();
        assert_eq!(mark.sequence, sequence);
        for not_before in
            [mark.booked_at, mark.booked_at.minus(Duration::from_micros(1)), Time::MIN]
        {
            let again = Append::to(chain("a"), cause(name), 1).not_before(not_before);
            assert_eq!(stage.decide(again).await, Appended::Again { sequence }, "{name}");
        }
    }
    let fresh =
        Append::to(chain("a"), cause("five"), 1).not_before(start.plus(Duration::from_secs(200)));
    let appended = stage.store().decide(fresh, at(100)).await.unwrap();
    assert_eq!(appended, Appended::New { sequence: 4, total: 5 });
}

async fn a_cause_belongs_to_its_chain(stage: &mut Stage) {
    append(stage, "a", "one", 5).await;
    assert_eq!(append(stage, "b", "one", 7).await, Appended::New { sequence: 0, total: 7 });
    assert_eq!(append(stage, "a", "one", 5).await, Appended::Again { sequence: 0 });
    check(line(stage, chain("a")).await, "0=5v2");
    check(line(stage, chain("b")).await, "0=7v1");
}

async fn chains_of_all_kinds_stand_apart(stage: &mut Stage) {
    let chains: [ChainId; 3] =
        [WalletId::from_uuid(9).into(), GoalId::from_uuid(9).into(), LoanId::from_uuid(9).into()];
    for (of, total) in chains.into_iter().zip(1..) {
        let appended = stage.decide(Append::to(of, cause("one"), total)).await;
        assert_eq!(appended, Appended::New { sequence: 0, total });
    }
    for (of, total) in chains.into_iter().zip(1..) {
        assert_eq!(stage.head(of).await.unwrap().total, total);
        assert_eq!(stage.marks(of).await.len(), 1);
    }
}

async fn an_old_entry_is_said_again_below_the_head(stage: &mut Stage) {
    let first = Append::to(chain("a"), cause("one"), 5).about(card("a"));
    stage.decide(first).await;
    append(stage, "a", "two", 1).await;
    append(stage, "a", "three", 1).await;
    for version in 2..5 {
        assert_eq!(stage.decide(first).await, Appended::Again { sequence: 0 });
        let head = stage.head(chain("a")).await.unwrap();
        assert_eq!((head.sequence, head.total, head.version), (2, 7, 1), "the head is the newest");
        let old = stage.store().get::<Mark>((chain("a"), 0)).await.unwrap().unwrap();
        assert_eq!((old.version, old.said.len(), old.total), (version, 1, 5));
    }
    assert_eq!(append(stage, "a", "four", 1).await, Appended::New { sequence: 3, total: 8 });
    check(line(stage, chain("a")).await, "0=5v4 1=6v1 2=7v1 3=8v1");
    let said = stage.said(card("a")).await;
    assert_eq!(said.len(), 4, "once and three times again");
    assert!(said.iter().all(|event| *event == said[0]), "{said:#?}");
}

async fn a_refused_entry_leaves_the_head(stage: &mut Stage) {
    append(stage, "a", "one", 5).await;
    assert_eq!(append(stage, "a", "two", -6).await, Appended::Refused { total: 5 });
    assert_eq!(append(stage, "a", "two", -5).await, Appended::New { sequence: 1, total: 0 });
    assert_eq!(append(stage, "a", "three", -1).await, Appended::Refused { total: 0 });
    check(line(stage, chain("a")).await, "0=5v1 1=0v1");
}

async fn a_long_chain_is_searched_to_its_beginning(stage: &mut Stage) {
    const LENGTH: u64 = 300;
    for number in 0..LENGTH {
        append(stage, "a", &number.to_string(), 1).await;
    }
    for sequence in [0, 1, LENGTH / 2, LENGTH - 1] {
        let again = append(stage, "a", &sequence.to_string(), 1).await;
        assert_eq!(again, Appended::Again { sequence });
    }
    assert_eq!(stage.marks(chain("a")).await.len(), usize::try_from(LENGTH).unwrap());
}

async fn entries_are_listed_by_their_sequence(stage: &mut Stage) {
    for number in 0..12 {
        append(stage, "a", &number.to_string(), 1).await;
        append(stage, "b", &number.to_string(), 1).await;
    }
    let list = async |query: Query| {
        let marks = stage.store().list::<Mark>(query).await.unwrap();
        let numbers = marks.iter().map(|mark| mark.sequence.to_string());
        numbers.collect::<Vec<_>>().join(" ")
    };
    let all = || entries(chain("a"));
    check(list(all()).await, "0 1 2 3 4 5 6 7 8 9 10 11");
    check(list(Query { from: Some(3), to: Some(6), ..all() }).await, "3 4 5");
    check(list(Query { from: Some(12), ..all() }).await, "");
    let newest = Query { order: Order::NewestFirst, limit: 3, ..all() };
    check(list(newest.clone()).await, "11 10 9");
    let place = |sequence| {
        let sort = i64::try_from(sequence).unwrap();
        Some(Place { sort, key: Key::entry(chain("a"), sequence) })
    };
    check(list(Query { after: place(9), ..newest }).await, "8 7 6");
    check(list(Query { after: place(9), ..all() }).await, "10 11");
}

async fn an_entry_is_found_by_its_key(stage: &mut Stage) {
    append(stage, "a", "one", 5).await;
    append(stage, "a", "two", 6).await;
    let get = async |sequence| stage.store().get::<Mark>((chain("a"), sequence)).await.unwrap();
    assert_eq!(get(0).await.unwrap().total, 5);
    assert_eq!(get(1).await.unwrap().total, 11);
    assert!(get(2).await.is_none());
    let other = (wallet("b").into(), 0);
    assert!(stage.store().get::<Mark>(other).await.unwrap().is_none());
}
