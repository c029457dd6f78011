//! Events ride in their records: said in the same step, said again as they were, heard until what
//! they cause is there.

use kernel::context::{Context, CorrelationId, TraceParent};
use kernel::event::EventData;
use kernel::operators::{DeliveryState, EventQuery};
use kernel::{EventKind, Id, Topic};

use super::decisions::{Append, Change, Create, SayCardAgain};
use super::kinds::{Card, Mark, card, chain, wallet};
use super::stage::{Stage, check, request};
use crate::conformance::case::cases;

cases!(Stage:
    an_event_is_built_from_its_record,
    an_event_is_said_again_as_it_was,
    an_event_says_what_it_is_made_in_answer_to,
    what_was_said_first_stands_first,
    the_log_is_read_from_a_position_on,
    the_log_is_filtered,
    what_an_event_causes_happens,
    what_an_event_causes_happens_once,
    deliveries_are_told,
);

async fn ask(stage: &Stage, name: &str) {
    let asks = Create::one(Card::of(name)).saying(EventKind::PaymentVoidRequested);
    assert_eq!(stage.decide(asks).await, Ok(()));
}

async fn fail(stage: &Stage, name: &str, why: &'static str) {
    let fails = Change::count(card(name)).saying(EventKind::PaymentFailed, why);
    assert!(stage.decide(fails).await.is_some());
}

async fn an_event_is_built_from_its_record(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    fail(stage, "a", "first").await;
    fail(stage, "a", "second").await;
    let said = stage.said(card("a")).await;
    assert_eq!(said.len(), 2);
    for (event, (why, sequence)) in said.iter().zip([("first", 2), ("second", 3)]) {
        let EventData::PaymentFailed(data) = &event.data else { panic!("{event:?}") };
        assert_eq!((data.transaction_id, data.wallet_id), (card("a"), wallet("a")));
        check(&data.reason, why);
        assert_eq!(event.sequence, sequence, "the version that said it");
    }
    let found = stage.card(card("a")).await;
    assert_eq!(found.said[0].id, said[1].id, "the record keeps what its version said");
    assert_ne!(said[0].id, said[1].id);
}

async fn an_event_is_said_again_as_it_was(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    fail(stage, "a", "why").await;
    for times in 2..5 {
        stage.decide(SayCardAgain(card("a"))).await;
        let found = stage.card(card("a")).await;
        assert_eq!(found.version, u64::try_from(times).unwrap() + 1, "a version of its own");
        let said = stage.said(card("a")).await;
        assert_eq!(said.len(), times, "the log shows each time");
        assert!(said.iter().all(|event| *event == said[0]), "{said:#?}");
    }
    stage.decide(Change::count(card("a"))).await;
    stage.decide(SayCardAgain(card("a"))).await;
    assert_eq!(stage.said(card("a")).await.len(), 4, "the last version said nothing");
}

async fn an_event_says_what_it_is_made_in_answer_to(stage: &mut Stage) {
    let trace = TraceParent { trace: 5, span: 6, flags: 1 };
    let context = Context::request(CorrelationId(42), Some(trace));
    let asks = Create::one(Card::of("a")).saying(EventKind::PaymentVoidRequested);
    stage.store().decide(asks, context).await.unwrap().unwrap();
    stage.settle().await;
    let said = stage.said(card("a")).await;
    let [asked, voided] = &said[..] else { panic!("{said:#?}") };
    assert_eq!(
        (asked.correlation, asked.trace, asked.causation),
        (CorrelationId(42), Some(trace), None)
    );
    assert_eq!((voided.correlation, voided.trace), (CorrelationId(42), Some(trace)));
    assert_eq!(voided.causation, Some(asked.id));
    assert!(voided.time >= asked.time);
}

async fn what_was_said_first_stands_first(stage: &mut Stage) {
    stage.decide(Create::all(["a", "b"].map(Card::of))).await.unwrap();
    let mut expected = Vec::new();
    for number in 0..20 {
        fail(stage, ["a", "b"][number % 2], "why").await;
        expected.push(stage.card(card(["a", "b"][number % 2])).await.said[0].id);
    }
    let mut both = stage.logged(card("a").any()).await;
    both.extend(stage.logged(card("b").any()).await);
    both.sort_by_key(|event| event.position);
    assert_eq!(both.iter().map(|event| event.envelope.id).collect::<Vec<_>>(), expected);
    let mut positions: Vec<_> = both.iter().map(|event| event.position).collect();
    positions.dedup();
    assert_eq!(positions.len(), 20, "two events stand at one position");
}

async fn the_log_is_read_from_a_position_on(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    for why in ["1", "2", "3", "4", "5"] {
        fail(stage, "a", why).await;
    }
    let all = stage.logged(card("a").any()).await;
    let mut pieces = Vec::new();
    let mut after = None;
    loop {
        let query =
            EventQuery { subject: Some(card("a").any()), after, limit: 2, ..EventQuery::default() };
        let piece = stage.events().events(query).await.unwrap();
        let Some(last) = piece.last() else { break };
        after = Some(last.position);
        pieces.extend(piece);
    }
    let places = |events: &[kernel::operators::LoggedEvent]| {
        events.iter().map(|event| (event.position, event.envelope.id)).collect::<Vec<_>>()
    };
    assert_eq!(places(&pieces), places(&all));
    assert!(all.is_sorted_by_key(|event| event.position));
}

async fn the_log_is_filtered(stage: &mut Stage) {
    ask(stage, "a").await;
    fail(stage, "a", "why").await;
    stage.settle().await;
    let count = async |topic: Option<Topic>, kind: Option<EventKind>| {
        let subject = Some(card("a").any());
        let query = EventQuery { topic, kind, subject, after: None, limit: 100 };
        stage.events().events(query).await.unwrap().len()
    };
    assert_eq!(count(None, None).await, 3, "asked, failed, voided");
    assert_eq!(count(Some(Topic::Payment), None).await, 3);
    assert_eq!(count(Some(Topic::Loan), None).await, 0);
    assert_eq!(count(None, Some(EventKind::PaymentFailed)).await, 1);
    assert_eq!(count(Some(Topic::Payment), Some(EventKind::PaymentVoided)).await, 1);
    assert_eq!(count(None, Some(EventKind::LoanApproved)).await, 0);
    assert!(stage.logged(card("b").any()).await.is_empty());
}

async fn what_an_event_causes_happens(stage: &mut Stage) {
    ask(stage, "a").await;
    stage.settle().await;
    let marks = stage.marks(chain("a")).await;
    let said = stage.said(card("a")).await;
    assert_eq!(marks.len(), 1);
    assert_eq!((marks[0].cause, marks[0].total), (said[0].id.any(), 1));
    assert!(marks[0].booked_at >= said[0].time, "booked before its cause");
    assert_eq!(stage.card(card("a")).await.closed_by, Some(said[1].id));
}

async fn what_an_event_causes_happens_once(stage: &mut Stage) {
    ask(stage, "a").await;
    stage.settle().await;
    // Something newer stands on the chain when the event comes again.
    stage.decide(Append::to(chain("a"), wallet("later").any(), 5)).await;
    let closed = stage.card(card("a")).await.closed_by;
    let asked = stage.said(card("a")).await[0].clone();
    for _ in 0..3 {
        let append = Append::to(chain("a"), asked.id.any(), 1).about(card("a"));
        stage.store().decide(append, asked.context()).await.unwrap();
        stage.settle().await;
    }
    let totals: Vec<_> = stage.marks(chain("a")).await.iter().map(|mark| mark.total).collect();
    assert_eq!(totals, [1, 6]);
    assert_eq!(stage.card(card("a")).await.closed_by, closed, "the answer is the same one");
    let first = stage.store().get::<Mark>((chain("a"), 0)).await.unwrap().unwrap();
    assert_eq!(first.version, 4, "said again three times");
}

async fn deliveries_are_told(stage: &mut Stage) {
    ask(stage, "a").await;
    stage.settle().await;
    stage.store().decide(Change::count(card("a")), request()).await.unwrap();
    let logged = stage.logged(card("a").any()).await;
    let positions = logged.iter().map(|event| event.position).collect();
    let deliveries = stage.events().deliveries(positions).await;
    let said: Vec<_> = logged.into_iter().map(|event| event.envelope).collect();
    let mut lines: Vec<_> = deliveries
        .unwrap()
        .into_iter()
        .map(|delivery| {
            assert_eq!(delivery.state, DeliveryState::Delivered);
            let event = said.iter().find(|event| event.id == delivery.event).unwrap();
            format!("{} to {}, {}", event.kind().name(), delivery.subscription, delivery.attempts)
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["PAYMENT_VOIDED to close_card, 1", "PAYMENT_VOID_REQUESTED to book_mark, 1"]
    );
}
