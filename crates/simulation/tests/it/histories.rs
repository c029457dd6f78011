//! Random histories, played at an institution over the reference store and at others over the real
//! ones: every answer is the same, and so is everything that is left at the end. What was published
//! meanwhile is what the records tell afterwards.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use kernel::operators::{EventQuery, LoggedEvent};
use kernel::{AnyId, Envelope, EventId};
use operations::said;
use simulation::candidates::{Dynamodb, Embedded, Memory, Mishap};
use simulation::conformance::store::Candidate;
use simulation::institution::{Echo, Institution};
use simulation::model::History;
use store_embedded::Durability;
use tokio::runtime::Builder;

/// Names a seed in the environment, to play its history alone.
const SEED: &str = "SIMULATION_SEED";

fn stores() -> Vec<Box<dyn Candidate>> {
    let mut stores: Vec<Box<dyn Candidate>> = vec![
        Box::new(Memory(Mishap::None)),
        Box::new(Embedded(Durability::Sqlite, Mishap::None)),
        Box::new(Embedded(Durability::Journal, Mishap::None)),
    ];
    if let Some(dynamodb) = Dynamodb::new(Mishap::None) {
        stores.push(Box::new(dynamodb));
    }
    stores
}

/// Asserts that all are the first; says where they part.
fn same<T: PartialEq + std::fmt::Debug>(all: &[T], what: &str, seed: u64) {
    for other in all.iter().skip(1) {
        assert_eq!(*other, all[0], "{what} of the history {SEED}={seed}");
    }
}

/// Plays a history of that many acts everywhere; gives back how many of them succeeded.
async fn play(seed: u64, acts: usize) -> usize {
    let mut institutions = Vec::new();
    for store in stores() {
        institutions.push(Institution::open(&*store, Echo::None).await);
    }
    let mut done = Vec::new();
    for (number, act) in History::of(seed).take(acts).enumerate() {
        let mut answers = Vec::new();
        let mut lines = Vec::new();
        for institution in &mut institutions {
            institution.clock.pass(Duration::from_secs(1));
            answers.push(institution.act(act).await);
            institution.settle().await;
            lines.push(institution.line().await);
        }
        done.extend(answers[0].is_ok().then_some(number));
        same(&answers, &format!("the answer to act {number}, {act:?},"), seed);
        same(&lines, &format!("the state after act {number}, {act:?},"), seed);
    }
    let mut ends = Vec::new();
    let mut logs = Vec::new();
    for institution in &mut institutions {
        institution.rest().await;
        institution.assert_sound().await;
        ends.push(institution.everything().await);
        let log = institution.log().await;
        logs.push(log.into_iter().map(|event| event.envelope).collect::<Vec<_>>());
    }
    for lengths in
        [ends.iter().map(Vec::len).collect::<Vec<_>>(), logs.iter().map(Vec::len).collect()]
    {
        same(&lengths, "how much is left", seed);
    }
    same(&ends, "the end", seed);
    same(&logs, "the log", seed);
    done.len()
}

fn play_all(seeds: impl Iterator<Item = u64>, acts: usize) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    for seed in given.map_or_else(|| seeds.collect(), |seed: u64| vec![seed]) {
        let done = runtime.block_on(play(seed, acts));
        println!("{SEED}={seed}: {acts} acts, {done} of them done");
        assert!(done > acts.div_euclid(3), "a history in which little happens shows little");
    }
}

#[test]
fn the_stores_agree_on_every_history() {
    play_all(1..=8, 150);
}

/// Asserts that what was published about a payment or loan is what its records tell later, each event
/// once, an answer after its question.
async fn assert_told(institution: &Institution, seed: u64) {
    let mut published: BTreeMap<AnyId, BTreeMap<EventId, Envelope>> = BTreeMap::new();
    for LoggedEvent { envelope, .. } in institution.log().await {
        let about = published.entry(envelope.data.subject()).or_default();
        let first = about.entry(envelope.id).or_insert_with(|| envelope.clone());
        assert_eq!(*first, envelope, "said again it is another, in the history {SEED}={seed}");
    }
    for (subject, expected) in published {
        let query =
            EventQuery { subject: Some(subject), limit: usize::MAX, ..EventQuery::default() };
        let told = said::events(&institution.store(), &query).await.unwrap();
        let mut known = HashSet::new();
        for LoggedEvent { envelope, .. } in &told {
            let cause = envelope.causation;
            assert!(cause.is_none_or(|cause| known.contains(&cause)), "{envelope:?}");
            assert!(known.insert(envelope.id), "{envelope:?} is told twice");
        }
        let told: BTreeMap<_, _> =
            told.into_iter().map(|event| (event.envelope.id, event.envelope)).collect();
        assert_eq!(told, expected, "what was said about {subject} in the history {SEED}={seed}");
    }
}

async fn tell(store: &dyn Candidate, echo: Echo, seed: u64, acts: usize) {
    let mut institution = Institution::open(store, echo).await;
    for act in History::of(seed).take(acts) {
        institution.clock.pass(Duration::from_secs(1));
        // What is refused says nothing.
        let _answer = institution.act(act).await;
        institution.settle().await;
    }
    institution.rest().await;
    assert_told(&institution, seed).await;
}

/// The one with a log is left out: its records keep only what they said last.
#[test]
fn the_records_tell_what_was_published() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for (seed, echo) in [(11, Echo::None), (12, Echo::InOrder), (13, Echo::Backwards)] {
        runtime.block_on(tell(&Memory(Mishap::None), echo, seed, 300));
        if let Some(dynamodb) = Dynamodb::new(Mishap::None) {
            runtime.block_on(tell(&dynamodb, echo, seed, 100));
        }
    }
}
