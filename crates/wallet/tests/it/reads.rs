//! What a decision asks its view for, and how far back: an automatic payment, the hottest of all, asks
//! for the head of its chain and for entry 0, and for nothing else.

use std::cell::RefCell;
use std::sync::Arc;

use kernel::decision::{Drawn, Source, StoredChain};
use kernel::event::Capture;
use kernel::{
    AnyId, ChainId, Clock, Context, CorrelationId, Decision, EventId, Id, Ids, Key, Kind, Stored,
    Suspend, Time, View, Writes,
};
use wallet::decide::{Credit, Movement, ProcessPaymentRequest};
use wallet::records::Entry;

use crate::bank::{Bank, key};

/// A bank's entries as a source that remembers what it was asked.
struct Asked<'a> {
    bank: &'a Bank,
    asked: RefCell<Vec<String>>,
}

impl Asked<'_> {
    fn note(&self, words: String) {
        self.asked.borrow_mut().push(words);
    }

    fn find(&self, is_it: impl Fn(&Entry) -> bool) -> Option<Stored> {
        let entries = self.bank.store.records::<Entry>();
        let found = entries.into_iter().rfind(|entry| is_it(entry))?;
        Some(Stored::new(found, 1, Arc::from([])))
    }
}

impl Source for Asked<'_> {
    fn get(&mut self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, Suspend> {
        self.note(format!("{} {:?}", kind.name, key.sequence));
        Ok(self.find(|entry| kernel::AnyRecord::key(entry) == key))
    }

    fn chain(
        &mut self,
        _: &'static Kind,
        of: ChainId,
        cause: AnyId,
        not_before: Time,
    ) -> Result<StoredChain, Suspend> {
        self.note(format!("chain from {not_before}"));
        let in_chain = |entry: &Entry| entry.account_id == of;
        let head = self.find(in_chain);
        Ok(StoredChain { head, caused: self.find(|entry| in_chain(entry) && entry.cause == cause) })
    }
}

/// What a decision asks for, made at `now` in answer to something said at `not_before`.
fn asked(bank: &Bank, decision: &impl Decision, now: Time, not_before: Time) -> Vec<String> {
    let mut source = Asked { bank, asked: RefCell::default() };
    let context =
        Context { not_before, ..Context::request(CorrelationId(bank.store.draw()), None) };
    let mut drawn = Drawn::default();
    let mut view = View::new(&mut source, &context, now, &*bank.store, &mut drawn);
    let mut writes = Writes::default();
    assert!(decision.decide(&mut view, &mut writes).is_ok());
    source.asked.into_inner()
}

#[test]
fn a_payment_asks_for_its_chain_and_for_entry_0() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let process = |capture| ProcessPaymentRequest {
        event: EventId::from_uuid(77),
        request: bank.payment("A", 1, capture),
        hold_life: wallet::decide::HOLD_LIFE,
    };
    let fresh = Clock::now(&*bank.store);
    bank.pass_days(1);
    let said = Clock::now(&*bank.store);
    let chain = format!("chain from {said}");
    for capture in [Capture::Automatic, Capture::Manual] {
        let found = asked(&bank, &process(capture), said, said);
        assert_eq!(found, [chain.as_str(), "entry Some(0)"], "{capture:?}");
    }
    // Only of a wallet that is as young as the event it is asked whether the event was refused for
    // want of it.
    let found = asked(&bank, &process(Capture::Automatic), fresh, fresh);
    assert_eq!(found[1..], ["entry Some(0)", "refusal None"]);
}

#[test]
fn a_keyed_request_is_looked_for_however_long_ago_it_came() {
    let bank = Bank::new();
    let now = Clock::now(&*bank.store);
    let alice = bank.owner("A");
    let credit = |key| Credit(Movement { key, ..bank.movement("A", 1) });
    let found = asked(&bank, &credit(Some(key(&alice, "credit", "k", 1))), now, Time::MIN);
    assert_eq!(found, [format!("chain from {}", Time::MIN), "entry Some(0)".to_owned()]);
    // Without a key its id was drawn just now: there is nothing to look for.
    let found = asked(&bank, &credit(None), now, Time::MIN);
    assert_eq!(found, [format!("chain from {now}"), "entry Some(0)".to_owned()]);
}
