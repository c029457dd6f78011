//! The audit trails by themselves: a line that was changed, removed, put in or put elsewhere is found
//! and named; what a trail cannot tell of its own end, the records or an earlier check tell.

use kernel::audit::AuditLine;
use kernel::record::Hash32;
use kernel::text::{Reason, Words};
use kernel::{AuditId, Id, Key, Subject, Time, TrailId};

use crate::tampering::{check, named};
use crate::world::World;

const BAD_HASH: &str = "has a hash that is not that of its content and of the hash before it.";
const NOT_NEXT: &str = "does not follow the one before it: its sequence is not the next one.";

/// The line of the wallet service's trail at a place.
fn at(world: &World, sequence: u64) -> AuditLine {
    let trail_id = TrailId::of("wallet");
    world.record(|line: &AuditLine| line.trail_id == trail_id && line.sequence == sequence)
}

fn newest(world: &World) -> AuditLine {
    let lines = world.store.records::<AuditLine>();
    let ours = lines.iter().filter(|line| line.service.as_str() == "wallet");
    AuditLine::clone(ours.max_by_key(|line| line.sequence).unwrap())
}

fn remove(world: &World, sequence: u64) {
    world.store.remove::<AuditLine>(Key::entry(TrailId::of("wallet"), sequence));
}

/// Gives every line of the trail the place and the hash that fit it, as somebody would who knows how.
fn reseal(world: &World) {
    let trail_id = TrailId::of("wallet");
    let lines = world.store.records::<AuditLine>();
    let lines: Vec<_> = lines.iter().filter(|line| line.trail_id == trail_id).collect();
    lines.iter().for_each(|line| remove(world, line.sequence));
    let mut before: Option<Hash32> = None;
    for (sequence, line) in (0..).zip(lines) {
        let line = AuditLine { sequence, ..AuditLine::clone(line) };
        let line = AuditLine { hash: line.hash_after(before), ..line };
        before = Some(line.hash);
        world.store.tamper(line);
    }
}

#[test]
fn a_changed_line_is_found_by_its_hash() {
    fn changed(how: fn(&mut AuditLine)) {
        let tamper = |world: &mut World| {
            let mut line = at(world, 2);
            how(&mut line);
            world.store.tamper(line);
        };
        check(tamper, &[&format!("Audit line wallet/2 {BAD_HASH}")]);
    }
    changed(|line| line.sub = Some(Subject::new("somebody-else").unwrap()));
    changed(|line| line.sub = None);
    changed(|line| line.role = None);
    changed(|line| line.reason = Some(Reason::new("as agreed").unwrap()));
    changed(|line| line.outcome = Some(Words::new("refused").unwrap()));
    changed(|line| line.from_address = Some("192.0.2.1".parse().unwrap()));
    changed(|line| line.correlation = None);
    changed(|line| line.at = Time::from_micros(line.at.micros() + 1));
    changed(|line| line.adopted_at = Some(line.at));
    changed(|line| line.audit_id = AuditId::named(&["another"]));
}

#[test]
fn a_line_that_contradicts_itself_or_steps_back_is_named() {
    let of_several = |world: &mut World| {
        world.store.tamper(AuditLine { times: 2, ..at(world, 2) });
    };
    let contradicts = "contradicts itself: it tells of several without the first.";
    check(
        of_several,
        &[
            &format!("Audit line wallet/2 {contradicts}"),
            &format!("Audit line wallet/2 {BAD_HASH}"),
        ],
    );
    check(
        |world| world.store.tamper(AuditLine { at: Time::from_micros(0), ..at(world, 2) }),
        &["Audit line wallet/2 does not follow the one before it: it was done before the line \
           before it."],
    );
    let world = World::new();
    let again = at(&world, 1).audit_id;
    world.store.tamper(AuditLine { audit_id: again, ..at(&world, 2) });
    reseal(&world);
    let expected = format!("Audit line wallet/2 has the id {again}, which a line before has.");
    assert_eq!(world.verify().violations, [expected]);
}

#[test]
fn a_line_that_was_removed_put_in_or_put_elsewhere_is_found() {
    check(|world| remove(world, 0), &["Audit line wallet/1 begins its trail, which line 0 must."]);
    check(|world| remove(world, 1), &[&format!("Audit line wallet/2 {NOT_NEXT}")]);
    let put_in = |world: &mut World| {
        let last = newest(world);
        let audit_id = AuditId::named(&["put in"]);
        let operation = Words::new("capture_payment").unwrap();
        let sequence = last.sequence + 1;
        world.store.tamper(AuditLine { audit_id, operation, sequence, ..last });
    };
    let world = World::new();
    let next = newest(&world).sequence + 1;
    check(put_in, &[&format!("Audit line wallet/{next} {BAD_HASH}")]);
    let swapped = |world: &mut World| {
        let (one, other) = (at(world, 1), at(world, 2));
        world.store.tamper(AuditLine { sequence: 2, at: other.at, ..one.clone() });
        world.store.tamper(AuditLine { sequence: 1, at: one.at, ..other });
    };
    // The hash of the third stands on that of the second, which is another's now.
    let bad = [1, 2, 3].map(|place| format!("Audit line wallet/{place} {BAD_HASH}"));
    check(swapped, &bad.each_ref().map(String::as_str));
    let moved = |world: &mut World| {
        let line = newest(world);
        remove(world, line.sequence);
        let (trail_id, sequence) = (TrailId::of("payment"), 0);
        world.store.tamper(AuditLine { trail_id, sequence, ..line });
    };
    let mut world = World::new();
    moved(&mut world);
    let found = named(&world, world.verify().violations);
    assert!(
        found
            .iter()
            .any(|one| one.ends_with("contradicts itself: its trail is not its service's.")),
        "{found:?}"
    );
}

/// Somebody who can write the whole trail anew leaves no trace in it: the records tell of the act, and
/// whoever kept how far the trail went sees that it was another.
#[test]
fn a_trail_that_was_cut_or_written_anew_is_told_by_the_rest() {
    let forged = |world: &mut World| {
        let frozen = world.record(|line: &AuditLine| line.operation.as_str() == "unfreeze_wallet");
        remove(world, frozen.sequence);
        reseal(world);
    };
    let expected =
        "Of bob the ledger has UNFROZEN 1 times, the audit trail unfreeze_wallet 0 times.";
    check(forged, &[expected]);

    let world = World::new();
    let whole = world.verify().trails;
    let services: Vec<_> = whole.iter().map(|trail| trail.service.as_str()).collect();
    assert_eq!(services, ["loan", "payment", "wallet"]);
    let last = newest(&world);
    assert_eq!(whole[2].lines, last.sequence + 1);
    assert_eq!(whole[2].hash, last.hash.to_string());
    remove(&world, last.sequence);
    let cut = world.verify().trails;
    assert_ne!(cut[2], whole[2]);
    assert_eq!(cut[..2], whole[..2]);
}
