//! The witness: it stands outside of the store, remembers what callers asked for and were told, and
//! compares that with what a store holds.

mod books;

use std::collections::HashMap;

use kernel::{Id as _, Kind, PaymentId, Record, Store, StoreError, WalletId};
use operations::verify::verify;
use payment::records::{Payment, PaymentStatus};
use simulation::dice::Dice;
use wallet::records::Entry;

use books::{Expected, Held};

use super::deed::{Asked, Deed, Told, sequence_of, words};
use super::machine::Counts;

/// What is known of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It was not done.
    Absent,
    /// Nobody could say.
    Unknown,
    /// It was done, in these words.
    Done(String),
}

/// Something that was asked for.
struct Case {
    asked: Asked,
    state: State,
    /// Somebody waits for the answer.
    is_waiting: bool,
}

/// See the file's comment.
pub(crate) struct Witness {
    dice: Dice,
    cases: Vec<Case>,
    /// Payments whose end somebody was told.
    ended: HashMap<PaymentId, PaymentStatus>,
    wallets: Vec<WalletId>,
    /// What the store did that it must not do, the first of it.
    pub(crate) wrong: Option<String>,
    /// How often what, so that a test can tell that it tested something.
    pub(crate) seen: Seen,
}

/// How often something was seen.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) done: u64,
    pub(crate) refused: u64,
    pub(crate) not_written: u64,
    pub(crate) unknown: u64,
    pub(crate) unknown_done: u64,
    pub(crate) checked: u64,
    pub(crate) checkpoints: u64,
    pub(crate) segments: u64,
    pub(crate) failed_writes: u64,
    pub(crate) failed_syncs: u64,
    pub(crate) ended: u64,
}

impl Seen {
    /// And so often as well.
    pub(crate) fn add(&mut self, more: Self) {
        self.done += more.done;
        self.refused += more.refused;
        self.not_written += more.not_written;
        self.unknown += more.unknown;
        self.unknown_done += more.unknown_done;
        self.checked += more.checked;
        self.checkpoints += more.checkpoints;
        self.segments += more.segments;
        self.failed_writes += more.failed_writes;
        self.failed_syncs += more.failed_syncs;
        self.ended += more.ended;
    }
}

/// What is wrong, or the store could not say.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The store could not read.
    Store(StoreError),
    /// It holds what it must not, or lacks what it must hold.
    Wrong(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn wrong<T>(why: String) -> Result<T, Trouble> {
    Err(Trouble::Wrong(why))
}

impl Witness {
    /// Who knows nothing yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::of(seed),
            cases: Vec::new(),
            ended: HashMap::new(),
            wallets: Vec::new(),
            wrong: None,
            seen: Seen::default(),
        }
    }

    /// Something to ask for, and its number: mostly something new, sometimes a repeat.
    pub(crate) fn next(&mut self) -> (usize, Asked) {
        let mut number = self.cases.len();
        if number > 0 && self.dice.once_in(6) {
            let back = 1 + self.dice.below(number.min(12));
            number -= if self.cases[number - back].is_waiting { 0 } else { back };
        }
        if number == self.cases.len() {
            let asked = Asked::new(number, self.deed());
            self.cases.push(Case { asked, state: State::Absent, is_waiting: true });
        }
        let case = &mut self.cases[number];
        case.is_waiting = true;
        (number, case.asked)
    }

    fn deed(&mut self) -> Deed {
        if self.wallets.len() < 3 || self.dice.once_in(25) {
            return Deed::Open;
        }
        let (from, to) = (self.dice.pick(&self.wallets), self.dice.pick(&self.wallets));
        let cents = self.dice.pick(&[1, 250, 2_000, 9_999]);
        match self.dice.below(8) {
            0..3 => Deed::Credit { to, cents },
            3..5 if from != to => Deed::Transfer { from, to, cents },
            _ => Deed::Pay { from, cents },
        }
    }

    /// Notes what a caller was told.
    pub(crate) fn note(&mut self, number: usize, came: Result<Told, StoreError>) {
        let Case { asked, state, is_waiting } = &mut self.cases[number];
        *is_waiting = false;
        let seen = &mut self.seen;
        let count = match &came {
            Ok(Ok(_)) => &mut seen.done,
            Ok(Err(_)) => &mut seen.refused,
            Err(StoreError::OutcomeUnknown(_)) => &mut seen.unknown,
            Err(_) => &mut seen.not_written,
        };
        *count += 1;
        let before = state.clone();
        *state = match (before, came) {
            (_, Err(StoreError::Broken(why))) => {
                self.wrong.get_or_insert(format!("{asked:?}: {why}"));
                return;
            }
            // It was not done this time. What happened before stays as it is.
            (before, Err(StoreError::Busy | StoreError::Unavailable(_)))
            | (before @ State::Done(_), Err(StoreError::OutcomeUnknown(_))) => before,
            (State::Absent | State::Unknown, Err(StoreError::OutcomeUnknown(_))) => State::Unknown,
            (State::Done(before), Ok(now)) => {
                if now.as_ref() != Ok(&before) {
                    let why = format!("{asked:?} was answered by {before}, and then by {now:?}");
                    self.wrong.get_or_insert(why);
                }
                State::Done(before)
            }
            // A repeat would have found it.
            (State::Absent | State::Unknown, Ok(Err(_))) => State::Absent,
            (State::Absent | State::Unknown, Ok(Ok(now))) => {
                self.wallets.extend((asked.deed == Deed::Open).then(|| asked.wallet()));
                State::Done(now)
            }
        };
    }

    /// Notes that nobody was told anything: the program stopped before.
    pub(crate) fn note_stop(&mut self, number: usize) {
        self.cases[number].is_waiting = false;
    }

    /// Notes that a caller was shown a payment.
    pub(crate) fn note_payment(&mut self, payment: &Payment) {
        if payment.status != PaymentStatus::Pending {
            self.ended.insert(payment.payment_id, payment.status);
        }
    }

    /// Notes what a program did.
    pub(crate) fn note_counts(&mut self, before: Counts, after: Counts) {
        self.seen.checkpoints += after.checkpoints - before.checkpoints;
        self.seen.segments += after.segments - before.segments;
        self.seen.ended += after.ended - before.ended;
    }

    /// Reads, by key, everything that was done.
    ///
    /// # Errors
    /// The store cannot read; or what is wrong.
    pub(crate) async fn read(&self, store: &Store) -> Result<(), Trouble> {
        for (asked, told) in self.done() {
            let wallet = match asked.deed {
                Deed::Open => Some(asked.wallet()),
                Deed::Credit { to, .. } => Some(to),
                // The answer to a transfer is the entry that leaves.
                Deed::Transfer { from, .. } => Some(from),
                Deed::Pay { .. } => None,
            };
            let found = if let Some(wallet) = wallet {
                let entry = store.get::<Entry>((wallet.into(), sequence_of(told))).await?;
                entry.map(|entry| words(&entry))
            } else {
                let payment = store.get::<Payment>(asked.payment()).await?;
                payment.map(|payment| payment.payment_id.to_string())
            };
            if found.as_deref() != Some(told) {
                return wrong(format!("{asked:?} was told {told}, but one reads {found:?}"));
            }
        }
        Ok(())
    }

    /// Asks for what SQLite alone can tell. It may say that it cannot, but nothing false.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) async fn list(&self, store: &Store) -> Result<(), Trouble> {
        for (asked, told) in self.done() {
            let Deed::Credit { to, .. } = asked.deed else { continue };
            match store.caused::<Entry>(to.into(), asked.transfer().any()).await {
                Err(StoreError::Unavailable(_)) => return Ok(()),
                Ok(Some(entry)) if words(&entry) == told => {}
                found => {
                    return wrong(format!("{asked:?} was told {told}, but there is {found:?}"));
                }
            }
        }
        Ok(())
    }

    fn done(&self) -> impl Iterator<Item = (&Asked, &str)> {
        self.cases.iter().filter_map(|case| match &case.state {
            State::Done(told) => Some((&case.asked, told.as_str())),
            State::Absent | State::Unknown => None,
        })
    }

    /// Compares everything with a store that stands still and has heard all events.
    ///
    /// # Errors
    /// The store cannot read; or what is wrong.
    pub(crate) async fn check(&mut self, store: &Store) -> Result<(), Trouble> {
        let report = verify(&**store.port(), &mut |_| {}).await?;
        if let Some(violation) = report.violations.first() {
            return wrong(violation.clone());
        }
        let entries = all::<Entry>(store).await?;
        let payments = all::<Payment>(store).await?;
        let held = Held::of(&entries, &payments);
        let mut expected = Expected::default();
        for Case { asked, state, .. } in &mut self.cases {
            let found = held.find(asked)?;
            match (&*state, &found) {
                (State::Absent, Some(found)) => {
                    return wrong(format!("{asked:?} was not written, but there is {found}"));
                }
                (State::Done(told), found) if found.as_ref() != Some(told) => {
                    return wrong(format!("{asked:?} was told {told}, but there is {found:?}"));
                }
                (State::Unknown, Some(_)) => {
                    self.seen.unknown_done += 1;
                    if asked.deed == Deed::Open {
                        self.wallets.push(asked.wallet());
                    }
                }
                _ => {}
            }
            if found.is_some() {
                expected.add(asked, &held);
            }
            *state = found.map_or(State::Absent, State::Done);
        }
        for (payment_id, status) in &self.ended {
            let there = held.payments.get(payment_id).map(|payment| payment.status);
            if there != Some(*status) {
                return wrong(format!("{payment_id} was {status:?}, and is {there:?}"));
            }
        }
        expected.compare(&held)?;
        self.seen.checked += 1;
        Ok(())
    }
}

/// Every record of a kind.
pub(crate) async fn all<R: Record>(store: &Store) -> Result<Vec<R>, Trouble> {
    let kind: &'static Kind = R::KIND;
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let piece = store.port().scan(kind, after, 500).await?;
        for row in piece.rows {
            match row {
                Ok(stored) => found.push(R::clone(&stored.downcast::<R>().unwrap())),
                Err(bad) => return wrong(bad.to_string()),
            }
        }
        after = piece.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
