//! What one decision writes is there as a whole, or none of it is.

use kernel::record::Hash32;
use kernel::{Account, Currency, Id, RefundId, Time};

use super::decisions::{Append, Appended, Create, Everything, Move, WasThere};
use super::kinds::{Card, Slip, card, cause, chain, wallet};
use super::stage::{Stage, check};
use crate::conformance::case::cases;

cases!(Stage:
    several_records_are_made_at_once,
    one_that_is_there_keeps_all_from_being_made,
    several_kinds_are_written_at_once,
    a_decision_that_refuses_writes_nothing,
    what_moves_is_neither_made_nor_lost,
);

async fn several_records_are_made_at_once(stage: &mut Stage) {
    let names: Vec<_> = (0..40).map(|number| format!("card-{number}")).collect();
    let cards = names.iter().map(|name| Card::of(name));
    assert_eq!(stage.decide(Create::all(cards)).await, Ok(()));
    for name in &names {
        assert_eq!(stage.card(card(name)).await.version, 1);
    }
}

async fn one_that_is_there_keeps_all_from_being_made(stage: &mut Stage) {
    stage.make(Card::of("c")).await;
    let all = Create::all(["a", "b", "c", "d"].map(Card::of));
    assert_eq!(stage.decide(all).await, Err(WasThere(card("c"))));
    for name in ["a", "b", "d"] {
        assert!(stage.find_card(card(name)).await.is_none(), "{name} was made");
    }
}

fn everything(name: &str, change: i64) -> Everything {
    let slip = Slip {
        slip_id: RefundId::named(&["slip", name]),
        number: change,
        natural: 0,
        small: 0,
        text: name.to_owned(),
        at: Time::from_micros(0),
        account: Account::World,
        currency: Currency::USD,
        any: wallet(name).any(),
        hash: Hash32([7; 32]),
        maybe_number: None,
        maybe_text: None,
        maybe_id: None,
        maybe_hash: None,
        open: None,
    };
    Everything {
        slip,
        card_id: card("a"),
        from: Append::to(chain("from"), cause(name), -change),
        to: Append::to(chain("to"), cause(name), change),
    }
}

/// The card's version and count, how many slips there are of those names, both chains' totals.
async fn all_of_it(stage: &Stage, names: &[&str]) -> String {
    let found = stage.find_card(card("a")).await;
    let found =
        found.map_or("no card".to_owned(), |card| format!("{}/{}", card.version, card.count));
    let mut slips = 0;
    for name in names {
        let id = RefundId::named(&["slip", name]);
        slips += usize::from(stage.store().get::<Slip>(id).await.unwrap().is_some());
    }
    let mut line = format!("card {found}, {slips} slips");
    for name in ["from", "to"] {
        let head = stage.head(chain(name)).await;
        let head =
            head.map_or("empty".to_owned(), |head| format!("{} at {}", head.total, head.sequence));
        line.push_str(&format!(", {name} {head}"));
    }
    line
}

async fn several_kinds_are_written_at_once(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let start = stage.decide(Append::to(chain("from"), cause("start"), 100)).await;
    assert_eq!(start, Appended::New { sequence: 0, total: 100 });
    assert_eq!(stage.decide(everything("one", 30)).await, Ok(()));
    check(all_of_it(stage, &["one"]).await, "card 2/1, 1 slips, from 70 at 1, to 30 at 0");
    assert_eq!(stage.said(card("a")).await.len(), 1, "its event is there in the same step");
}

async fn a_decision_that_refuses_writes_nothing(stage: &mut Stage) {
    check(stage.decide(everything("early", 1)).await.unwrap_err(), "there is no card");
    check(all_of_it(stage, &["early"]).await, "card no card, 0 slips, from empty, to empty");
    stage.make(Card::of("a")).await;
    stage.decide(Append::to(chain("from"), cause("start"), 100)).await;
    check(stage.decide(everything("much", 101)).await.unwrap_err(), "the total is not enough");
    check(stage.decide(everything("negative", -1)).await.unwrap_err(), "the total is not enough");
    let untouched = "card 1/0, 0 slips, from 100 at 0, to empty";
    check(all_of_it(stage, &["early", "much", "negative"]).await, untouched);
    assert_eq!(stage.decide(everything("one", 100)).await, Ok(()));
    check(stage.decide(everything("one", 1)).await.unwrap_err(), "the slip is there");
    check(all_of_it(stage, &["one"]).await, "card 2/1, 1 slips, from 0 at 1, to 100 at 0");
    assert_eq!(stage.said(card("a")).await.len(), 1, "what was refused said nothing");
}

async fn what_moves_is_neither_made_nor_lost(stage: &mut Stage) {
    stage.decide(Create::all(["a", "b"].map(|name| Card::of(name).with_count(3)))).await.unwrap();
    let moves = Move { from: card("a"), to: card("b"), count: 2 };
    assert!(stage.decide(moves).await);
    assert!(!stage.decide(moves).await, "only one is left");
    let (a, b) = (stage.card(card("a")).await, stage.card(card("b")).await);
    assert_eq!((a.count, a.version, b.count, b.version), (1, 2, 5, 2));
}
