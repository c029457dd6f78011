//! How a decision is made: over what was loaded; where it lacks something, that is loaded and it decides
//! again; what it writes goes out on condition that what it saw is unchanged. Whoever is beaten takes
//! up the winner and decides again; whoever got no answer looks whether it was done.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::future::{try_join, try_join_all};
use kernel::decision::Drawn;
use kernel::{
    AnyRecord, Context, Envelope, ErasedDecision, Expect, Ids, Key, Put, StoreError, Stored, Time,
    Value, View, Writes,
};

use crate::home::Home;
use crate::loaded::{Gathered, Seen, Sight, Want, guarded, slot, slot_of};
use crate::patience::Patience;
use crate::trouble::Trouble;
use crate::write::{Guard, Write, Written};

type Outcome = Box<dyn Any + Send>;

/// Entries that are read with a chain's head: what an event caused stands among the newest.
const NEWEST: i32 = 4;
/// Entries that are read at once where the search goes further down.
const OLDER: i32 = 200;

/// One call.
pub(crate) struct Call<'c> {
    pub(crate) home: &'c Home,
    pub(crate) decision: &'c dyn ErasedDecision,
    pub(crate) context: &'c Context,
    pub(crate) ids: &'c dyn Ids,
    /// The same each time that it decides, so that it writes the same.
    pub(crate) now: Time,
    pub(crate) patience: Patience,
    pub(crate) loaded: Gathered,
    pub(crate) drawn: Drawn,
    pub(crate) lost: Vec<Lost>,
    pub(crate) beaten: u32,
}

/// A write whose answer did not come.
pub(crate) struct Lost {
    puts: Vec<Put>,
    outcome: Option<Outcome>,
}

/// Whether a lost write was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    NotDone,
    /// Others have written since, and what they wrote does not tell.
    Unknown,
}

/// One run of a decision.
struct Ran {
    /// None: it lacks what it wanted.
    outcome: Option<Outcome>,
    puts: Vec<Put>,
    seen: Seen,
}

impl Call<'_> {
    /// Decides until it is done.
    pub(crate) async fn make(mut self) -> Result<Outcome, StoreError> {
        loop {
            let trouble = match self.attempt().await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => continue,
                Err(trouble) => trouble,
            };
            let may_pass = matches!(trouble, Trouble::Busy(_) | Trouble::Lost(_));
            if !may_pass || !self.patience.wait().await {
                return Err(self.given_up(trouble));
            }
        }
    }

    fn given_up(&self, trouble: Trouble) -> StoreError {
        let decision = self.decision.name();
        if matches!(trouble, Trouble::Unavailable(_)) {
            tracing::error!(decision, ?trouble, "a permission, a table or an index is missing");
        } else {
            tracing::warn!(decision, ?trouble, "given up");
        }
        if !self.lost.is_empty() {
            // Whatever went wrong since, a write may have been done.
            return StoreError::OutcomeUnknown(trouble.into_words());
        }
        match trouble {
            // Only a read had no answer.
            Trouble::Lost(why) => StoreError::Unavailable(why),
            trouble @ (Trouble::Busy(_) | Trouble::Unavailable(_) | Trouble::Broken(_)) => {
                trouble.into()
            }
        }
    }

    /// Decides once, or loads what is lacking. None: to be tried again at once.
    async fn attempt(&mut self) -> Result<Option<Outcome>, Trouble> {
        if !self.lost.is_empty() {
            self.load_lost().await?;
        }
        if let Some(outcome) = self.found_itself() {
            return Ok(Some(outcome));
        }
        let Ran { outcome, puts, seen } = self.run()?;
        let Some(outcome) = outcome else {
            self.load(&seen.wanted).await?;
            return Ok(None);
        };
        if puts.is_empty() {
            return Ok(self.holds(&seen).await?.then_some(outcome));
        }
        if self.lost.iter().any(|lost| self.fate(lost) == Fate::Unknown) {
            let name = self.decision.name();
            return Err(Trouble::Lost(format!("{name}: others have written since")));
        }
        self.write(outcome, puts, &seen).await
    }

    async fn write(
        &mut self,
        outcome: Outcome,
        puts: Vec<Put>,
        seen: &Seen,
    ) -> Result<Option<Outcome>, Trouble> {
        let guards: Vec<_> = guarded(seen, &self.loaded, &puts)
            .into_iter()
            .map(|(kind, key)| {
                let version = self.loaded.version(&slot(kind, key));
                Guard { kind, key, expect: version.map_or(Expect::Absent, Expect::Version) }
            })
            .collect();
        let said_before = |put: &Put| put.said_before(self.loaded.stored(&slot_of(put)));
        let writes: Vec<_> =
            puts.iter().map(|put| Write { put, said_before: said_before(put) }).collect();
        match self.home.write(&writes, &guards).await {
            Ok(Written::Done) => Ok(Some(outcome)),
            Ok(Written::Beaten(winners)) => {
                if let Some(observer) = &self.home.observer {
                    observer.conflict(self.decision.name());
                }
                for winner in winners {
                    let key = (winner.kind.name, winner.key);
                    let is_new = puts.iter().any(|put| slot_of(put) == key && self.is_drawn(put));
                    if is_new && self.lost.is_empty() {
                        return Err(Trouble::Broken(format!("{:?} was drawn before", winner.key)));
                    }
                    self.loaded.take_winner(winner.kind, winner.key, winner.found);
                }
                self.beaten = self.beaten.saturating_add(1);
                if self.beaten == 1 || self.found_one() {
                    return Ok(None);
                }
                // Many are at it: what is newest is read after the wait.
                self.forget(&puts, &guards);
                Err(Trouble::Busy(format!("{}: others were faster", self.decision.name())))
            }
            Err(Trouble::Lost(why)) => {
                self.forget(&puts, &guards);
                self.lost.push(Lost { puts, outcome: Some(outcome) });
                Err(Trouble::Lost(why))
            }
            Err(trouble) => {
                self.forget(&puts, &guards);
                Err(trouble)
            }
        }
    }

    fn forget(&mut self, puts: &[Put], guards: &[Guard]) {
        let written = puts.iter().map(|put| (put.record.kind(), put.record.key()));
        let guarded = guards.iter().map(|guard| (guard.kind, guard.key));
        written.chain(guarded).for_each(|(kind, key)| self.loaded.forget(kind, key));
    }

    /// Runs the decision over what is loaded. One that panics has broken its own rules.
    fn run(&mut self) -> Result<Ran, Trouble> {
        self.drawn.rewind();
        let Self { home: _, decision, context, ids, now, loaded, drawn, .. } = self;
        let mut sight = Sight::over(loaded);
        let mut writes = Writes::default();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut view = View::new(&mut sight, context, *now, *ids, drawn);
            let outcome = decision.decide_erased(&mut view, &mut writes);
            outcome.map(|outcome| {
                let puts = writes.into_puts();
                let said = admit(loaded, &puts);
                (outcome, puts, said)
            })
        }));
        let name = decision.name();
        let seen = sight.seen;
        match ran {
            Err(panic) => Err(Trouble::Broken(format!("{name}: {}", words(&*panic)))),
            Ok(Ok((outcome, puts, Ok(())))) => Ok(Ran { outcome: Some(outcome), puts, seen }),
            Ok(Ok((_, _, Err(why)))) => Err(Trouble::Broken(format!("{name}: {why}"))),
            Ok(Err(_)) if seen.wanted.is_empty() => {
                Err(Trouble::Broken(format!("{name} suspended itself")))
            }
            Ok(Err(_)) => Ok(Ran { outcome: None, puts: Vec::new(), seen }),
        }
    }

    /// Loads what was wanted, all at once.
    async fn load(&mut self, wanted: &[Want]) -> Result<(), Trouble> {
        let home = self.home;
        let (mut keys, mut ends, mut causes) = (Vec::new(), Vec::new(), Vec::new());
        let mut newer = Vec::new();
        for want in wanted {
            match want {
                Want::Record(kind, key) => keys.push((*kind, *key)),
                Want::Newer(kind, of, above) => newer.push((*kind, *of, *above)),
                Want::Cause(kind, of, cause) => causes.push((*kind, *of, *cause)),
                Want::Entries(kind, of, below) => {
                    ends.push((*kind, *of, *below));
                    // Whoever looks at an account's head asks for whose it is, too; not so at a trail's.
                    let opening = (*kind, Key::entry(*of, 0));
                    let known = self.loaded.records.contains_key(&slot(opening.0, opening.1));
                    if below.is_none() && !known && !kind.append_only {
                        keys.push(opening);
                    }
                }
            }
        }
        let heads: Vec<_> = ends
            .iter()
            .filter_map(|(kind, of, below)| below.is_none().then_some((kind.name, *of)))
            .collect();
        let entries = try_join_all(ends.iter().map(|(kind, of, below)| {
            home.entries(kind, *of, *below, if below.is_none() { NEWEST } else { OLDER })
        }));
        let newest =
            try_join_all(newer.iter().map(|(kind, of, above)| home.newer(kind, *of, *above)));
        let places =
            try_join_all(causes.iter().map(|(kind, of, cause)| home.cause(kind, *of, *cause)));
        let records =
            async { if keys.is_empty() { Ok(Vec::new()) } else { home.records(&keys).await } };
        let ((entries, newest), (places, records)) =
            try_join(try_join(entries, newest), try_join(places, records)).await?;
        for ((kind, key), found) in keys.into_iter().zip(records) {
            self.loaded.take(kind, key, found);
        }
        for ((kind, of, _), entries) in ends.into_iter().zip(entries) {
            self.loaded.take_entries(kind, of, entries);
        }
        for ((kind, of, _), entries) in newer.into_iter().zip(newest) {
            self.loaded.take_newer(kind, of, entries);
        }
        for ((kind, of, cause), place) in causes.into_iter().zip(places) {
            let came_with_head = heads.contains(&(kind.name, of));
            // Both were asked for at once, and the index may have answered first: where so much was
            // booked meanwhile that the tail does not reach back, it is asked again.
            if place.is_some() || !came_with_head || self.loaded.is_settled(kind, of, self.now) {
                self.loaded.causes.insert((kind.name, of, cause), place);
            }
        }
        Ok(())
    }

    /// Whether what was seen of several records was true at one moment. One record always is.
    async fn holds(&mut self, seen: &Seen) -> Result<bool, Trouble> {
        if seen.records.len() < 2 {
            return Ok(true);
        }
        let found = self.home.snapshot(&seen.records).await?;
        let mut holds = true;
        for ((kind, key), now) in seen.records.iter().zip(found) {
            let version = now.as_ref().map(|stored| stored.version);
            if version != self.loaded.version(&slot(kind, *key)) {
                holds = false;
                self.loaded.take(kind, *key, now);
            }
        }
        Ok(holds)
    }

    /// Looks at what writes without an answer would have written.
    async fn load_lost(&mut self) -> Result<(), Trouble> {
        let puts = self.lost.iter().flat_map(|lost| &lost.puts);
        let puts: Vec<_> =
            puts.filter(|put| !self.loaded.records.contains_key(&slot_of(put))).collect();
        let found = self.home.in_place_of(&puts).await?;
        for (put, found) in puts.into_iter().zip(found) {
            // What is not there may still come: the decision looks again where it needs to.
            self.loaded.take(put.record.kind(), put.record.key(), found);
        }
        Ok(())
    }

    fn found_one(&self) -> bool {
        self.lost.iter().any(|lost| self.fate(lost) == Fate::Done)
    }

    /// The outcome of a write that was done though no answer came.
    fn found_itself(&mut self) -> Option<Outcome> {
        let place = self.lost.iter().position(|lost| self.fate(lost) == Fate::Done)?;
        self.lost.get_mut(place)?.outcome.take()
    }

    fn fate(&self, lost: &Lost) -> Fate {
        let fates = lost.puts.iter().filter_map(|put| {
            let found = self.loaded.records.get(&slot_of(put))?;
            Some(fate_of(put, found.as_ref(), self.is_drawn(put)))
        });
        fates.into_iter().find(|fate| *fate != Fate::Unknown).unwrap_or(Fate::Unknown)
    }

    /// Whether the id of what is made was drawn in this call: then nobody else makes it.
    fn is_drawn(&self, put: &Put) -> bool {
        put.expect == Expect::Absent && self.drawn.has(put.record.key().id.uuid)
    }
}

/// What a record that is there, or not, says of a write to it.
fn fate_of(put: &Put, found: Option<&Stored>, is_drawn: bool) -> Fate {
    let Some(found) = found else { return Fate::NotDone };
    if is_drawn {
        return Fate::Done;
    }
    let is_entry = put.expect == Expect::Absent && put.record.key().sequence.is_some();
    let is_same = values(&*found.record) == values(&*put.record);
    if is_entry && found.version > 1 {
        // It was said again since, or linked to its reversal; whose it is does not change.
        let is_same_cause = found.record.chained() == put.record.chained();
        return if is_same_cause { Fate::Done } else { Fate::NotDone };
    }
    let is_same_said =
        found.said.iter().map(|said| said.id).eq(put.events.iter().map(|said| said.id));
    match found.version.cmp(&put.version()) {
        std::cmp::Ordering::Less => Fate::NotDone,
        std::cmp::Ordering::Equal if is_same && is_same_said => Fate::Done,
        std::cmp::Ordering::Equal => Fate::NotDone,
        std::cmp::Ordering::Greater => Fate::Unknown,
    }
}

fn values(record: &dyn AnyRecord) -> Vec<Value<'static>> {
    let mut values = Vec::with_capacity(record.kind().columns.len());
    record.values(&mut |value| values.push(value.into_owned()));
    values
}

/// The second of the two assertions about what is put: the first stands in the decision.
fn admit(loaded: &Gathered, puts: &[Put]) -> Result<(), String> {
    for put in puts {
        let slot = slot_of(put);
        let expected = match put.expect {
            Expect::Absent => None,
            Expect::Version(version) => Some(version),
        };
        // What is made may be expected to be absent unseen; what is changed was looked at.
        let was_seen = loaded.records.contains_key(&slot);
        if (was_seen || expected.is_some()) && loaded.version(&slot) != expected {
            return Err(format!("{:?} is not as the decision saw it", slot.1));
        }
        for said in &put.events {
            Envelope::build(&*put.record, said).map_err(|bad| bad.to_string())?;
        }
    }
    Ok(())
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}
