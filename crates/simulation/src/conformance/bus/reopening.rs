//! What was heard is not heard again after the store was opened again, and what was not heard is.

use std::collections::HashSet;
use std::time::Duration;

use kernel::Topic;

use super::ear::{Does, Ear};
use super::stage::{FIRST_WAIT, Stage, listener};
use crate::conformance::case::cases;

cases!(Stage:
    cursors_stay_where_they_were,
    what_waits_to_be_tried_again_still_does,
    a_listener_that_had_not_answered_is_asked_again,
    dead_letters_are_still_there,
    a_new_subscriber_hears_what_is_said_from_now_on,
    a_subscriber_that_was_away_hears_what_it_missed,
);

async fn cursors_stay_where_they_were(stage: &mut Stage) {
    let mut asked = Vec::new();
    for name in ["a", "b", "c"] {
        asked.push(stage.ask(name).await);
    }
    stage.ear.until(6).await;
    for event in &asked {
        stage.until_delivery(*event, "ear", "DELIVERED 1").await;
    }
    for name in ["a", "b", "c"] {
        let voided = stage.said(name).await[1].id;
        stage.until_delivery(voided, "ear", "DELIVERED 1").await;
    }
    stage.reopen().await;
    let next = stage.ask("d").await;
    stage.until_delivery(next, "ear", "DELIVERED 1").await;
    stage.ear.until(8).await;
    let heard = stage.ear.heard();
    for event in asked {
        assert_eq!(heard.iter().filter(|id| **id == event).count(), 1);
        assert_eq!(stage.delivery(event, "book_mark").await, "DELIVERED 1");
    }
    assert_eq!(stage.marks("a").await, 1);
    assert_eq!(stage.card("a").await.version, 2);
}

async fn what_waits_to_be_tried_again_still_does(stage: &mut Stage) {
    stage.script(|subscription, _, _| subscription == "book_mark");
    let asked = stage.ask("a").await;
    stage.deliveries(asked).await;
    stage.clock.pass(FIRST_WAIT);
    stage.poke().await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "PARKED 2 (failure 2)");
    stage.script(|_, _, _| false);
    stage.reopen().await;
    stage.poke().await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "PARKED 2 (failure 2)", "not due yet");
    stage.clock.pass(Duration::from_secs(2));
    stage.poke().await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 3");
    assert_eq!(stage.marks("a").await, 1);
}

async fn a_listener_that_had_not_answered_is_asked_again(stage: &mut Stage) {
    stage.ear.does(|_| Does::Hang);
    let asked = stage.ask("a").await;
    stage.ear.until(2).await;
    stage.ear.does(|_| Does::Hear);
    stage.reopen().await;
    stage.until_delivery(asked, "ear", "DELIVERED 1").await;
    assert_eq!(stage.ear.heard().iter().filter(|event| **event == asked).count(), 2);
    assert_eq!(stage.marks("a").await, 1, "who had heard did not hear again");
}

async fn dead_letters_are_still_there(stage: &mut Stage) {
    stage.reopen_with(vec![super::stage::deaf()]).await;
    let asked = stage.ask("a").await;
    stage.reopen_with(vec![super::stage::deaf()]).await;
    let letters = stage.dead_letters().await;
    let events = letters.iter().filter_map(|letter| letter.event.as_ref());
    assert_eq!(events.map(|event| event.id).collect::<Vec<_>>(), [asked]);
}

async fn a_new_subscriber_hears_what_is_said_from_now_on(stage: &mut Stage) {
    stage.ask("a").await;
    let ear = Ear::new();
    let policy = r#"{"event_type": [{"prefix": "PAYMENT_"}]}"#;
    stage.reopen_with(vec![listener("late", Topic::Payment, policy, &ear)]).await;
    stage.ask("b").await;
    ear.until(2).await;
    // Listeners work beside each other: in which order they hear is not said.
    let heard: HashSet<_> = ear.heard().into_iter().collect();
    assert_eq!(heard, stage.said("b").await.iter().map(|event| event.id).collect());
    assert_eq!(stage.marks("a").await, 1, "the others do not hear again");
}

/// A subscription that is left out and comes back, as in an older program that ran for a while.
async fn a_subscriber_that_was_away_hears_what_it_missed(stage: &mut Stage) {
    let ear = Ear::new();
    let policy = r#"{"event_type": [{"prefix": "PAYMENT_"}]}"#;
    let away = |ear| vec![listener("away", Topic::Payment, policy, ear)];
    stage.reopen_with(away(&ear)).await;
    let first = stage.ask("a").await;
    ear.until(2).await;
    stage.until_delivery(first, "away", "DELIVERED 1").await;
    stage.reopen().await;
    let missed = stage.ask("b").await;
    stage.reopen_with(away(&ear)).await;
    ear.until(4).await;
    assert!(ear.heard().contains(&missed));
    assert_eq!(stage.marks("b").await, 1);
    assert_eq!(stage.card("b").await.version, 2, "the others' hearing it again changes nothing");
}
