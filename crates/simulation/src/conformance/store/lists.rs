//! Lists by an index: what is in them, in which order, and piece by piece.

use kernel::record::Shard;
use kernel::store::{Order, Place, Query};
use kernel::{Id, Key, PaymentId, Record, Time};

use super::decisions::Create;
use super::kinds::{Card, Mark, card, cause, chain};
use super::stage::{Stage, by, check, shelf};
use crate::conformance::case::cases;
use crate::conformance::store::decisions::Append;

cases!(Stage:
    a_list_has_what_is_in_its_partition,
    a_list_comes_in_the_order_of_its_sort_column,
    bounds_include_the_first_and_exclude_the_last,
    what_is_equal_comes_in_the_order_of_its_keys,
    a_list_goes_on_after_a_place,
    a_list_goes_on_while_records_are_added,
    what_lacks_a_column_is_in_no_list,
    what_changes_moves_in_the_list,
    a_list_shows_the_record_as_it_is,
    shards_hold_each_open_record_once,
    entries_are_listed_by_an_index,
    a_list_shows_what_was_acknowledged,
    whoever_wrote_sees_it_in_the_list,
);

async fn place_cards(stage: &Stage, cards: &[(&str, &str, i64)]) {
    let cards = cards.iter().map(|(name, shelf, rank)| Card::of(name).at(shelf, *rank));
    stage.decide(Create::all(cards)).await.unwrap();
}

fn newest(query: Query) -> Query {
    Query { order: Order::NewestFirst, ..query }
}

async fn a_list_has_what_is_in_its_partition(stage: &mut Stage) {
    place_cards(stage, &[("a", "one", 1), ("b", "two", 1), ("c", "one", 2)]).await;
    check(stage.titles(shelf("one")).await, "a c");
    check(stage.titles(shelf("two")).await, "b");
    check(stage.titles(shelf("three")).await, "");
}

async fn a_list_comes_in_the_order_of_its_sort_column(stage: &mut Stage) {
    let ranks =
        [("d", 7), ("a", i64::MIN), ("f", i64::MAX), ("c", 0), ("b", -3), ("e", 1_000_000_000_000)];
    let cards: Vec<_> = ranks.iter().map(|(name, rank)| (*name, "one", *rank)).collect();
    place_cards(stage, &cards).await;
    check(stage.titles(shelf("one")).await, "a b c d e f");
    check(stage.titles(newest(shelf("one"))).await, "f e d c b a");
    check(stage.titles(Query { limit: 2, ..shelf("one") }).await, "a b");
    check(stage.titles(newest(Query { limit: 2, ..shelf("one") })).await, "f e");
}

async fn bounds_include_the_first_and_exclude_the_last(stage: &mut Stage) {
    place_cards(stage, &[("a", "s", 1), ("b", "s", 2), ("c", "s", 3), ("d", "s", 4)]).await;
    let between = |from, to| Query { from, to, ..shelf("s") };
    for (from, to, expected) in [
        (None, None, "a b c d"),
        (Some(2), None, "b c d"),
        (None, Some(2), "a"),
        (Some(2), Some(4), "b c"),
        (Some(2), Some(2), ""),
        (Some(3), Some(1), ""),
        (Some(5), None, ""),
        (Some(i64::MIN), Some(i64::MAX), "a b c d"),
    ] {
        check(stage.titles(between(from, to)).await, expected);
        let backwards: Vec<_> = expected.rsplit(' ').collect();
        check(stage.titles(newest(between(from, to))).await, &backwards.join(" "));
    }
}

/// Ten cards of three ranks; their titles in the order of rank and key.
async fn ties(stage: &Stage) -> Vec<String> {
    let mut cards: Vec<_> =
        (0..10_i64).map(|number| Card::of(&format!("t{number}")).at("ties", number % 3)).collect();
    stage.decide(Create::all(cards.clone())).await.unwrap();
    cards.sort_by_key(|card| (card.rank, card.card_id));
    cards.into_iter().map(|card| card.title).collect()
}

async fn what_is_equal_comes_in_the_order_of_its_keys(stage: &mut Stage) {
    let mut expected = ties(stage).await;
    check(stage.titles(shelf("ties")).await, &expected.join(" "));
    expected.reverse();
    check(stage.titles(newest(shelf("ties"))).await, &expected.join(" "));
}

/// The whole list, piece by piece.
async fn in_pieces(stage: &Stage, query: Query) -> String {
    let mut titles = Vec::new();
    let mut after = query.after;
    loop {
        let piece = Query { after, ..query.clone() };
        let cards = stage.store().list::<Card>(piece).await.unwrap();
        assert!(cards.len() <= query.limit);
        titles.extend(cards.iter().map(|card| card.title.clone()));
        match cards.last() {
            Some(last) if cards.len() == query.limit => {
                after = Some(Place { sort: last.rank.unwrap(), key: Key::id(last.card_id) });
            }
            Some(_) | None => return titles.join(" "),
        }
    }
}

async fn a_list_goes_on_after_a_place(stage: &mut Stage) {
    let mut expected = ties(stage).await;
    for limit in 1..=11 {
        check(in_pieces(stage, Query { limit, ..shelf("ties") }).await, &expected.join(" "));
    }
    expected.reverse();
    for limit in 1..=11 {
        check(
            in_pieces(stage, newest(Query { limit, ..shelf("ties") })).await,
            &expected.join(" "),
        );
    }
    // A place need not be that of a record, and bounds hold beside it.
    let gap = Place { sort: 1, key: Key::id(PaymentId::from_uuid(u128::MAX)) };
    let rest = Query { after: Some(gap), to: Some(3), ..shelf("ties") };
    let ranks = stage.store().list::<Card>(rest).await.unwrap();
    assert!(ranks.iter().all(|card| card.rank == Some(2)) && ranks.len() == 3);
}

async fn a_list_goes_on_while_records_are_added(stage: &mut Stage) {
    place_cards(stage, &[("c", "s", 30), ("b", "s", 20), ("a", "s", 10)]).await;
    let first = stage.store().list::<Card>(newest(Query { limit: 2, ..shelf("s") })).await.unwrap();
    let last = first.last().unwrap();
    let place = Place { sort: last.rank.unwrap(), key: Key::id(last.card_id) };
    place_cards(stage, &[("d", "s", 40), ("between", "s", 25), ("below", "s", 5)]).await;
    let rest = newest(Query { after: Some(place), ..shelf("s") });
    check(stage.titles(rest).await, "a below");
}

async fn what_lacks_a_column_is_in_no_list(stage: &mut Stage) {
    place_cards(stage, &[("a", "s", 1)]).await;
    let no_rank = Card { rank: None, ..Card::of("no-rank").at("s", 1) };
    let no_shelf = Card { shelf: None, ..Card::of("no-shelf").at("s", 1) };
    stage.decide(Create::all([no_rank, no_shelf, Card::of("neither")])).await.unwrap();
    check(stage.titles(shelf("s")).await, "a");
}

async fn what_changes_moves_in_the_list(stage: &mut Stage) {
    place_cards(stage, &[("a", "s", 1), ("b", "s", 2), ("c", "s", 3)]).await;
    stage.change(card("a"), |card| card.clone().at("s", 9)).await;
    check(stage.titles(shelf("s")).await, "b c a");
    stage.change(card("b"), |card| card.clone().at("other", 2)).await;
    check(stage.titles(shelf("s")).await, "c a");
    check(stage.titles(shelf("other")).await, "b");
    stage.change(card("c"), |card| Card { rank: None, ..card.clone() }).await;
    check(stage.titles(shelf("s")).await, "a");
    stage.change(card("a"), |card| Card { shelf: None, ..card.clone() }).await;
    check(stage.titles(shelf("s")).await, "");
    stage.change(card("c"), |card| card.clone().at("s", 1)).await;
    check(stage.titles(shelf("s")).await, "c");
}

async fn a_list_shows_the_record_as_it_is(stage: &mut Stage) {
    place_cards(stage, &[("a", "s", 1)]).await;
    for version in 2..6 {
        stage.change(card("a"), |card| card.clone().with_count(card.count + 1)).await;
        let found = stage.store().list::<Card>(shelf("s")).await.unwrap();
        let here = stage.card(card("a")).await;
        assert_eq!((found[0].version, found[0].count), (version, version - 1));
        assert_eq!((&found[0].record, &found[0].said), (&here.record, &here.said));
    }
}

async fn shards_hold_each_open_record_once(stage: &mut Stage) {
    let card_of = |number: i64| {
        let card = Card::of(&format!("open-{number}"));
        let (open, due_at) = (Some(Shard::of(card.card_id)), Some(Time::from_micros(number)));
        if number % 4 == 0 { card } else { Card { open, due_at, ..card } }
    };
    let cards: Vec<_> = (0..80).map(card_of).collect();
    stage.decide(Create::all(cards.clone())).await.unwrap();
    let mut found = Vec::new();
    for shard in Shard::all() {
        let query = by("open", &shard, Card::KIND);
        let here = stage.store().list::<Card>(query).await.unwrap();
        assert!(here.iter().all(|card| card.open == Some(shard)));
        assert!(here.is_sorted_by_key(|card| card.due_at));
        found.extend(here.iter().map(|card| Card::clone(card)));
    }
    found.sort_by_key(|card| card.due_at);
    let open: Vec<_> = cards.into_iter().filter(|card| card.open.is_some()).collect();
    assert_eq!(found, open);
}

async fn entries_are_listed_by_an_index(stage: &mut Stage) {
    for (of, by, about) in [("x", "1", "a"), ("y", "2", "a"), ("x", "3", "b"), ("x", "4", "a")] {
        stage.decide(Append::to(chain(of), cause(by), 1).about(card(about))).await;
    }
    let about_a = by("by_card", &card("a"), Mark::KIND);
    let marks = stage.store().list::<Mark>(about_a).await.unwrap();
    let mut found: Vec<_> = marks.iter().map(|mark| (mark.account_id, mark.sequence)).collect();
    found.sort_unstable();
    let mut expected = [(chain("x"), 0), (chain("x"), 2), (chain("y"), 0)];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(marks.is_sorted_by_key(|mark| (mark.booked_at, mark.account_id, mark.sequence)));
}

async fn a_list_shows_what_was_acknowledged(stage: &mut Stage) {
    for number in 0..100_i64 {
        let name = format!("n{number}");
        place_cards(stage, &[(&name, "s", number)]).await;
        let last = stage.titles(newest(Query { limit: 1, ..shelf("s") })).await;
        check(last, &name);
    }
}

async fn whoever_wrote_sees_it_in_the_list(stage: &mut Stage) {
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let store = stage.store();
            tokio::spawn(async move {
                let own = format!("writer-{writer}");
                for rank in 0..10 {
                    let card = Card::of(&format!("{own}-{rank}")).at(&own, rank);
                    let card_id = card.card_id;
                    let made = store.decide(Create::one(card), super::stage::request()).await;
                    made.unwrap().unwrap();
                    assert!(store.get::<Card>(card_id).await.unwrap().is_some());
                    let seen = store.list::<Card>(shelf(&own)).await.unwrap();
                    assert_eq!(i64::try_from(seen.len()).unwrap(), rank + 1);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}
