//! What callers ask for, each under a key of its own, and what they are told.

use std::fmt;
use std::time::Duration;

use kernel::event::Capture;
use kernel::record::Hash32;
use kernel::text::MerchantId;
use kernel::{
    Amount, Caller, Currency, PaymentId, RequestKey, Store, StoreError, TransferId, WalletId,
};
use payment::decide::RequestPayment;
use simulation::institution::{By, request};
use wallet::decide::{Credit, Movement, Note, OpenWallet, Transfer};
use wallet::records::Entry;

/// Something to be asked for. Amounts are in cents of the dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A new wallet.
    Open,
    /// Money from outside.
    Credit { to: WalletId, cents: u64 },
    /// Money from one wallet to another.
    Transfer { from: WalletId, to: WalletId, cents: u64 },
    /// A payment out of a wallet.
    Pay { from: WalletId, cents: u64 },
}

/// A deed under a key, which names what it makes.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// What.
    pub(crate) deed: Deed,
    key: RequestKey,
}

impl fmt::Debug for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} under key {:x}", self.deed, self.key.uuid)
    }
}

/// What came of it: done, in words that never change again, or refused by a rule.
pub(crate) type Told = Result<String, String>;

fn operator() -> Caller {
    By::Operator.caller()
}

impl Asked {
    /// Under the key of a number.
    pub(crate) fn new(number: usize, deed: Deed) -> Self {
        let key = format!("key {number}");
        let key = RequestKey::new(&operator().sub, &["deed"], &key, Hash32([1; 32]));
        Self { deed, key }
    }

    /// The wallet that it opens.
    pub(crate) fn wallet(&self) -> WalletId {
        self.key.id()
    }

    /// The movement that it makes.
    pub(crate) fn transfer(&self) -> TransferId {
        self.key.id()
    }

    /// The payment that it makes.
    pub(crate) fn payment(&self) -> PaymentId {
        self.key.id()
    }

    /// Asks a store for it.
    pub(crate) async fn ask(&self, store: &Store) -> Result<Told, StoreError> {
        Ok(match self.deed {
            Deed::Open => {
                let owner = operator().sub;
                let open = OpenWallet { owner, currency: Currency::USD, key: Some(self.key) };
                told(store.decide(open, request()).await?)
            }
            Deed::Credit { to, cents } => {
                told(store.decide(Credit(self.movement(to, cents)), request()).await?)
            }
            Deed::Transfer { from, to, cents } => {
                let transfer = Transfer { movement: self.movement(from, cents), to_wallet_id: to };
                told(store.decide(transfer, request()).await?)
            }
            Deed::Pay { from, cents } => {
                let paid = store.decide(self.payment_request(from, cents), request()).await?;
                paid.map(|payment| payment.payment_id.to_string())
                    .map_err(|refused| format!("{refused:?}"))
            }
        })
    }

    fn movement(&self, wallet_id: WalletId, cents: u64) -> Movement {
        let (caller, note) = (operator(), Note::default());
        Movement { caller, wallet_id, amount: usd(cents), note, key: Some(self.key) }
    }

    fn payment_request(&self, wallet_id: WalletId, cents: u64) -> RequestPayment {
        RequestPayment {
            wallet_id,
            merchant_id: MerchantId::new("books").unwrap(),
            amount: usd(cents),
            capture: Capture::Automatic,
            description: None,
            reference: None,
            hold_life: Duration::from_secs(60),
            caller: operator(),
            key: Some(self.key),
        }
    }
}

fn usd(cents: u64) -> Amount {
    Amount::from_minor(cents, Currency::USD).unwrap()
}

fn told<E: fmt::Debug>(outcome: Result<Entry, E>) -> Told {
    outcome.map(|entry| words(&entry)).map_err(|refused| format!("{refused:?}"))
}

/// An entry in words that name its place and everything before it, by its hash.
pub(crate) fn words(entry: &Entry) -> String {
    let Entry { account_id, sequence, balance_after, hash, .. } = entry;
    format!("{account_id}/{sequence} leaves {balance_after}, hash {hash:?}")
}

/// The sequence of the entry in these words.
pub(crate) fn sequence_of(words: &str) -> u64 {
    let (_, sequence) = words.split_once('/').unwrap();
    sequence.split_once(' ').unwrap().0.parse().unwrap()
}
