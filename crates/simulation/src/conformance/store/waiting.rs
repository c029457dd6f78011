//! Waiting for a record to change: told in time, not told of others, and given up at will.

use std::time::Duration;

use super::decisions::{Append, Change};
use super::kinds::{Card, Mark, card, cause, chain};
use super::stage::{Stage, has_come};
use crate::conformance::case::cases;

cases!(Stage:
    whoever_waits_is_told_of_the_next_version,
    what_has_changed_already_is_told_at_once,
    whoever_waits_is_told_when_the_record_is_made,
    nobody_is_told_of_another_record,
    all_who_wait_are_told,
    whoever_gave_up_is_in_nobodys_way,
    what_is_told_can_be_read,
    an_entry_can_be_waited_for,
);

async fn whoever_waits_is_told_of_the_next_version(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let store = stage.store();
    let mut told = Box::pin(store.changed::<Card>(card("a"), 1));
    assert!(!has_come(&mut told).await, "nothing has changed yet");
    stage.decide(Change::count(card("a"))).await;
    told.await.unwrap();
}

async fn what_has_changed_already_is_told_at_once(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    stage.decide(Change::count(card("a"))).await;
    for seen in [0, 1] {
        stage.store().changed::<Card>(card("a"), seen).await.unwrap();
    }
    let store = stage.store();
    let mut told = Box::pin(store.changed::<Card>(card("a"), 2));
    assert!(!has_come(&mut told).await);
}

async fn whoever_waits_is_told_when_the_record_is_made(stage: &mut Stage) {
    let store = stage.store();
    let mut told = Box::pin(store.changed::<Card>(card("a"), 0));
    assert!(!has_come(&mut told).await);
    stage.make(Card::of("a")).await;
    told.await.unwrap();
}

async fn nobody_is_told_of_another_record(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    stage.make(Card::of("b")).await;
    let store = stage.store();
    let mut told = Box::pin(store.changed::<Card>(card("a"), 1));
    let mut later = Box::pin(store.changed::<Card>(card("b"), 2));
    assert!(!has_come(&mut told).await);
    assert!(!has_come(&mut later).await);
    stage.decide(Change::count(card("b"))).await;
    assert!(!has_come(&mut told).await, "another record has changed");
    assert!(!has_come(&mut later).await, "it waits for version 3");
    stage.decide(Change::count(card("b"))).await;
    later.await.unwrap();
    stage.decide(Change::count(card("a"))).await;
    told.await.unwrap();
}

async fn all_who_wait_are_told(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let store = stage.store();
            tokio::spawn(async move { store.changed::<Card>(card("a"), 1 + number % 3).await })
        })
        .collect();
    for _ in 0..3 {
        stage.decide(Change::count(card("a"))).await;
    }
    for one in waiting {
        one.await.unwrap().unwrap();
    }
}

async fn whoever_gave_up_is_in_nobodys_way(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let store = stage.store();
    for _ in 0..100 {
        let mut given_up = Box::pin(store.changed::<Card>(card("a"), 1));
        assert!(!has_come(&mut given_up).await);
    }
    let mut told = Box::pin(store.changed::<Card>(card("a"), 1));
    assert!(!has_come(&mut told).await);
    let none = tokio::time::timeout(Duration::from_millis(1), &mut told).await;
    assert!(none.is_err(), "nothing has changed yet");
    stage.decide(Change::count(card("a"))).await;
    told.await.unwrap();
    assert_eq!(stage.card(card("a")).await.version, 2);
}

async fn what_is_told_can_be_read(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let store = stage.store();
    let reader = tokio::spawn(async move {
        let mut seen = 1;
        while seen < 40 {
            store.changed::<Card>(card("a"), seen).await.unwrap();
            let found = store.get::<Card>(card("a")).await.unwrap().unwrap();
            assert!(found.version > seen, "told of a version that cannot be read");
            seen = found.version;
        }
    });
    for _ in 0..39 {
        stage.decide(Change::count(card("a"))).await;
    }
    reader.await.unwrap();
}

async fn an_entry_can_be_waited_for(stage: &mut Stage) {
    let append = |by| Append::to(chain("a"), cause(by), 1);
    stage.decide(append("one")).await;
    let store = stage.store();
    let mut told = Box::pin(store.changed::<Mark>((chain("a"), 1), 0));
    assert!(!has_come(&mut told).await);
    stage.decide(append("two")).await;
    told.await.unwrap();
}
