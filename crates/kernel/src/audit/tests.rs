//! Lines as they are made, and what a line must be. How a whole trail is walked is not here.

use core::net::Ipv4Addr;
use core::time::Duration;

use super::*;
use crate::caller::{Caller, Role};
use crate::context::Context;
use crate::decision::{Decision, Known, Suspend, View, Writes};
use crate::id::AnyId;
use crate::memory::MemoryStore;
use crate::request::RequestKey;

fn operator() -> Caller {
    Caller { sub: Subject::new("root").unwrap(), role: Role::Operator }
}

fn act() -> Act {
    Act::of(&operator(), "loan", "approve_loan", "loan-1")
}

fn book(store: &MemoryStore, act: Act) {
    let context = Context::request(CorrelationId(7), None);
    let context = context.from_address(Some(Ipv4Addr::new(192, 0, 2, 1).into()));
    store.run(&Book(act), context).unwrap();
}

/// The lines of a store, each walked from the one before it.
fn lines(store: &MemoryStore) -> Vec<AuditLine> {
    let lines: Vec<_> =
        store.records::<AuditLine>().iter().map(|line| AuditLine::clone(line)).collect();
    let mut before: Option<&AuditLine> = None;
    for line in &lines {
        let before_it = before.filter(|before| before.trail_id == line.trail_id);
        assert_eq!(line.hash, line.hash_after(before_it.map(|before| before.hash)));
        assert_eq!(before_it.map_or(Ok(()), |before| line.follows(before)), Ok(()));
        before = Some(line);
    }
    lines
}

#[test]
fn each_service_has_its_own_trail_in_which_lines_follow_each_other() {
    let store = MemoryStore::new();
    book(&store, act());
    book(&store, Act::of(&operator(), "wallet", "freeze_wallet", "wal-1"));
    let refused = Act::of_nobody("loan", "log_in", "usr-1").ending("wrong-password");
    book(&store, refused.several(3, Time::MIN));
    let lines = lines(&store);
    let places: Vec<_> = lines.iter().map(|line| (line.service.as_str(), line.sequence)).collect();
    assert!(places.contains(&("loan", 1)) && places.contains(&("wallet", 0)), "{places:?}");
    let last = lines.iter().find(|line| line.times == 3).unwrap();
    assert_eq!(last.outcome.as_ref().unwrap().as_str(), "wrong-password");
    assert_eq!((&last.sub, last.first_at), (&None, Some(Time::MIN)));
    assert_eq!(last.from_address.unwrap().to_string(), "192.0.2.1");
}

fn key(key: &str) -> Option<RequestKey> {
    Some(RequestKey::new(&operator().sub, &["approve_loan", "loan-1"], key, Hash32([0; 32])))
}

#[test]
fn what_a_key_names_is_booked_once_a_day() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    // Wherever in a day it begins.
    for hours in 0..24 {
        let store = MemoryStore::new();
        store.pass(HOUR.saturating_mul(hours));
        let asked = || act().keyed(key("a"));
        book(&store, asked());
        book(&store, act());
        book(&store, asked());
        store.pass(HOUR.saturating_mul(23));
        book(&store, asked());
        book(&store, act().keyed(key("b")));
        assert_eq!(lines(&store).len(), 3);

        // Forgotten: it is another act, and then that is remembered.
        store.pass(HOUR.saturating_mul(2));
        book(&store, asked());
        book(&store, asked());
        store.pass(HOUR.saturating_mul(23));
        book(&store, asked());
        let lines = lines(&store);
        assert_eq!(lines.len(), 4, "begun at {hours} o'clock");
        let ids: std::collections::HashSet<_> = lines.iter().map(|line| line.audit_id).collect();
        assert_eq!(ids.len(), 4, "each line has an id of its own");
    }
}

/// Every column that a line's hash goes over, changed: the hash is another.
#[test]
fn the_hash_goes_over_every_column() {
    let store = MemoryStore::new();
    book(&store, act().because(Some(Reason::new("as agreed").unwrap())).several(2, Time::MIN));
    let line = lines(&store).remove(0);
    let words = |text| Words::new(text).unwrap();
    let changed = [
        AuditLine { trail_id: TrailId::from_uuid(1), ..line.clone() },
        AuditLine { sequence: 1, ..line.clone() },
        AuditLine { audit_id: AuditId::from_uuid(98), ..line.clone() },
        AuditLine { service: Words::new("x").unwrap(), ..line.clone() },
        AuditLine { at: Time::MIN, ..line.clone() },
        AuditLine { sub: None, ..line.clone() },
        AuditLine { role: None, ..line.clone() },
        AuditLine { operation: words("x"), ..line.clone() },
        AuditLine { subject: Words::new("x").unwrap(), ..line.clone() },
        AuditLine { reason: None, ..line.clone() },
        AuditLine { outcome: Some(words("x")), ..line.clone() },
        AuditLine { from_address: None, ..line.clone() },
        AuditLine { correlation: None, ..line.clone() },
        AuditLine { times: 3, ..line.clone() },
        AuditLine { first_at: None, ..line.clone() },
        AuditLine { adopted_at: Some(Time::MIN), ..line.clone() },
        AuditLine { found: Some(Hash32([1; 32])), ..line.clone() },
        AuditLine { left: Some(Hash32([1; 32])), ..line.clone() },
        AuditLine { began: Some(Hash32([1; 32])), ..line.clone() },
        AuditLine { detail: Some(words("x")), ..line.clone() },
    ];
    // All but the hash itself.
    assert_eq!(changed.len() + 1, <AuditLine as crate::Record>::KIND.columns.len());
    for changed in changed {
        assert_ne!(changed.hash_after(None), line.hash, "{changed:?}");
    }
    assert_ne!(line.hash_after(Some(line.hash)), line.hash);
}

#[test]
fn a_line_that_contradicts_itself_is_none() {
    let store = MemoryStore::new();
    book(&store, act());
    let line = lines(&store).remove(0);
    let check = |line: AuditLine, expected: &str| {
        assert_eq!(line.check().unwrap_err(), expected);
    };
    let other = AuditLine { trail_id: TrailId::of("wallet"), ..line.clone() };
    check(other, "its trail is not its service's");
    check(AuditLine { times: 0, ..line.clone() }, "it tells of nothing");
    check(AuditLine { times: 2, ..line.clone() }, "it tells of several without the first");
    let several = AuditLine { times: 2, first_at: Some(Time::MAX), ..line };
    check(several, "the first came after the last");
}

/// A decision that breaks the rule: it writes a line anew.
struct Forge(Known<AuditLine>);

impl Decision for Forge {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "forge"
    }

    fn decide(&self, _: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        writes.say_again(&self.0);
        Ok(())
    }
}

#[test]
#[should_panic(expected = "a decision changed a record of audit_line, which never changes")]
fn no_decision_changes_a_line() {
    let store = MemoryStore::new();
    book(&store, act());
    let record = store.records::<AuditLine>().remove(0);
    let known = Known { record, version: 1, said: [].into() };
    let _ran = store.run(&Forge(known), Context::request(CorrelationId(7), None));
}

#[test]
fn former_lines_are_taken_over_once_and_first() {
    let store = MemoryStore::new();
    let former = |number: u128, at| FormerLine {
        audit_id: AuditId::from_uuid(number),
        service: Words::new("loan").unwrap(),
        at: Time::from_micros(at),
        sub: Subject::new("root").unwrap(),
        role: RoleName::Operator,
        operation: Words::new("approve_loan").unwrap(),
        subject: Words::new("loan-1").unwrap(),
        reason: None,
    };
    let formers = vec![former(1, 10), former(2, 20)];
    let adopt = || {
        let context = Context::request(CorrelationId(7), None);
        let ran = store.run(&Adopt(formers.clone()), context).unwrap();
        *ran.downcast::<usize>().unwrap()
    };
    assert_eq!((adopt(), adopt()), (2, 0));
    book(&store, act());
    assert_eq!(adopt(), 0);
    let ids: Vec<AnyId> = lines(&store).iter().map(|line| line.audit_id.any()).collect();
    assert_eq!(ids[..2], [AuditId::from_uuid(1).any(), AuditId::from_uuid(2).any()]);
    let times: Vec<_> = lines(&store).iter().map(|line| (line.at, line.adopted_at)).collect();
    assert_eq!(times[0].0, Time::from_micros(10));
    assert!(times[0].1.is_some() && times[2].1.is_none());
}
