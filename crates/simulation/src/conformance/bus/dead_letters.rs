//! What could not be delivered is kept, listed, and given again to the one who missed it.

use std::time::Duration;

use super::stage::{ATTEMPTS_MAX, Stage};
use crate::conformance::case::cases;

cases!(Stage:
    what_fails_too_often_is_a_dead_letter,
    a_dead_letter_is_redriven_to_its_one_subscriber,
    a_redriven_letter_that_fails_again_is_dead_again,
    there_is_no_letter_of_another_id,
    dead_letters_are_listed_oldest_first_piece_by_piece,
    what_cannot_be_heard_is_dead_at_once,
    a_dead_letter_is_in_nobodys_way,
);

/// Lets the delivery of what that card asks to `book_mark` die; gives back the event.
async fn die(stage: &Stage, name: &str) -> kernel::EventId {
    stage.script(|subscription, _, _| subscription == "book_mark");
    let asked = stage.ask(name).await;
    for _ in 1..ATTEMPTS_MAX {
        stage.deliveries(asked).await;
        stage.clock.pass(Duration::from_secs(60));
        stage.poke().await;
    }
    assert_eq!(stage.delivery(asked, "book_mark").await, "DEAD 4 (failure 4)");
    stage.script(|_, _, _| false);
    asked
}

async fn what_fails_too_often_is_a_dead_letter(stage: &mut Stage) {
    assert!(stage.dead_letters().await.is_empty());
    let asked = die(stage, "a").await;
    let letters = stage.dead_letters().await;
    let [letter] = &letters[..] else { panic!("{letters:#?}") };
    assert_eq!((&*letter.subscription, letter.attempts), ("book_mark", ATTEMPTS_MAX));
    assert_eq!(letter.reason, "failure 4");
    assert_eq!(letter.event.as_ref().map(|event| event.id), Some(asked));
    assert_eq!(letter.event.as_ref(), stage.said("a").await.first());
    stage.clock.pass(Duration::from_secs(3_600));
    stage.poke().await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "DEAD 4 (failure 4)", "it stays dead");
    assert_eq!(stage.marks("a").await, 0);
}

async fn a_dead_letter_is_redriven_to_its_one_subscriber(stage: &mut Stage) {
    let asked = die(stage, "a").await;
    stage.until_delivery(asked, "ear", "DELIVERED 1").await;
    let heard = stage.ear.heard().len();
    let letter = stage.dead_letters().await.remove(0);
    assert!(stage.redrive(&letter.id).await);
    stage.until_delivery(asked, "book_mark", "DELIVERED 1").await;
    assert_eq!(stage.marks("a").await, 1);
    // The answer is new to the ear, the request is not.
    stage.ear.until(heard + 1).await;
    assert_eq!(stage.delivery(asked, "ear").await, "DELIVERED 1");
    assert_eq!(stage.ear.heard().iter().filter(|event| **event == asked).count(), 1);
    assert!(stage.dead_letters().await.is_empty());
    assert!(!stage.redrive(&letter.id).await, "it is no dead letter any more");
    assert_eq!(stage.marks("a").await, 1);
}

async fn a_redriven_letter_that_fails_again_is_dead_again(stage: &mut Stage) {
    let asked = die(stage, "a").await;
    stage.script(|subscription, _, _| subscription == "book_mark");
    let letter = stage.dead_letters().await.remove(0);
    assert!(stage.redrive(&letter.id).await);
    stage.until_delivery(asked, "book_mark", "PARKED 1 (failure 1)").await;
    assert!(stage.dead_letters().await.is_empty(), "it has its attempts again");
    for _ in 1..ATTEMPTS_MAX {
        stage.deliveries(asked).await;
        stage.clock.pass(Duration::from_secs(60));
        stage.poke().await;
    }
    assert_eq!(stage.delivery(asked, "book_mark").await, "DEAD 4 (failure 4)");
    assert_eq!(stage.dead_letters().await.len(), 1);
}

async fn there_is_no_letter_of_another_id(stage: &mut Stage) {
    die(stage, "a").await;
    for id in ["0", "no such letter", "999999-0", "dead_00000000"] {
        assert!(!stage.redrive(id).await, "{id:?}");
    }
    assert_eq!(stage.dead_letters().await.len(), 1);
}

async fn dead_letters_are_listed_oldest_first_piece_by_piece(stage: &mut Stage) {
    let mut died = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        died.push(die(stage, name).await);
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let events: &dyn kernel::operators::EventsPort = &*stage.store;
        let piece = events.dead_letters(after.take(), 2).await.unwrap();
        assert!(piece.len() <= 2);
        let Some(last) = piece.last() else { break };
        after = Some(last.id.clone());
        found.extend(piece.into_iter().filter_map(|letter| letter.event).map(|event| event.id));
    }
    assert_eq!(found, died);
}

async fn what_cannot_be_heard_is_dead_at_once(stage: &mut Stage) {
    stage.reopen_with(vec![super::stage::deaf()]).await;
    let asked = stage.ask("a").await;
    assert_eq!(stage.delivery(asked, "deaf").await, "DEAD 1 (it hears nothing)");
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 1");
    let letters = stage.dead_letters().await;
    assert!(letters.iter().all(|letter| &*letter.subscription == "deaf"));
    assert_eq!(letters.len(), 1, "the request; the answer is not its");
}

async fn a_dead_letter_is_in_nobodys_way(stage: &mut Stage) {
    die(stage, "a").await;
    let next = stage.ask("b").await;
    assert_eq!(stage.delivery(next, "book_mark").await, "DELIVERED 1");
    stage.reopen().await;
    let next = stage.ask("c").await;
    assert_eq!(stage.delivery(next, "book_mark").await, "DELIVERED 1");
    assert_eq!(stage.dead_letters().await.len(), 1, "it is still there");
}
