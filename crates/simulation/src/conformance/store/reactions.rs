//! Who hears what the suite's records say: a saga of three decisions in small. A card asks, a chain
//! books it and answers, the card notes the answer.

use kernel::decision::ErasedDecision;
use kernel::event::EventData;
use kernel::manifest::{Subscription, Unprocessable};
use kernel::{
    Decision, Envelope, EventId, EventKind, Id, PaymentId, Record, Suspend, Topic, View, Writes,
};

use super::decisions::Append;
use super::kinds::{Card, Mark};

/// Books what a card asks in the chain of its wallet.
pub(crate) static BOOK_MARK: Subscription = Subscription {
    name: "book_mark",
    topic: Topic::Payment,
    hears: &[EventKind::PaymentVoidRequested],
    react: book_mark,
    writes: &[Mark::KIND],
};

/// Notes on the card that it was booked.
pub(crate) static CLOSE_CARD: Subscription = Subscription {
    name: "close_card",
    topic: Topic::Payment,
    hears: &[EventKind::PaymentVoided],
    react: close_card,
    writes: &[Card::KIND],
};

/// Both.
pub(crate) static SUBSCRIPTIONS: [&Subscription; 2] = [&BOOK_MARK, &CLOSE_CARD];

fn book_mark(event: &Envelope) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let EventData::PaymentVoidRequested(asked) = &event.data else {
        return Err(Unprocessable(format!("{} asks for no mark", event.kind().name())));
    };
    let append = Append::to(asked.wallet_id.into(), event.id.any(), 1);
    Ok(Box::new(append.about(asked.transaction_id).not_before(event.time)))
}

fn close_card(event: &Envelope) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let EventData::PaymentVoided(voided) = &event.data else {
        return Err(Unprocessable(format!("{} closes no card", event.kind().name())));
    };
    Ok(Box::new(Close { card_id: voided.transaction_id, by: event.id }))
}

struct Close {
    card_id: PaymentId,
    by: EventId,
}

impl Decision for Close {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "suite_close"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        let Some(known) = view.get::<Card>(self.card_id)? else { return Ok(()) };
        if known.closed_by != Some(self.by) {
            writes.update(&known, Card { closed_by: Some(self.by), ..Card::clone(&known) });
        }
        Ok(())
    }
}
