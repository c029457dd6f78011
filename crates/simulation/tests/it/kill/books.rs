//! The witness's own ledger: what must be in each wallet and in the other accounts. It is kept from
//! answers alone, and held against the histories, each of whose movements is looked at once.

use std::collections::HashMap;

use serde_json::Value;

use super::client::Client;
use super::hand::Hand;
use super::request::money;

/// A movement that must be booked.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) wallet: usize,
    /// Its type, as the history shows it.
    pub(super) kind: &'static str,
    /// What names it: the payment, refund or loan that it is about, or else its reference.
    pub(super) mark: String,
    /// What it brings, or with a minus takes.
    pub(super) minor: i64,
    /// As it was shown when it was acknowledged.
    pub(super) known: Option<Value>,
    /// Whether it was acknowledged that it is booked.
    pub(super) is_sure: bool,
}

/// A wallet as it must be.
#[derive(Debug)]
struct Account {
    id: String,
    balance: i64,
    held: i64,
    /// The sequence of the newest movement that was looked at.
    looked_at: u64,
    /// What must come after that, by type and mark.
    awaited: HashMap<(String, String), i64>,
}

/// Movements of a wallet that were not looked at yet, newest first.
pub(super) type News = Vec<Value>;

/// The ledger.
#[derive(Debug, Default)]
pub(super) struct Books {
    accounts: Vec<Account>,
    /// What the other accounts have together, by their class.
    classes: HashMap<&'static str, i64>,
    /// How many transfers were looked at: those between two wallets are two movements.
    pub(super) transfers: usize,
}

impl Books {
    /// Of wallets that have just been opened.
    pub(super) fn of(wallets: &[String]) -> Self {
        let account = |id: &String| Account {
            id: id.clone(),
            balance: 0,
            held: 0,
            looked_at: 0,
            awaited: HashMap::new(),
        };
        Self { accounts: wallets.iter().map(account).collect(), ..Self::default() }
    }

    /// What was acknowledged as booked is there, as it was shown: before anything is sent again.
    /// Gives back what each wallet's history shows since it was looked at last.
    pub(super) fn assert_kept(&self, client: &mut Client, hands: &[Hand]) -> Vec<News> {
        let histories: Vec<_> = self.accounts.iter().map(|it| it.news(client)).collect();
        for known in hands.iter().flat_map(|hand| &hand.moves).filter(|known| known.is_sure) {
            let mut news = histories[known.wallet].iter();
            let found = news.find(|entry| marks(entry) == (known.kind, known.mark.as_str()));
            let Some(found) = found else { panic!("it was acknowledged and is lost: {known:?}") };
            assert_eq!(found["amount"], money(known.minor), "{known:?}");
            if let Some(shown) = &known.known {
                assert_eq!(found, shown, "it was acknowledged otherwise");
            }
        }
        histories
    }

    /// From now on this must be booked and held.
    pub(super) fn take(&mut self, hand: &mut Hand) {
        for due in hand.moves.drain(..) {
            let key = (due.kind.to_owned(), due.mark.clone());
            let before = self.accounts[due.wallet].awaited.insert(key, due.minor);
            assert_eq!(before, None, "two movements are named alike: {due:?}");
        }
        for (wallet, minor) in hand.holds.drain(..) {
            self.accounts[wallet].held += minor;
        }
    }

    /// What has to be booked is there, once, and nothing else; every account has what it must have.
    /// To be called while nothing is under way.
    pub(super) fn assert_exact(&mut self, client: &mut Client) {
        for account in &mut self.accounts {
            for entry in account.news(client).iter().rev() {
                let (kind, mark) = marks(entry);
                let due = account.awaited.remove(&(kind.to_owned(), mark.to_owned()));
                let Some(minor) = due else { panic!("nobody asked for it, or only once: {entry}") };
                assert_eq!(entry["amount"], money(minor), "{entry}");
                account.balance += minor;
                assert_eq!(entry["balance_after"], money(account.balance), "{entry}");
                account.looked_at = entry["sequence"].as_u64().unwrap();
                self.transfers += usize::from(kind != "TRANSFER_IN");
                if let Some(class) = other_side(kind) {
                    *self.classes.entry(class).or_default() -= minor;
                }
            }
            let awaited = &account.awaited;
            assert!(awaited.is_empty(), "lost from {}: {awaited:?}", account.id);
            let shown = client.get(&format!("/wallet/{}", account.id));
            assert_eq!(shown["balance"], money(account.balance), "{shown}");
            assert_eq!(shown["held"], money(account.held), "{shown}");
            assert_eq!(shown["available"], money(account.balance - account.held), "{shown}");
        }
    }

    /// The trial balance is the witness's. To be called when the books are exact.
    pub(super) fn assert_trial_balance(&self, client: &mut Client) {
        let trial = client.get("/ledger/trial-balance");
        assert_eq!(trial["currencies"][0]["sum"], "0.00", "{trial}");
        let shown = |class: &str| {
            let mut accounts = trial["accounts"].as_array().unwrap().iter();
            let found = accounts.find(|account| account["class"] == class);
            found.map_or("0.00", |account| account["balance"].as_str().unwrap()).to_owned()
        };
        let wallets = self.accounts.iter().map(|account| account.balance).sum();
        assert_eq!(shown("wallet"), money(wallets), "{trial}");
        for (class, minor) in &self.classes {
            assert_eq!(shown(class), money(*minor), "{class} in {trial}");
        }
    }
}

impl Account {
    /// What its history shows that was not looked at.
    fn news(&self, client: &mut Client) -> News {
        let is_new = |entry: &Value| entry["sequence"].as_u64().unwrap() > self.looked_at;
        client.list(&format!("/wallet/{}/transactions?limit=100", self.id), is_new)
    }
}

/// The type and the mark of a movement in a history.
fn marks(entry: &Value) -> (&str, &str) {
    let mark = entry["related_id"].as_str().or(entry["reference"].as_str());
    (entry["type"].as_str().unwrap(), mark.unwrap_or_default())
}

/// The class of the account on the other side; none if that is a wallet.
fn other_side(kind: &str) -> Option<&'static str> {
    match kind {
        "CREDIT" | "DEBIT" => Some("world"),
        "PAYMENT_OUT" | "REFUND_IN" => Some("merchant"),
        "LOAN_IN" => Some("loan"),
        "TRANSFER_IN" | "TRANSFER_OUT" => None,
        other => panic!("nobody asked for a {other}"),
    }
}
