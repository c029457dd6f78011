//! Single records: made, changed, read back as they were written.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::record::{Hash32, Shard};
use kernel::{
    Account, AuditId, Currency, Decision, EventKind, Id, PaymentId, RefundId, RequestKey, Subject,
    Suspend, Time, View, Writes,
};
use parking_lot::Mutex;

use super::decisions::{Change, Create, WasThere};
use super::kinds::{Card, Slip, card, wallet};
use super::stage::{Stage, check};
use crate::conformance::case::cases;

cases!(Stage:
    what_is_not_there_is_not_found,
    a_record_is_made_with_version_one,
    a_record_that_is_there_is_not_made_again,
    each_change_is_one_version_more,
    a_version_keeps_what_it_said_and_no_other,
    every_type_of_column_comes_back_as_it_was,
    kinds_with_the_same_uuid_do_not_meet,
    a_key_names_the_record_that_it_made,
    ids_are_drawn_once_a_call,
    nothing_is_decided_before_its_cause,
);

async fn what_is_not_there_is_not_found(stage: &mut Stage) {
    stage.make(Card::of("other")).await;
    assert!(stage.find_card(card("a")).await.is_none());
    assert!(stage.decide(Change::count(card("a"))).await.is_none());
    assert!(stage.find_card(card("a")).await.is_none(), "nothing was written by looking");
}

async fn a_record_is_made_with_version_one(stage: &mut Stage) {
    let made = Card::of("a").at("shelf", 3).with_count(5);
    stage.make(made.clone()).await;
    let found = stage.card(card("a")).await;
    assert_eq!((found.version, found.said.len()), (1, 0));
    assert_eq!(*found.record, made);
}

async fn a_record_that_is_there_is_not_made_again(stage: &mut Stage) {
    stage.make(Card::of("a").with_count(1)).await;
    let again = stage.decide(Create::one(Card::of("a").with_count(2))).await;
    assert_eq!(again, Err(WasThere(card("a"))));
    let found = stage.card(card("a")).await;
    assert_eq!((found.version, found.count), (1, 1));
}

async fn each_change_is_one_version_more(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    for version in 1..=20 {
        let seen = stage.decide(Change::count(card("a"))).await.unwrap();
        assert_eq!((seen.version, seen.count), (version, version - 1), "as the decision saw it");
        let found = stage.card(card("a")).await;
        assert_eq!((found.version, found.count), (version + 1, version));
    }
}

async fn a_version_keeps_what_it_said_and_no_other(stage: &mut Stage) {
    let kinds = async |stage: &Stage| {
        let found = stage.card(card("a")).await;
        let said = found.said.iter();
        let said: Vec<_> = said
            .map(|said| {
                let detail = said.detail.as_deref().unwrap_or_default();
                format!("{} {detail} of version {}", said.kind.name(), said.sequence)
            })
            .collect();
        format!("version {}: {}", found.version, said.join(", "))
    };
    let made = Create::one(Card::of("a")).saying(EventKind::PaymentFailed);
    assert_eq!(stage.decide(made).await, Ok(()));
    check(kinds(stage).await, "version 1: PAYMENT_FAILED made of version 1");
    stage.decide(Change::count(card("a"))).await;
    check(kinds(stage).await, "version 2: ");
    let said = Change::count(card("a")).saying(EventKind::PaymentFailed, "lost");
    stage.decide(said).await;
    check(kinds(stage).await, "version 3: PAYMENT_FAILED lost of version 3");
}

fn slip(name: &str) -> Slip {
    Slip {
        slip_id: RefundId::named(&["slip", name]),
        number: 0,
        natural: 0,
        small: 0,
        text: String::new(),
        at: Time::from_micros(0),
        account: Account::World,
        currency: Currency::USD,
        any: wallet(name).any(),
        hash: Hash32([0; 32]),
        maybe_number: None,
        maybe_text: None,
        maybe_id: None,
        maybe_hash: None,
        open: None,
    }
}

async fn every_type_of_column_comes_back_as_it_was(stage: &mut Stage) {
    let lowest = Slip { number: i64::MIN, at: Time::MIN, ..slip("lowest") };
    let highest = Slip {
        number: i64::MAX,
        natural: u64::try_from(i64::MAX).unwrap(),
        small: u32::MAX,
        text: "\u{10FFFF}é ايجار 'quoted' \"twice\" ; -- \\ \t\n".repeat(50),
        at: Time::MAX,
        account: Account::Wallet(wallet("owner")),
        currency: "JPY".parse().unwrap(),
        any: AuditId::from_uuid(u128::MAX).any(),
        hash: Hash32([0xff; 32]),
        maybe_number: Some(-1),
        maybe_text: Some(String::new()),
        maybe_id: Some(wallet("some")),
        maybe_hash: Some(Hash32(std::array::from_fn(|place| u8::try_from(place).unwrap()))),
        open: Shard::all().last(),
        ..slip("highest")
    };
    for made in [lowest, highest] {
        let id = made.slip_id;
        assert_eq!(stage.decide(Create::one(made.clone())).await, Ok(()));
        let found = stage.store().get::<Slip>(id).await.unwrap().unwrap();
        assert_eq!(*found.record, made);
    }
}

async fn kinds_with_the_same_uuid_do_not_meet(stage: &mut Stage) {
    let uuid = card("a").uuid();
    stage.make(Card::of("a")).await;
    let same = Slip { slip_id: RefundId::from_uuid(uuid), ..slip("a") };
    assert_eq!(stage.decide(Create::one(same.clone())).await, Ok(()));
    assert_eq!(*stage.card(PaymentId::from_uuid(uuid)).await.record, Card::of("a"));
    let found = stage.store().get::<Slip>(same.slip_id).await.unwrap().unwrap();
    assert_eq!(*found.record, same);
}

/// Makes the card that a key names, as every operation with an `Idempotency-Key` does.
struct Keyed(RequestKey);

impl Decision for Keyed {
    type Outcome = &'static str;

    fn name(&self) -> &'static str {
        "suite_keyed"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<&'static str, Suspend> {
        let card_id = self.0.id::<PaymentId>();
        if let Some(there) = view.get::<Card>(card_id)? {
            let same = there.body_hash == Some(self.0.body);
            return Ok(if same { "the first answer" } else { "refused" });
        }
        writes.create(Card { card_id, body_hash: Some(self.0.body), ..Card::of("keyed") });
        Ok("made")
    }
}

async fn a_key_names_the_record_that_it_made(stage: &mut Stage) {
    let alice = Subject::new("alice").unwrap();
    let keyed =
        |key: &str, body| Keyed(RequestKey::new(&alice, &["suite_keyed"], key, Hash32([body; 32])));
    check(stage.decide(keyed("one", 1)).await, "made");
    check(stage.decide(keyed("one", 1)).await, "the first answer");
    check(stage.decide(keyed("one", 2)).await, "refused");
    check(stage.decide(keyed("two", 2)).await, "made");
    let mut outcomes = stage.at_once((0..4).map(|_| keyed("three", 3))).await;
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["made", "the first answer", "the first answer", "the first answer"]);
}

/// Draws ids before, between and after it reads, and notes them at each run.
#[derive(Clone)]
struct Draws {
    reads: [PaymentId; 2],
    runs: Arc<Mutex<Vec<[PaymentId; 3]>>>,
}

impl Decision for Draws {
    type Outcome = [PaymentId; 3];

    fn name(&self) -> &'static str {
        "suite_draws"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<[PaymentId; 3], Suspend> {
        let first = view.id();
        let [one, other] = self.reads;
        let found = view.get::<Card>(one);
        let second = view.id();
        if let Err(suspend) = found {
            self.runs.lock().push([first, second, second]);
            return Err(suspend);
        }
        view.get::<Card>(other)?;
        let third = view.id();
        self.runs.lock().push([first, second, third]);
        writes.create(Card { card_id: first, ..Card::of("drawn") });
        Ok([first, second, third])
    }
}

async fn ids_are_drawn_once_a_call(stage: &mut Stage) {
    stage.make(Card::of("a")).await;
    let draws = || Draws { reads: [card("a"), card("b")], runs: Arc::default() };
    let mut seen = HashSet::new();
    for call in 0..10 {
        let draws = draws();
        let drawn = stage.decide(draws.clone()).await;
        for run in draws.runs.lock().iter() {
            assert_eq!(run[..2], drawn[..2], "call {call} drew others when it was run again");
        }
        seen.extend(drawn);
        assert_eq!(stage.card(drawn[0]).await.title, "drawn");
    }
    assert_eq!(seen.len(), 30, "an id was drawn twice");
}

/// What time it is to a decision.
struct Now;

impl Decision for Now {
    type Outcome = Time;

    fn name(&self) -> &'static str {
        "suite_now"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<Time, Suspend> {
        Ok(view.now())
    }
}

async fn nothing_is_decided_before_its_cause(stage: &mut Stage) {
    let before = stage.store().now();
    let now = stage.decide(Now).await;
    assert!(now >= before, "{now} is before {before}");
    let later = now.plus(std::time::Duration::from_secs(3_600));
    let context = kernel::Context { not_before: later, ..super::stage::request() };
    assert_eq!(stage.store().decide(Now, context).await.unwrap(), later);
}
