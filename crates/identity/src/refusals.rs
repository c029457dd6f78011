//! Who was refused at signing in, counted by name and network until it is booked: each minute those who
//! were refused most have a line each on the audit trail, and all others one together, so that a flood
//! fills neither memory nor disk. Names stay in memory: the trail has the user's id where there is such a
//! user, else a hash by a key that is drawn at each start, by which lines of one name are found together.
//! Not in here: what a line is, see `decide`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use http_api::ClientAddress;
use kernel::record::Hash32;
use kernel::request::RequestKey;
use kernel::time::System;
use kernel::{Context, Ids, Store, StoreError, Time};
use parking_lot::Mutex;

use crate::decide::BookRefused;
use crate::desk::find;
use crate::records::{LoginName, User};

/// How many pairs of a name and a network are told apart until they are booked. One more, and the half
/// that was refused least is told apart no longer.
const PAIRS_MAX: usize = 1_024;

/// How many of them have a line of their own each time.
const LINES_MAX: usize = 16;

/// The subject of the line of all others.
const OTHERS: &str = "others";

/// The counts.
pub(crate) struct Refusals {
    key: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pairs: HashMap<Pair, Count>,
    others: Option<Count>,
    /// What is being booked; it goes when it is.
    waiting: Vec<Waiting>,
}

/// What is to be one line.
#[derive(Clone)]
struct Waiting {
    /// Names the line: where nobody learnt whether it was booked, it is not booked again.
    key: RequestKey,
    /// None for all others.
    pair: Option<Pair>,
    count: Count,
}

impl Waiting {
    fn new(pair: Option<Pair>, count: Count) -> Self {
        Self { key: RequestKey { uuid: System.draw(), body: Hash32([0; 32]) }, pair, count }
    }
}

/// The name that was tried, and from where.
type Pair = (Box<str>, Option<IpAddr>);

/// How often, and when first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    times: u64,
    first_at: Time,
}

impl Count {
    fn and(self, other: Self) -> Self {
        let times = self.times.saturating_add(other.times);
        Self { times, first_at: self.first_at.min(other.first_at) }
    }
}

impl std::fmt::Debug for Refusals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names stay out of logs.
        out.write_str("Refusals")
    }
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self { key: RandomState::new(), state: Mutex::default() }
    }

    /// Counts one.
    pub(crate) fn count(&self, name: &str, from: Option<ClientAddress>, now: Time) {
        let mut state = self.state.lock();
        let pair = (Box::from(name), from.map(ClientAddress::network));
        state.add(pair, Count { times: 1, first_at: now });
    }

    /// Books what was counted, and what could not be booked before.
    ///
    /// # Errors
    /// When the store cannot; then the rest is booked the next time.
    pub(crate) async fn book(&self, store: &Store) -> Result<(), StoreError> {
        self.state.lock().close();
        loop {
            let next = self.state.lock().waiting.last().cloned();
            let Some(line) = next else { return Ok(()) };
            self.book_line(store, &line).await?;
            self.state.lock().waiting.pop();
        }
    }

    async fn book_line(&self, store: &Store, line: &Waiting) -> Result<(), StoreError> {
        let (subject, from) = match &line.pair {
            Some((name, from)) => (self.subject(store, name).await?, *from),
            None => (OTHERS.to_owned(), None),
        };
        let context = Context::own(&System).from_address(from);
        let Count { times, first_at } = line.count;
        store.decide(BookRefused { key: line.key, subject, times, first_at }, context).await
    }

    /// Whom the name names, without telling it.
    async fn subject(&self, store: &Store, name: &str) -> Result<String, StoreError> {
        let user = match (LoginName::email(name), name.parse()) {
            (Ok(email), _) => find(store, &email).await?,
            (Err(_), Ok(sub)) => store.get::<User>(sub).await?,
            (Err(_), Err(_)) => None,
        };
        Ok(match user {
            Some(user) => user.sub.to_string(),
            None => format!("name-{:016x}", self.key.hash_one(name)),
        })
    }
}

impl State {
    fn add(&mut self, pair: Pair, count: Count) {
        if let Some(known) = self.pairs.get_mut(&pair) {
            *known = known.and(count);
            return;
        }
        if self.pairs.len() >= PAIRS_MAX {
            self.pairs = self.those_refused_most(PAIRS_MAX / 2).into_iter().collect();
        }
        self.pairs.insert(pair, count);
    }

    /// Takes out so many that were refused most, these first, and of those that were as often the newest.
    /// The rest goes to the others.
    fn those_refused_most(&mut self, most: usize) -> Vec<(Pair, Count)> {
        let mut pairs: Vec<_> = std::mem::take(&mut self.pairs).into_iter().collect();
        pairs.sort_unstable_by_key(|(_, count)| Reverse((count.times, count.first_at)));
        let rest = pairs.split_off(pairs.len().min(most));
        let rest = rest.into_iter().map(|(_, count)| count).chain(self.others.take());
        self.others = rest.reduce(Count::and);
        pairs
    }

    /// Begins anew; what was counted waits to be booked, unless something still does.
    fn close(&mut self) {
        if !self.waiting.is_empty() {
            return;
        }
        let own = self.those_refused_most(LINES_MAX);
        let own = own.into_iter().map(|(pair, count)| Waiting::new(Some(pair), count));
        let others = self.others.take().map(|count| Waiting::new(None, count));
        self.waiting = others.into_iter().chain(own.rev()).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::audit::AuditLine;
    use kernel::memory::MemoryStore;

    use super::*;

    fn from(text: &str) -> Option<ClientAddress> {
        Some(ClientAddress::new(text.parse().unwrap()))
    }

    fn at(second: u64) -> Time {
        Time::from_micros(0).plus(std::time::Duration::from_secs(second))
    }

    /// The lines so far: subject, address, how often.
    fn lines(store: &MemoryStore) -> Vec<(String, String, u64)> {
        let line = |line: &Arc<AuditLine>| {
            assert_eq!(line.operation.as_str(), "refuse_sign_ins");
            assert_eq!(line.outcome.as_ref().map(|outcome| outcome.as_str()), Some("refused"));
            assert_eq!((line.sub.is_none(), line.reason.is_none()), (true, true));
            let from = line.from_address.map(|from| from.to_string()).unwrap_or_default();
            (line.subject.as_str().to_owned(), from, line.times)
        };
        store.records::<AuditLine>().iter().map(line).collect()
    }

    #[tokio::test]
    async fn those_who_were_refused_most_have_a_line_each_and_all_others_one() {
        let store = Arc::new(MemoryStore::new());
        let refusals = Refusals::new();
        let port = Store::new(Arc::<MemoryStore>::clone(&store));
        refusals.book(&port).await.unwrap();
        assert_eq!(lines(&store), []);

        for second in 2..10 {
            refusals.count("0@example.org", from("192.0.2.1"), at(second));
        }
        for number in 1..PAIRS_MAX * 2 {
            refusals.count(&format!("{number}@example.org"), from("192.0.2.1"), at(10));
        }
        refusals.book(&port).await.unwrap();
        let booked = lines(&store);
        assert_eq!(booked.len(), LINES_MAX + 1);
        assert_eq!((booked[0].1.as_str(), booked[0].2), ("192.0.2.1", 8));
        let others = u64::try_from(PAIRS_MAX * 2 - LINES_MAX).unwrap();
        assert_eq!(booked[LINES_MAX], (OTHERS.to_owned(), String::new(), others));
        assert!(booked.iter().all(|(subject, ..)| !subject.contains('@')), "{booked:?}");

        // The same name is found again by its hash, from another network too.
        refusals.count("0@example.org", from("2001:db8::1"), at(10));
        refusals.count("0@example.org", from("2001:db8::2"), at(11));
        refusals.book(&port).await.unwrap();
        let again = &lines(&store)[LINES_MAX + 1..];
        assert_eq!(again, [(booked[0].0.clone(), "2001:db8::".to_owned(), 2)]);
    }

    /// Made-up names hide nobody who is tried again and again, however late that begins.
    #[tokio::test]
    async fn who_is_tried_again_and_again_has_his_line_among_any_number_of_names() {
        let store = Arc::new(MemoryStore::new());
        let refusals = Refusals::new();
        let mut made_up = 0;
        let mut flood = |names: usize| {
            for _ in 0..names {
                made_up += 1;
                refusals.count(&format!("{made_up}@example.org"), from("192.0.2.1"), at(made_up));
            }
        };
        flood(PAIRS_MAX);
        for _ in 0..20 {
            refusals.count("ada@example.org", from("198.51.100.1"), at(5_000));
            flood(PAIRS_MAX / 4);
        }
        let names = refusals.state.lock().pairs.len();
        assert!(names <= PAIRS_MAX, "{names}");
        refusals.book(&Store::new(Arc::<MemoryStore>::clone(&store))).await.unwrap();
        let booked = lines(&store);
        assert_eq!((booked[0].1.as_str(), booked[0].2), ("198.51.100.1", 20));
        let times: u64 = booked.iter().map(|(.., times)| times).sum();
        assert_eq!(times, made_up + 20);
    }

    #[tokio::test]
    async fn a_line_whose_booking_nobody_learnt_of_is_not_booked_again() {
        let store = Arc::new(MemoryStore::new());
        let port = Store::new(Arc::<MemoryStore>::clone(&store));
        let refusals = Refusals::new();
        refusals.count("ada@example.org", from("192.0.2.1"), at(1));
        refusals.count("ben@example.org", from("192.0.2.2"), at(2));
        refusals.state.lock().close();
        let first = refusals.state.lock().waiting.last().cloned().unwrap();
        refusals.book_line(&port, &first).await.unwrap();
        assert_eq!(lines(&store).len(), 1);

        refusals.book(&port).await.unwrap();
        assert_eq!(lines(&store).len(), 2);
        // The same again later is another.
        refusals.count("ada@example.org", from("192.0.2.1"), at(3));
        refusals.book(&port).await.unwrap();
        assert_eq!(lines(&store).len(), 3);
    }
}
