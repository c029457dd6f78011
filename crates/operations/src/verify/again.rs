//! Looks through the newest entries of chains for what holds say of them: a hold may have ended after its
//! wallet's entries were read. Each chain is walked once, from its newest entry back to the moment; how
//! much is read in all is bounded, and what was not tried is told. Not in here: what must be there.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use kernel::record::{ChainId, Record};
use kernel::store::{Order, Place, Query, StoreError, StorePort};
use kernel::{AnyRecord as _, Time, Value};
use wallet::records::Entry;

use super::claims::claims;
use crate::facts::Side;

/// How many entries of a chain are read at first, the newest, and how many at most at once: in most
/// chains what is sought is among the first.
const AT_FIRST: usize = 20;
const AT_ONCE_MAX: usize = 1_000;

/// How many chains are walked at once.
const CHAINS_AT_ONCE: usize = 16;

/// How many entries are read in all: reckoned, a minute's reading or two.
const ENTRIES_MAX: usize = 1_000_000;

/// What came of looking.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// Facts that an entry says.
    pub(crate) found: HashSet<u128>,
    /// Facts that were not looked for to the end.
    pub(crate) untried: HashSet<u128>,
}

/// Looks for entries of these chains, not older than that moment, that say these facts.
pub(crate) async fn seek(
    port: &dyn StorePort,
    sought: BTreeMap<ChainId, HashSet<u128>>,
    since: Time,
) -> Result<Sought, StoreError> {
    seek_within(port, sought, since, ENTRIES_MAX).await
}

async fn seek_within(
    port: &dyn StorePort,
    sought: BTreeMap<ChainId, HashSet<u128>>,
    since: Time,
    entries_max: usize,
) -> Result<Sought, StoreError> {
    let left = &AtomicUsize::new(entries_max);
    let walks = sought.into_iter().map(|(chain, facts)| walk(port, chain, facts, (since, left)));
    let all = stream::iter(walks).buffer_unordered(CHAINS_AT_ONCE);
    all.try_fold(Sought::default(), |mut all, one| async {
        all.found.extend(one.found);
        all.untried.extend(one.untried);
        Ok(all)
    })
    .await
}

async fn walk(
    port: &dyn StorePort,
    chain: ChainId,
    mut facts: HashSet<u128>,
    (since, left): (Time, &AtomicUsize),
) -> Result<Sought, StoreError> {
    let (mut found, mut after, mut limit) = (HashSet::new(), None, AT_FIRST);
    while !facts.is_empty() {
        let less = |left: usize| left.checked_sub(limit);
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            return Ok(Sought { found, untried: facts });
        }
        let query = Query {
            kind: Entry::KIND,
            index: None,
            partition: Value::from(chain.any()),
            from: None,
            to: None,
            after,
            order: Order::NewestFirst,
            limit,
        };
        let page = port.list(query).await?;
        let entries: Vec<_> = page.iter().filter_map(|stored| stored.downcast::<Entry>()).collect();
        for entry in entries.iter().take_while(|entry| entry.booked_at >= since) {
            let said = claims(entry).filter(|claim| claim.side == Side::Left);
            found.extend(said.filter_map(|claim| facts.take(&claim.facts)));
        }
        let goes_on = |last: &&Arc<Entry>| last.booked_at >= since && page.len() == limit;
        let Some(last) = entries.last().filter(goes_on) else { break };
        let sort = i64::try_from(last.sequence).unwrap_or(i64::MAX);
        after = Some(Place { sort, key: last.key() });
        limit = limit.saturating_mul(4).min(AT_ONCE_MAX);
    }
    Ok(Sought { found, untried: HashSet::new() })
}

#[cfg(test)]
mod tests {
    use kernel::memory::MemoryStore;
    use kernel::{Amount, Caller, Context, CorrelationId, Currency, Role, Subject, WalletId};
    use wallet::decide::{Credit, Movement, Note, OpenWallet};

    use super::*;

    fn decide<D: kernel::Decision>(store: &MemoryStore, decision: &D) -> D::Outcome {
        let context = Context::request(CorrelationId(1), None);
        *store.run(decision, context).unwrap().downcast().unwrap()
    }

    /// A wallet with an entry 0 and so many credits.
    fn wallet(store: &MemoryStore, credits: usize) -> WalletId {
        let owner = Subject::new("alice").unwrap();
        let caller = Caller { sub: owner.clone(), role: Role::Operator };
        let open = OpenWallet { owner, currency: Currency::USD, key: None };
        let wallet_id = decide(store, &open).unwrap().account_id.wallet().unwrap();
        let amount = Amount::from_minor(1, Currency::USD).unwrap();
        for _ in 0..credits {
            let (caller, note) = (caller.clone(), Note::default());
            decide(store, &Credit(Movement { caller, wallet_id, amount, note, key: None }))
                .unwrap();
        }
        wallet_id
    }

    #[test]
    fn what_was_not_looked_for_to_the_end_is_told() {
        let store = MemoryStore::new();
        let wallets = [wallet(&store, 200), wallet(&store, 5)];
        let newest = store.records::<Entry>().iter().map(|entry| entry.booked_at).max().unwrap();
        let check = |since, entries_max, untried: &[u128]| {
            let sought = (1..).zip(wallets).map(|(fact, of)| (of.into(), HashSet::from([fact])));
            let sought = seek_within(&store, sought.collect(), since, entries_max);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let Sought { found, untried: told } = runtime.block_on(sought).unwrap();
            assert!(found.is_empty(), "no entry says so");
            assert_eq!(told, untried.iter().copied().collect::<HashSet<_>>());
        };
        check(Time::MIN, 1_000, &[]);
        check(Time::MIN, 200, &[1]);
        check(Time::MIN, 45, &[1]);
        check(Time::MIN, 0, &[1, 2]);
        // Older ones are not looked at.
        check(newest, 40, &[]);
    }
}
