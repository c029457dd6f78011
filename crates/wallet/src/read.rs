//! Reading a wallet: now, at a past moment, and over a period. Effective times never go back within a
//! chain, so a moment is found by halving, in few reads. Pages of a history are the routes'.

use std::time::Duration;

use kernel::record::ChainId;
use kernel::store::{Order, Query};
use kernel::{Balance, Known, Record, Store, StoreError, Time, WalletId};

use crate::records::Entry;

/// How many entries a statement covers at most, those included that moved nothing.
pub const STATEMENT_ENTRIES_MAX: u64 = 10_000;

/// How many entries are read at once.
const READ_AT_ONCE: usize = 500;

/// The smallest step of time.
const TICK: Duration = Duration::from_micros(1);

/// Entry 0, which says whose the wallet is and since when it is there.
///
/// # Errors
/// When the store cannot.
pub async fn opening(
    store: &Store,
    wallet_id: WalletId,
) -> Result<Option<Known<Entry>>, StoreError> {
    store.get::<Entry>((wallet_id.into(), 0)).await
}

/// The newest entry, of a wallet that is there.
///
/// # Errors
/// When the store cannot; `Broken` when the wallet is not there.
pub async fn head(store: &Store, wallet_id: WalletId) -> Result<Known<Entry>, StoreError> {
    let head = store.head::<Entry>(wallet_id.into()).await?;
    head.ok_or_else(|| StoreError::Broken(format!("{wallet_id} has entry 0 and no newest entry")))
}

/// The newest entry that counts at a moment: the highest sequence of those effective by then. None
/// before the first movement, when the balance is zero; entry 0 is never found.
///
/// # Errors
/// When the store cannot.
pub async fn at(
    store: &Store,
    head: &Known<Entry>,
    moment: Time,
) -> Result<Option<Known<Entry>>, StoreError> {
    if head.effective_at <= moment {
        return Ok((head.sequence > 0).then(|| head.clone()));
    }
    let next = first_from(store, head, moment.plus(TICK)).await?;
    match next.checked_sub(1) {
        None | Some(0) => Ok(None),
        Some(sequence) => entry(store, head.account_id, sequence).await.map(Some),
    }
}

/// The sequence of the first entry, entry 0 aside, that is effective at `moment` or later; one more
/// than the newest entry's if there is none.
///
/// # Errors
/// When the store cannot.
pub async fn first_from(
    store: &Store,
    head: &Known<Entry>,
    moment: Time,
) -> Result<u64, StoreError> {
    let after_head = head.sequence.saturating_add(1);
    if head.effective_at < moment {
        return Ok(after_head);
    }
    // What is before `low` is too early; what is from `high` on is late enough.
    let (mut low, mut high) = (1, after_head.max(1));
    while low < high {
        let middle = low.midpoint(high);
        if entry(store, head.account_id, middle).await?.effective_at < moment {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What was in a wallet when a period began and when it ended, and all that moved between.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What was in it just before the period.
    pub opening: Balance,
    /// What moved, oldest first.
    pub entries: Vec<Known<Entry>>,
    /// What was in it at the end of the period.
    pub closing: Balance,
}

/// Why there is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStatement {
    /// Too much happened in the period.
    #[error(
        "covers {entries} entries; a statement has at most {STATEMENT_ENTRIES_MAX}: ask for less"
    )]
    TooLong {
        /// How much happened.
        entries: u64,
    },
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The statement of a period, `from` inclusive, `to` exclusive, as of the entry `head`.
///
/// # Errors
/// When the period covers too much, or the store cannot.
pub async fn statement(
    store: &Store,
    head: &Known<Entry>,
    from: Time,
    to: Time,
) -> Result<Statement, NoStatement> {
    let first = first_from(store, head, from).await?;
    let end = first_from(store, head, to).await?.max(first);
    let entries = end.saturating_sub(first);
    if entries > STATEMENT_ENTRIES_MAX {
        return Err(NoStatement::TooLong { entries });
    }
    Ok(Statement {
        opening: balance_before(store, head, first).await?,
        entries: movements(store, head.account_id, first, end).await?,
        closing: balance_before(store, head, end).await?,
    })
}

/// What the balance was before the entry of that sequence.
async fn balance_before(
    store: &Store,
    head: &Known<Entry>,
    sequence: u64,
) -> Result<Balance, StoreError> {
    let before = match sequence.checked_sub(1) {
        None | Some(0) => return Ok(Balance::zero(head.currency)),
        Some(before) => entry(store, head.account_id, before).await?,
    };
    let minor = u64::try_from(before.balance_after).ok();
    let balance = minor.and_then(|minor| Balance::from_minor(minor, before.currency).ok());
    balance.ok_or_else(|| StoreError::Broken(format!("{} has no balance", head.account_id)))
}

/// The entries of `first..end` that moved money, oldest first.
async fn movements(
    store: &Store,
    of: ChainId,
    first: u64,
    end: u64,
) -> Result<Vec<Known<Entry>>, StoreError> {
    let mut found = Vec::new();
    let mut next = first;
    while next < end {
        let entries: Vec<Known<Entry>> = store
            .list(Query { limit: READ_AT_ONCE, ..entries_of(of, next, end, Order::OldestFirst) })
            .await?;
        let Some(last) = entries.last() else {
            return Err(StoreError::Broken(format!("{of} has no entry {next}")));
        };
        next = last.sequence.saturating_add(1);
        found.extend(entries.into_iter().filter(|entry| entry.direction.is_some()));
    }
    Ok(found)
}

/// The query for entries of a chain, `first` inclusive, `end` exclusive, as many as there are.
pub fn entries_of(of: ChainId, first: u64, end: u64, order: Order) -> Query {
    let sequence = |number| i64::try_from(number).unwrap_or(i64::MAX);
    Query {
        kind: Entry::KIND,
        index: None,
        partition: of.any().into(),
        from: Some(sequence(first)),
        to: Some(sequence(end)),
        after: None,
        order,
        limit: usize::MAX,
    }
}

async fn entry(store: &Store, of: ChainId, sequence: u64) -> Result<Known<Entry>, StoreError> {
    let found = store.get::<Entry>((of, sequence)).await?;
    found.ok_or_else(|| StoreError::Broken(format!("{of} has no entry {sequence}")))
}
