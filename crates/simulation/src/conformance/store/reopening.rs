//! What was acknowledged is there after the store was closed and opened again, and all goes on from
//! there. A store that keeps nothing has nothing to show here.

use kernel::{EventKind, Id, Record};

use super::candidate::Reopened;
use super::decisions::{Append, Appended, Change, Create, SayCardAgain};
use super::kinds::{Card, Mark, card, cause, chain};
use super::stage::{Stage, by, check, shelf};
use crate::conformance::case::cases;

cases!(Stage:
    records_are_there_again,
    chains_go_on,
    events_are_there_again,
    it_can_be_reopened_often,
);

async fn records_are_there_again(stage: &mut Stage) {
    let cards = (0..50).map(|number| Card::of(&format!("card-{number}")).at("s", 50 - number));
    stage.decide(Create::all(cards)).await.unwrap();
    stage.change(card("card-7"), |card| card.clone().at("other", 1)).await;
    let before = stage.titles(shelf("s")).await;
    if stage.reopen().await == Reopened::KeepsNothing {
        return;
    }
    check(stage.titles(shelf("s")).await, &before);
    check(stage.titles(shelf("other")).await, "card-7");
    assert_eq!(stage.card(card("card-7")).await.version, 2);
    assert_eq!(*stage.card(card("card-8")).await.record, Card::of("card-8").at("s", 42));
    stage.decide(Change::count(card("card-7"))).await;
    assert_eq!(stage.card(card("card-7")).await.version, 3);
}

async fn chains_go_on(stage: &mut Stage) {
    for number in 0..10 {
        stage.decide(Append::to(chain("a"), cause(&number.to_string()), 1)).await;
    }
    if stage.reopen().await == Reopened::KeepsNothing {
        return;
    }
    assert_eq!(stage.head(chain("a")).await.unwrap().total, 10);
    let again = stage.decide(Append::to(chain("a"), cause("3"), 1)).await;
    assert_eq!(again, Appended::Again { sequence: 3 });
    let new = stage.decide(Append::to(chain("a"), cause("10"), 1)).await;
    assert_eq!(new, Appended::New { sequence: 10, total: 11 });
}

async fn events_are_there_again(stage: &mut Stage) {
    let asks = Create::one(Card::of("a")).saying(EventKind::PaymentVoidRequested);
    stage.decide(asks).await.unwrap();
    stage.settle().await;
    stage.decide(Change::count(card("a")).saying(EventKind::PaymentFailed, "why")).await;
    let before = stage.logged(card("a").any()).await;
    if stage.reopen().await == Reopened::KeepsNothing {
        return;
    }
    let after = stage.logged(card("a").any()).await;
    let places = |events: &[kernel::operators::LoggedEvent]| {
        events.iter().map(|event| (event.position, event.envelope.clone())).collect::<Vec<_>>()
    };
    assert_eq!(places(&after), places(&before));
    stage.decide(SayCardAgain(card("a"))).await;
    let again = stage.logged(card("a").any()).await;
    assert_eq!(again.len(), before.len() + 1);
    let (last, first) = (again.last().unwrap(), before.last().unwrap());
    assert_eq!(last.envelope, first.envelope, "said again as it was");
    assert!(last.position > first.position);
}

async fn it_can_be_reopened_often(stage: &mut Stage) {
    for round in 0..5 {
        let name = format!("card-{round}");
        let asks = Create::one(Card { wallet_id: Card::of("one").wallet_id, ..Card::of(&name) });
        stage.decide(asks.saying(EventKind::PaymentVoidRequested)).await.unwrap();
        if stage.reopen().await == Reopened::KeepsNothing {
            return;
        }
    }
    stage.settle().await;
    assert_eq!(stage.head(chain("one")).await.unwrap().total, 5);
    for round in 0..5 {
        let id = card(&format!("card-{round}"));
        assert!(stage.card(id).await.closed_by.is_some());
        let about = by("by_card", &id, Mark::KIND);
        assert_eq!(stage.store().list::<Mark>(about).await.unwrap().len(), 1);
    }
}
