//! Books the rows of a history through the wallet service's decisions: many accounts at once, so that
//! they share the store's commits, and one row after another within an account. What is tried when
//! within an account `lane` says; files and terminals are not here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kernel::store::BoxFuture;
use kernel::{Context, Store, StoreError, Subject, WalletId};
use wallet::decide::{ImportRow, Imported, WalletRefused, imported_wallet};

use super::lane::{Lane, Tried};
use super::rows::Row;
use super::summary::{Refusal, Summary};
use crate::end::Failure;

/// How many rows are read ahead of what is booked, at most. Rows that wait for a credit do not count.
const READ_AHEAD_MAX: usize = 1_024;

/// How long to stand back when the store has too much to do.
const STAND_BACK: Duration = Duration::from_millis(5);

/// What all rows of an import share.
pub(crate) struct Booking {
    /// Where they are booked.
    pub(crate) store: Store,
    /// The history's name.
    pub(crate) source: String,
    /// Whose the wallets are that are opened.
    pub(crate) owner: Subject,
    /// What the bookings answer to.
    pub(crate) context: Context,
    /// Asked after each row: whether to stop.
    pub(crate) is_stopped: Box<dyn Fn() -> bool + Send + Sync>,
}

/// Books all rows.
///
/// # Errors
/// When the rows or the store break, or it is stopped. What was booked stays booked.
pub(crate) async fn book(
    booking: Booking,
    mut rows: impl Iterator<Item = Result<Result<Row, Refusal>, Failure>>,
) -> Result<Summary, Failure> {
    let started = Instant::now();
    let mut run = Run::new(booking);
    let mut failure = None;
    let mut is_ended = false;
    loop {
        while !is_ended && failure.is_none() && run.ahead < READ_AHEAD_MAX {
            match rows.next() {
                None => is_ended = true,
                Some(Ok(Ok(row))) => run.add(row),
                Some(Ok(Err(refusal))) => run.summary.refusals.push(refusal),
                Some(Err(broken)) => failure = Some(broken),
            }
        }
        let Some(end) = run.flying.next().await else { break };
        if let Err(error) = run.land(end, failure.is_none()) {
            failure.get_or_insert(error);
        }
        if failure.is_none() && (run.booking.is_stopped)() {
            failure = Some(stopped("it was told to"));
        }
    }
    match failure {
        Some(failure) => Err(failure),
        None => Ok(run.finish(started.elapsed())),
    }
}

fn stopped(why: &str) -> Failure {
    Failure::cannot_run(format!(
        "the import stopped: {why}. What was booked stays; run it again and it adds what is missing"
    ))
}

/// How a row's attempt ended.
type Attempt = (Row, Result<Imported, StoreError>);

struct Run {
    booking: Arc<Booking>,
    lanes: HashMap<Arc<str>, Account>,
    flying: FuturesUnordered<BoxFuture<'static, Attempt>>,
    /// Rows that were read and are not at their end, without those that wait for a credit.
    ahead: usize,
    summary: Summary,
}

#[derive(Default)]
struct Account {
    lane: Lane,
    wallet: Option<WalletId>,
}

impl Run {
    fn new(booking: Booking) -> Self {
        Self {
            booking: Arc::new(booking),
            lanes: HashMap::new(),
            flying: FuturesUnordered::new(),
            ahead: 0,
            summary: Summary::default(),
        }
    }

    fn add(&mut self, row: Row) {
        self.ahead = self.ahead.saturating_add(1);
        let account = Arc::clone(&row.account);
        self.lanes.entry(Arc::clone(&account)).or_default().lane.add(row);
        self.fly(&account);
    }

    /// Sets the next row of an account on its way, if there is one and none is.
    fn fly(&mut self, account: &Arc<str>) {
        let Some(Account { lane, .. }) = self.lanes.get_mut(account) else { return };
        if let Some(row) = lane.next(&mut self.summary.refusals) {
            self.flying.push(Box::pin(attempt(Arc::clone(&self.booking), row)));
        }
    }

    /// Takes in how a row ended.
    fn land(&mut self, (row, end): Attempt, goes_on: bool) -> Result<(), Failure> {
        let imported = end.map_err(|error| stopped(&error.to_string()))?;
        let account = Arc::clone(&row.account);
        let Some(Account { lane, wallet }) = self.lanes.get_mut(&account) else { return Ok(()) };
        match &imported {
            Imported::Booked { opened } => {
                self.summary.booked = self.summary.booked.saturating_add(1);
                let opened = u64::from(*opened);
                self.summary.wallets_created = self.summary.wallets_created.saturating_add(opened);
            }
            Imported::AlreadyBooked => {
                self.summary.already_booked = self.summary.already_booked.saturating_add(1);
            }
            Imported::Refused(_) => {}
        }
        if !matches!(imported, Imported::Refused(_)) && wallet.is_none() {
            *wallet = Some(imported_wallet(&self.booking.source, &account));
        }
        let is_first_attempt = lane.tried(row, tried(imported), &mut self.summary.refusals);
        if is_first_attempt {
            self.ahead = self.ahead.saturating_sub(1);
        }
        if goes_on {
            self.fly(&account);
        }
        Ok(())
    }

    fn finish(mut self, took: Duration) -> Summary {
        for Account { lane, .. } in self.lanes.values_mut() {
            assert!(lane.is_idle(), "an import ended with rows that were never tried");
            lane.end_day(&mut self.summary.refusals);
        }
        let wallets = self.lanes.into_iter();
        self.summary.wallets = wallets
            .filter_map(|(account, Account { wallet, .. })| Some((account.to_string(), wallet?)))
            .collect();
        self.summary.refusals.sort();
        self.summary.took = took;
        self.summary
    }
}

async fn attempt(booking: Arc<Booking>, row: Row) -> Attempt {
    let decision = ImportRow {
        source: booking.source.clone(),
        account: row.account.to_string(),
        reference: row.reference.clone(),
        owner: booking.owner.clone(),
        direction: row.direction,
        amount: row.amount,
        effective_at: row.effective_at,
        description: row.description.clone(),
    };
    loop {
        match booking.store.decide(decision.clone(), booking.context).await {
            Err(StoreError::Busy) => tokio::time::sleep(STAND_BACK).await,
            end => return (row, end),
        }
    }
}

fn tried(imported: Imported) -> Tried {
    match imported {
        Imported::Booked { .. } => Tried::Booked,
        Imported::AlreadyBooked => Tried::BookedBefore,
        Imported::Refused(refused)
            if matches!(refused, WalletRefused::InsufficientFunds { .. }) =>
        {
            Tried::TooLittle(refused.to_string())
        }
        Imported::Refused(refused) => Tried::Refused(refused.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use kernel::caller::Role;
    use kernel::memory::MemoryStore;
    use kernel::{Amount, Caller, CorrelationId, Currency};
    use wallet::decide::{Credit, Movement, Note};
    use wallet::records::Entry;

    use super::super::{Mapping, Rows};
    use super::*;

    const MAPPING: &str = r#"
        source = "small"
        currency = "USD"
        account = "account"
        reference = "reference"
        date = { column = "date", format = "%Y-%m-%d" }
        amount = "amount"
    "#;

    const ROWS: &str = "account,reference,date,amount\n\
        a,1,2024-01-01,10.00\n\
        b,1,2024-01-01,-1.00\n\
        a,2,2024-01-02,-12.00\n\
        a,3,2024-01-02,5.00\n\
        b,2,1899-01-01,5.00\n\
        a,4,2024-01-03,-4.00\n\
        c,1,9998-01-01,4.00\n\
        a,1,2024-01-03,3.00\n";

    fn run(store: &Arc<MemoryStore>, text: &str, stops: bool) -> Result<Summary, Failure> {
        let rows = Rows::open(Mapping::parse(MAPPING).unwrap(), text.as_bytes())?;
        let booking = Booking {
            store: Store::new(Arc::<MemoryStore>::clone(store)),
            source: "small".into(),
            owner: Subject::new("local").unwrap(),
            context: Context::request(CorrelationId(1), None),
            is_stopped: Box::new(move || stops),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(book(booking, rows))
    }

    #[test]
    fn a_history_is_booked_once() {
        let store = Arc::new(MemoryStore::new());
        let first = run(&store, ROWS, false).unwrap();
        assert_eq!((first.rows(), first.booked, first.wallets_created), (8, 3, 1));
        let lines: Vec<_> = first.refusals.iter().map(|refusal| refusal.line).collect();
        assert_eq!(lines, [3, 6, 7, 8, 9]);
        let why = &first.refusals[0].reason;
        assert!(why.contains("0.00 USD is available"), "{why}");
        assert_eq!(first.wallets.keys().collect::<Vec<_>>(), ["a"]);
        let entries = store.records::<Entry>();
        let newest = entries.iter().max_by_key(|entry| entry.sequence).unwrap();
        assert_eq!((newest.sequence, newest.balance_after), (3, 300));

        let second = run(&store, ROWS, false).unwrap();
        assert_eq!((second.booked, second.already_booked, second.wallets_created), (0, 3, 0));
        let again: Vec<_> = second.refusals.iter().map(|refusal| refusal.line).collect();
        assert_eq!(again, lines);
        assert_eq!(second.wallets, first.wallets);
        assert_eq!(store.records::<Entry>().len(), entries.len());
    }

    #[test]
    fn a_refused_row_stays_refused_when_money_came_meanwhile() {
        let store = Arc::new(MemoryStore::new());
        let rows = "account,reference,date,amount\n\
            a,1,2024-01-01,10.00\n\
            a,2,2024-01-02,-12.00\n";
        let refused = |summary: &Summary| {
            summary.refusals.iter().map(|refusal| refusal.line).collect::<Vec<_>>()
        };
        let first = run(&store, rows, false).unwrap();
        assert_eq!((first.booked, refused(&first)), (1, vec![3]));
        let wallet_id = imported_wallet("small", "a");
        credit(&store, wallet_id);
        let second = run(&store, rows, false).unwrap();
        assert_eq!((second.booked, second.already_booked, refused(&second)), (0, 1, vec![3]));
    }

    /// Credits a wallet as its owner does.
    fn credit(store: &Arc<MemoryStore>, wallet_id: WalletId) {
        let owner = Caller { sub: Subject::new("local").unwrap(), role: Role::Customer };
        let amount = Amount::from_minor(1_000, Currency::USD).unwrap();
        let note = Note::default();
        let credit = Credit(Movement { caller: owner, wallet_id, amount, note, key: None });
        let context = Context::request(CorrelationId(2), None);
        let store = Store::new(Arc::<MemoryStore>::clone(store));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.decide(credit, context)).unwrap().unwrap();
    }

    #[test]
    fn a_stopped_import_goes_on_where_it_was() {
        let store = Arc::new(MemoryStore::new());
        let failure = run(&store, ROWS, true).unwrap_err().to_string();
        assert!(failure.contains("run it again"), "{failure}");
        let booked = store.records::<Entry>().len();
        let rest = run(&store, ROWS, false).unwrap();
        assert_eq!(rest.booked + rest.already_booked, 3);
        assert!(rest.already_booked > 0 && booked < 4, "{booked}");
    }
}
