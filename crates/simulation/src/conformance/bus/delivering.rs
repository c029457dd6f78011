//! Who hears what, and that everybody hears it.

use std::collections::HashSet;

use kernel::operators::DeliveryState;
use kernel::{EventKind, Topic};

use super::ear::{Does, Ear};
use super::stage::{Stage, listener};
use crate::conformance::case::cases;
use crate::conformance::store::decisions::Create;
use crate::conformance::store::kinds::Card;
use crate::institution::request;

cases!(Stage:
    everybody_hears_what_he_subscribed_to,
    a_policy_and_a_topic_say_who_hears,
    what_is_said_again_is_heard_again,
    a_slow_listener_holds_nobody_up,
    deliveries_are_shown,
    many_events_are_all_heard,
);

async fn everybody_hears_what_he_subscribed_to(stage: &mut Stage) {
    let asked = stage.ask("a").await;
    stage.ear.until(2).await;
    let said = stage.said("a").await;
    // Listeners work beside each other: in which order they hear is not said.
    let heard: HashSet<_> = stage.ear.heard().into_iter().collect();
    assert_eq!(heard, said.iter().map(|event| event.id).collect());
    assert_eq!(stage.marks("a").await, 1);
    assert_eq!(stage.card("a").await.closed_by, Some(said[1].id));
    stage.until_delivery(asked, "ear", "DELIVERED 1").await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 1");
    assert_eq!(stage.delivery(asked, "close_card").await, "", "it does not hear requests");
}

async fn a_policy_and_a_topic_say_who_hears(stage: &mut Stage) {
    let ears: Vec<_> = (0..4).map(|_| Ear::new()).collect();
    let subscribers = vec![
        listener("exact", Topic::Payment, r#"{"event_type": ["PAYMENT_VOIDED"]}"#, &ears[0]),
        listener(
            "other",
            Topic::Payment,
            r#"{"event_type": [{"anything-but": ["PAYMENT_VOIDED"]}]}"#,
            &ears[1],
        ),
        listener("subject", Topic::Payment, &subject_of("b"), &ears[2]),
        listener("topic", Topic::Loan, r#"{"event_type": [{"prefix": "PAYMENT_"}]}"#, &ears[3]),
    ];
    stage.reopen_with(subscribers).await;
    stage.ask("a").await;
    stage.ask("b").await;
    let mut said = stage.said("a").await;
    said.extend(stage.said("b").await);
    let [asked_a, voided_a, asked_b, voided_b] = [0, 1, 2, 3].map(|place| said[place].id);
    for ear in &ears[..3] {
        ear.until(2).await;
    }
    let heard = |ear: usize| ears[ear].heard().into_iter().collect::<HashSet<_>>();
    assert_eq!(heard(0), HashSet::from([voided_a, voided_b]));
    assert_eq!(heard(1), HashSet::from([asked_a, asked_b]));
    assert_eq!(heard(2), HashSet::from([asked_b, voided_b]));
    assert_eq!(heard(3), HashSet::new(), "payments are not said on the loans' topic");
}

fn subject_of(name: &str) -> String {
    format!(r#"{{"subject": ["{}"]}}"#, Stage::card_id(name))
}

async fn what_is_said_again_is_heard_again(stage: &mut Stage) {
    let asked = stage.ask("a").await;
    stage.ear.until(2).await;
    // The closing of the card was its latest version, which says nothing; so it asks anew.
    stage.mention("a").await;
    stage.ear.until(3).await;
    stage.say_again("a").await;
    stage.ear.until(4).await;
    let heard = stage.ear.heard();
    assert_eq!(heard[2], heard[3], "the same event");
    stage.until_delivery(heard[2], "ear", "DELIVERED 1, DELIVERED 1").await;
    assert_eq!(stage.marks("a").await, 1, "nobody asked again");
    assert_ne!(asked, heard[2]);
}

async fn a_slow_listener_holds_nobody_up(stage: &mut Stage) {
    stage.ear.does(|_| Does::Hang);
    let asked = stage.ask("a").await;
    stage.ear.until(2).await;
    assert_eq!(stage.delivery(asked, "ear").await, "WAITING 0", "it was given, and not answered");
    // Neither other subscribers, nor other decisions, nor what comes next for the same listener.
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 1");
    assert!(stage.card("a").await.closed_by.is_some());
    stage.ear.does(|_| Does::Hear);
    let next = stage.ask("b").await;
    stage.until_delivery(next, "ear", "DELIVERED 1").await;
    assert_eq!(stage.delivery(asked, "ear").await, "WAITING 0");
}

async fn deliveries_are_shown(stage: &mut Stage) {
    stage.script(|subscription, _, attempt| subscription == "book_mark" && attempt == 1);
    let before = stage.records().now();
    let asked = stage.ask("a").await;
    stage.until_delivery(asked, "ear", "DELIVERED 1").await;
    let deliveries = stage.deliveries(asked).await;
    let [booked, heard] = &deliveries[..] else { panic!("{deliveries:#?}") };
    assert_eq!(&*booked.subscription, "book_mark");
    assert_eq!((booked.state, booked.attempts), (DeliveryState::Parked, 1));
    assert_eq!(booked.reason.as_deref(), Some("failure 1"));
    assert_eq!((heard.state, heard.attempts, heard.event), (DeliveryState::Delivered, 1, asked));
    assert!(heard.at.is_some_and(|at| at >= before) && heard.took.is_some());
    stage.clock.pass(super::stage::FIRST_WAIT);
    stage.poke().await;
    assert_eq!(stage.delivery(asked, "book_mark").await, "DELIVERED 2");
    let deliveries = stage.deliveries(asked).await;
    assert!(deliveries[0].took >= Some(super::stage::FIRST_WAIT), "it took that long in all");
}

async fn many_events_are_all_heard(stage: &mut Stage) {
    let asks: Vec<_> = (0..50)
        .map(|number| {
            let store = stage.records();
            tokio::spawn(async move {
                for round in 0..10 {
                    let create = Create::one(Card::of(&format!("{number}-{round}")));
                    let asks = create.saying(EventKind::PaymentVoidRequested);
                    store.decide(asks, request()).await.unwrap().unwrap();
                }
            })
        })
        .collect();
    for ask in asks {
        ask.await.unwrap();
    }
    stage.ear.until(1_000).await;
    let heard: HashSet<_> = stage.ear.heard().into_iter().collect();
    assert_eq!(heard.len(), 1_000, "five hundred requests and their answers");
    for number in 0..50 {
        for round in 0..10 {
            assert!(stage.card(&format!("{number}-{round}")).await.closed_by.is_some());
        }
    }
}
