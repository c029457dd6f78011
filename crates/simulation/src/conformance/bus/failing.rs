//! What fails is tried again, after growing waits, and is in nobody's way.

use std::time::Duration;

use super::ear::Does;
use super::stage::{ATTEMPTS_MAX, FIRST_WAIT, Stage};
use crate::conformance::case::cases;

cases!(Stage:
    a_failure_is_tried_again_after_growing_waits,
    one_failing_message_does_not_hold_up_the_next,
    a_failing_subscriber_does_not_hold_up_the_others,
    a_listener_that_fails_is_asked_again,
    a_listener_that_panics_has_failed,
    a_delivery_that_fails_and_then_succeeds_has_one_effect,
);

async fn a_failure_is_tried_again_after_growing_waits(stage: &mut Stage) {
    stage.script(|subscription, _, _| subscription == "book_mark");
    let asked = stage.ask("a").await;
    let mut wait = FIRST_WAIT;
    for attempts in 1..ATTEMPTS_MAX {
        let parked = format!("PARKED {attempts} (failure {attempts})");
        assert_eq!(stage.delivery(asked, "book_mark").await, parked);
        stage.clock.pass(wait - Duration::from_micros(1));
        stage.poke().await;
        assert_eq!(stage.delivery(asked, "book_mark").await, parked, "it is not time yet");
        stage.clock.pass(Duration::from_micros(1));
        stage.poke().await;
        wait *= 2;
    }
    assert_eq!(stage.delivery(asked, "book_mark").await, "DEAD 4 (failure 4)");
}

async fn one_failing_message_does_not_hold_up_the_next(stage: &mut Stage) {
    let failing = Stage::card_id("a");
    stage.script(move |subscription, event, _| {
        subscription == "book_mark" && event.data.subject() == kernel::Id::any(failing)
    });
    let first = stage.ask("a").await;
    for name in ["b", "c", "d"] {
        let next = stage.ask(name).await;
        assert_eq!(stage.delivery(next, "book_mark").await, "DELIVERED 1");
        assert_eq!(stage.marks(name).await, 1);
    }
    assert_eq!(stage.delivery(first, "book_mark").await, "PARKED 1 (failure 1)");
    assert_eq!(stage.marks("a").await, 0);
}

async fn a_failing_subscriber_does_not_hold_up_the_others(stage: &mut Stage) {
    stage.script(|subscription, _, _| subscription == "close_card");
    for name in ["a", "b", "c"] {
        let asked = stage.ask(name).await;
        assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 1");
        stage.until_delivery(asked, "ear", "DELIVERED 1").await;
        assert_eq!(stage.card(name).await.closed_by, None);
    }
    stage.script(|_, _, _| false);
    stage.clock.pass(FIRST_WAIT);
    stage.poke().await;
    for name in ["a", "b", "c"] {
        assert!(stage.card(name).await.closed_by.is_some(), "{name} was not closed later");
    }
}

async fn a_listener_that_fails_is_asked_again(stage: &mut Stage) {
    stage.ear.does(|_| Does::Fail);
    let asked = stage.ask("a").await;
    stage.until_delivery(asked, "ear", "PARKED 1 (it could not)").await;
    stage.ear.does(|_| Does::Hear);
    stage.clock.pass(FIRST_WAIT);
    stage.poke().await;
    stage.until_delivery(asked, "ear", "DELIVERED 2").await;
    assert_eq!(stage.ear.heard().iter().filter(|event| **event == asked).count(), 2);
}

async fn a_listener_that_panics_has_failed(stage: &mut Stage) {
    stage.ear.does(|_| Does::Panic);
    let asked = stage.ask("a").await;
    stage.until(async || stage.delivery(asked, "ear").await.starts_with("PARKED 1 (")).await;
    stage.ear.does(|_| Does::Hear);
    let next = stage.ask("b").await;
    stage.until_delivery(next, "ear", "DELIVERED 1").await;
}

async fn a_delivery_that_fails_and_then_succeeds_has_one_effect(stage: &mut Stage) {
    stage.script(|_, _, attempt| attempt < 3);
    let asked = stage.ask("a").await;
    for seconds in [1, 2, 1, 2] {
        // Read first: what is not folded yet waits a little longer than it must.
        stage.deliveries(asked).await;
        stage.clock.pass(Duration::from_secs(seconds));
        stage.poke().await;
    }
    stage
        .until(async || {
            stage.clock.pass(Duration::from_secs(1));
            stage.poke().await;
            stage.card("a").await.closed_by.is_some()
        })
        .await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 3");
    assert_eq!(stage.marks("a").await, 1);
}
