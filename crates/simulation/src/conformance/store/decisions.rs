//! The decisions that the suites let a store make. Small, and each of one shape: make, change, append
//! to a chain, move between two records, write several kinds at once.

use std::sync::Arc;

use kernel::{
    AnyId, ChainId, Decision, EventKind, Known, PaymentId, Record, Suspend, Time, View, Writes,
};

use super::kinds::{Card, Mark, Slip};

/// Makes records that are not there; if one of them is, makes none.
pub(crate) struct Create<R> {
    pub records: Vec<R>,
    pub says: Option<EventKind>,
}

impl<R> Create<R> {
    pub(crate) fn one(record: R) -> Self {
        Self { records: vec![record], says: None }
    }

    pub(crate) fn all(records: impl IntoIterator<Item = R>) -> Self {
        Self { records: records.into_iter().collect(), says: None }
    }

    pub(crate) fn saying(self, kind: EventKind) -> Self {
        Self { says: Some(kind), ..self }
    }
}

/// A record of that id was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WasThere<I>(pub I);

/// What a record with an id of its own is found by.
pub(crate) trait Named: Record {
    fn id(&self) -> Self::Id;
}

impl Named for Card {
    fn id(&self) -> Self::Id {
        self.card_id
    }
}

impl Named for Slip {
    fn id(&self) -> Self::Id {
        self.slip_id
    }
}

impl<R: Named> Decision for Create<R>
where
    R::Id: Send + 'static,
{
    type Outcome = Result<(), WasThere<R::Id>>;

    fn name(&self) -> &'static str {
        "suite_create"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        for record in &self.records {
            if view.get::<R>(record.id())?.is_some() {
                return Ok(Err(WasThere(record.id())));
            }
        }
        for record in &self.records {
            let said = self.says.map(|kind| view.event(kind).with_detail("made"));
            let put = writes.create(record.clone());
            if let Some(said) = said {
                put.says(said);
            }
        }
        Ok(Ok(()))
    }
}

/// How a card is changed.
pub(crate) type How = Arc<dyn Fn(&Card) -> Card + Send + Sync>;

/// Changes a card that is there.
pub(crate) struct Change {
    pub card_id: PaymentId,
    pub how: How,
    pub says: Option<(EventKind, &'static str)>,
}

impl Change {
    pub(crate) fn of(
        card_id: PaymentId,
        how: impl Fn(&Card) -> Card + Send + Sync + 'static,
    ) -> Self {
        Self { card_id, how: Arc::new(how), says: None }
    }

    /// One more is counted.
    pub(crate) fn count(card_id: PaymentId) -> Self {
        Self::of(card_id, |card| card.clone().with_count(card.count + 1))
    }

    pub(crate) fn saying(self, kind: EventKind, detail: &'static str) -> Self {
        Self { says: Some((kind, detail)), ..self }
    }
}

impl Decision for Change {
    /// The card as it was found; none if there is none.
    type Outcome = Option<Known<Card>>;

    fn name(&self) -> &'static str {
        "suite_change"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let Some(known) = view.get::<Card>(self.card_id)? else { return Ok(None) };
        let said = self.says.map(|(kind, detail)| view.event(kind).with_detail(detail));
        let put = writes.update(&known, (self.how)(&known));
        if let Some(said) = said {
            put.says(said);
        }
        Ok(Some(known))
    }
}

/// Says again what a card's latest version said.
pub(crate) struct SayCardAgain(pub PaymentId);

impl Decision for SayCardAgain {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "suite_say_card_again"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        if let Some(known) = view.get::<Card>(self.0)? {
            writes.say_again(&known);
        }
        Ok(())
    }
}

/// Appends to a chain once for a cause. A total below zero is refused.
#[derive(Clone, Copy)]
pub(crate) struct Append {
    pub of: ChainId,
    pub cause: AnyId,
    pub change: i64,
    /// Says `PAYMENT_VOIDED` about it.
    pub card_id: Option<PaymentId>,
    /// How far back the cause is searched for.
    pub not_before: Time,
}

impl Append {
    pub(crate) fn to(of: ChainId, cause: AnyId, change: i64) -> Self {
        Self { of, cause, change, card_id: None, not_before: Time::MIN }
    }

    pub(crate) fn about(self, card_id: PaymentId) -> Self {
        Self { card_id: Some(card_id), ..self }
    }

    pub(crate) fn not_before(self, not_before: Time) -> Self {
        Self { not_before, ..self }
    }
}

/// What became of an [`Append`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// A new entry at that place, with that total.
    New { sequence: u64, total: i64 },
    /// The cause had made the entry at that place; it was said again.
    Again { sequence: u64 },
    /// That total is not enough.
    Refused { total: i64 },
}

impl Decision for Append {
    type Outcome = Appended;

    fn name(&self) -> &'static str {
        "suite_append"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Appended, Suspend> {
        let chain = view.chain::<Mark>(self.of, self.cause, self.not_before)?;
        if let Some(caused) = chain.caused {
            writes.say_again(&caused);
            return Ok(Appended::Again { sequence: caused.sequence });
        }
        let before = chain.head.as_ref().map_or(0, |head| head.total);
        let total = before + self.change;
        if total < 0 {
            return Ok(Appended::Refused { total: before });
        }
        let sequence = chain.head.as_ref().map_or(0, |head| head.sequence + 1);
        let said = self.card_id.map(|_| view.event(EventKind::PaymentVoided));
        let put = writes.create(Mark {
            account_id: self.of,
            sequence,
            cause: self.cause,
            booked_at: chain.head.map_or(view.now(), |head| view.now().max(head.booked_at)),
            change: self.change,
            total,
            card_id: self.card_id,
        });
        if let Some(said) = said {
            put.says(said);
        }
        Ok(Appended::New { sequence, total })
    }
}

/// Moves what is counted from one card to another, if there is enough.
#[derive(Clone, Copy)]
pub(crate) struct Move {
    pub from: PaymentId,
    pub to: PaymentId,
    pub count: u64,
}

impl Decision for Move {
    /// Whether it was moved.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "suite_move"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let (from, to) = (view.get::<Card>(self.from)?, view.get::<Card>(self.to)?);
        let (Some(from), Some(to)) = (from, to) else { return Ok(false) };
        let Some(left) = from.count.checked_sub(self.count) else { return Ok(false) };
        writes.update(&from, Card::clone(&from).with_count(left));
        writes.update(&to, Card::clone(&to).with_count(to.count + self.count));
        Ok(true)
    }
}

/// Counts what is on several cards, and writes nothing.
pub(crate) struct Sum(pub Vec<PaymentId>);

impl Decision for Sum {
    type Outcome = u64;

    fn name(&self) -> &'static str {
        "suite_sum"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<u64, Suspend> {
        let mut sum = 0;
        for id in &self.0 {
            sum += view.get::<Card>(*id)?.map_or(0, |card| card.count);
        }
        Ok(sum)
    }
}

/// Makes a slip, changes a card and appends to two chains, all or nothing.
pub(crate) struct Everything {
    pub slip: Slip,
    pub card_id: PaymentId,
    pub from: Append,
    pub to: Append,
}

impl Decision for Everything {
    /// What is in the way, if anything is.
    type Outcome = Result<(), &'static str>;

    fn name(&self) -> &'static str {
        "suite_everything"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        if view.get::<Slip>(self.slip.slip_id)?.is_some() {
            return Ok(Err("the slip is there"));
        }
        let Some(card) = view.get::<Card>(self.card_id)? else {
            return Ok(Err("there is no card"));
        };
        let mut ours = Writes::default();
        for append in [self.from, self.to] {
            if let Appended::Refused { .. } = append.decide(view, &mut ours)? {
                return Ok(Err("the total is not enough"));
            }
        }
        let said = view.event(EventKind::PaymentFailed).with_detail("everything");
        ours.create(self.slip.clone());
        ours.update(&card, Card::clone(&card).with_count(card.count + 1)).says(said);
        *writes = ours;
        Ok(Ok(()))
    }
}
