//! The books of a test's bank: every chain, every hold and the sum of everything, recomputed from the
//! records alone.

use std::collections::HashMap;

use kernel::memory::MemoryStore;
use kernel::record::{Account, ChainId};
use kernel::{Currency, Rules, WalletId};
use wallet::records::{Direction, Entry, EntryKind, Hold, HoldState};

/// Asserts that the books balance.
pub(crate) fn balance(store: &MemoryStore) {
    let mut heads: HashMap<ChainId, std::sync::Arc<Entry>> = HashMap::new();
    let mut causes = std::collections::HashSet::new();
    for entry in store.records::<Entry>() {
        assert_eq!(entry.check(), Ok(()), "{entry:?}");
        assert!(causes.insert((entry.account_id, entry.cause)), "a cause made two: {entry:?}");
        let before = heads.insert(entry.account_id, entry.clone());
        let hash = entry.hash_after(before.as_ref().map(|before| before.hash));
        assert_eq!(entry.hash, hash, "a hash is not that of its entry: {entry:?}");
        match before {
            Some(before) => assert_eq!(entry.follows(&before), Ok(()), "{entry:?}"),
            None => assert_eq!(entry.kind, EntryKind::Opened, "{entry:?}"),
        }
    }
    transfers_have_two_sides(store);
    reversals_are_linked(store);
    holds_are_what_is_held(store, &heads);

    let mut sums: HashMap<Currency, i128> = HashMap::new();
    for head in heads.values() {
        *sums.entry(head.currency).or_default() += i128::from(head.balance_after);
    }
    for ((_, currency), balance) in house(store) {
        *sums.entry(currency).or_default() += balance;
    }
    assert!(sums.values().all(|sum| *sum == 0), "the ledger does not sum to zero: {sums:?}");
}

/// The balance of every account that is no chain of the wallet service's.
pub(crate) fn house_accounts(store: &MemoryStore) -> HashMap<Account, i128> {
    let mut accounts = HashMap::new();
    for ((account, _), balance) in house(store) {
        *accounts.entry(account).or_default() += balance;
    }
    accounts
}

fn house(store: &MemoryStore) -> HashMap<(Account, Currency), i128> {
    let mut accounts = HashMap::new();
    for entry in store.records::<Entry>() {
        let (Some(amount), Some(counterparty)) = (entry.amount, entry.counterparty.clone()) else {
            continue;
        };
        if matches!(counterparty, Account::Wallet(_)) {
            continue;
        }
        let amount = i128::from(amount);
        let moved = if entry.direction == Some(Direction::Credit) { -amount } else { amount };
        *accounts.entry((counterparty, entry.currency)).or_default() += moved;
    }
    accounts
}

/// The other side of each transfer between wallets is there, and is its mirror.
fn transfers_have_two_sides(store: &MemoryStore) {
    let entries = store.records::<Entry>();
    for entry in &entries {
        let Some(Account::Wallet(other)) = entry.counterparty else { continue };
        let here: WalletId = entry.account_id.wallet().unwrap();
        let mirrors = entries.iter().filter(|mirror| {
            mirror.account_id == other.into()
                && mirror.transfer_id() == entry.transfer_id()
                && mirror.counterparty == Some(Account::Wallet(here))
                && mirror.amount() == entry.amount()
                && mirror.direction == entry.direction.map(Direction::opposite)
                && mirror.reverses == entry.reverses
                && mirror.reversed_by == entry.reversed_by
        });
        assert_eq!(mirrors.count(), 1, "a transfer has not two sides: {entry:?}");
    }
}

/// What reverses names what was reversed, and the other way round, once.
fn reversals_are_linked(store: &MemoryStore) {
    let entries = store.records::<Entry>();
    let in_chain = |chain, transfer| {
        entries
            .iter()
            .find(move |entry| entry.account_id == chain && entry.transfer_id() == Some(transfer))
            .unwrap()
    };
    for entry in &entries {
        if let Some(original) = entry.reverses {
            let original = in_chain(entry.account_id, original);
            assert_eq!(original.reversed_by, entry.transfer_id());
            assert_eq!(original.amount(), entry.amount());
            assert_eq!(original.direction, entry.direction.map(Direction::opposite));
        }
        if let Some(reversal) = entry.reversed_by {
            assert_eq!(in_chain(entry.account_id, reversal).reverses, entry.transfer_id());
        }
    }
}

/// What a wallet holds is the sum of its pending holds.
fn holds_are_what_is_held(store: &MemoryStore, heads: &HashMap<ChainId, std::sync::Arc<Entry>>) {
    let mut held: HashMap<ChainId, u64> = HashMap::new();
    for hold in store.records::<Hold>() {
        assert_eq!(hold.check(), Ok(()), "{hold:?}");
        if hold.state == HoldState::Pending {
            *held.entry(hold.wallet_id.into()).or_default() += hold.amount;
        }
    }
    for (chain, head) in heads {
        assert_eq!(head.held_after, held.get(chain).copied().unwrap_or_default(), "{chain}");
    }
}
