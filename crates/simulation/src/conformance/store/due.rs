//! What is due is found and decided on: all of it, over pages and partitions, and no more.

use std::time::Duration;

use kernel::due::{Done, Pace, decide_due};
use kernel::manifest::Due;
use kernel::record::Shard;
use kernel::time::System;
use kernel::{Decision, Id as _, PaymentId, Record, StoreError, Suspend, Time, View, Writes};

use super::decisions::{Change, Create};
use super::kinds::{Card, card};
use super::stage::Stage;
use crate::conformance::case::cases;

cases!(Stage:
    what_is_due_is_decided_on_and_nothing_else,
    when_time_is_up_no_further_page_is_begun,
    what_cannot_be_decided_on_does_not_hold_up_the_others,
);

/// Takes a card out of what is open, and counts that.
static DONE_WITH: Due = Due {
    name: "suite_done_with",
    kind: Card::KIND,
    index: "open",
    decide: |key| {
        let done =
            |card: &Card| Card { open: None, due_at: None, count: card.count + 1, ..card.clone() };
        Box::new(Change::of(PaymentId::from_uuid(key.id.uuid), done))
    },
};

/// As the former, but for one card of which it breaks the rules.
static BROKEN: Due = Due {
    decide: |key| {
        let is_it = key.id == card("due-3").any();
        if is_it { Box::new(Endless) } else { (DONE_WITH.decide)(key) }
    },
    ..DONE_WITH
};

/// Asks for nothing and says that it waits: only a store may.
struct Endless;

impl Decision for Endless {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "suite_endless"
    }

    fn decide(&self, _: &mut View<'_>, _: &mut Writes) -> Result<(), Suspend> {
        Err(Suspend::by_store())
    }
}

/// Cards of the first two shards: so many that are due, by pairs at the same moment, and one of each
/// shard whose time is still to come.
async fn cards(stage: &Stage, due: i64) -> Vec<Card> {
    let now = stage.store().now();
    let shards: Vec<_> = Shard::all().take(2).collect();
    let card_of = |number: i64| {
        let card = Card::of(&format!("due-{number}"));
        let open = shards.iter().copied().cycle().nth(usize::try_from(number).unwrap());
        let due_at = if number < due {
            now.minus(Duration::from_secs(u64::try_from(number / 4).unwrap()))
        } else {
            now.plus(Duration::from_secs(3600))
        };
        Card { open, due_at: Some(due_at), ..card }
    };
    let cards: Vec<_> = (0..due + 2).map(card_of).collect();
    stage.decide(Create::all(cards.clone())).await.unwrap();
    cards
}

async fn tick(stage: &Stage, due: &'static Due, until: Time) -> Done {
    let pace = Pace { page: 3, partitions: 2, until };
    decide_due(&**stage.store().port(), due, pace, &System).await.unwrap()
}

/// How often each card was decided on.
async fn counts(stage: &Stage, cards: &[Card]) -> Vec<u64> {
    let mut counts = Vec::new();
    for card in cards {
        counts.push(stage.card(card.card_id).await.count);
    }
    counts
}

async fn what_is_due_is_decided_on_and_nothing_else(stage: &mut Stage) {
    let cards = cards(stage, 20).await;
    let done = tick(stage, &DONE_WITH, Time::MAX).await;
    assert_eq!(done, Done { records: 20, ..Done::default() });
    let mut expected = vec![1; 20];
    expected.extend([0, 0]);
    assert_eq!(counts(stage, &cards).await, expected);
    assert_eq!(tick(stage, &DONE_WITH, Time::MAX).await, Done::default());
}

async fn when_time_is_up_no_further_page_is_begun(stage: &mut Stage) {
    let cards = cards(stage, 20).await;
    let done = tick(stage, &DONE_WITH, Time::MIN).await;
    assert_eq!(done, Done { records: 6, is_cut_off: true, ..Done::default() }, "a page of each");
    let rest = tick(stage, &DONE_WITH, Time::MAX).await;
    assert_eq!(rest, Done { records: 14, ..Done::default() });
    assert_eq!(counts(stage, &cards).await.iter().sum::<u64>(), 20);
}

async fn what_cannot_be_decided_on_does_not_hold_up_the_others(stage: &mut Stage) {
    let cards = cards(stage, 8).await;
    let done = tick(stage, &BROKEN, Time::MAX).await;
    assert_eq!(done.records, 7);
    let [(key, StoreError::Broken(why))] = &done.failed[..] else { panic!("{done:?}") };
    assert_eq!(key.id, cards[3].card_id.any());
    assert!(!why.is_empty());
    assert_eq!(counts(stage, &cards).await, [1, 1, 1, 0, 1, 1, 1, 1, 0, 0]);
}
