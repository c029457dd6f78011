//! Opening a wallet. Wallets of an imported history are opened by its rows, see `import`.

use kernel::{Currency, Decision, RequestKey, Subject, Suspend, View, WalletId, Writes};

use super::WalletRefused;
use super::booking::Opening;
use super::request::same_body;
use crate::records::Entry;

/// Opens a wallet with nothing in it.
#[derive(Debug, Clone)]
pub struct OpenWallet {
    /// Whose it is.
    pub owner: Subject,
    /// In which currency, for good.
    pub currency: Currency,
    /// The request's key.
    pub key: Option<RequestKey>,
}

impl Decision for OpenWallet {
    /// Entry 0. Refused: `KeyReused`.
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        "create_wallet"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let body_hash = self.key.map(|key| key.body);
        let wallet_id: WalletId = match &self.key {
            Some(key) => {
                let wallet_id: WalletId = key.id();
                if let Some(opened) = view.get::<Entry>((wallet_id.into(), 0))? {
                    let same = same_body(&opened, body_hash);
                    return Ok(same.map(|()| Entry::clone(&opened)));
                }
                wallet_id
            }
            None => view.id(),
        };
        let opening =
            Opening { wallet_id, owner: self.owner.clone(), currency: self.currency, body_hash };
        let entry = Entry::opening(opening, view.now());
        writes.create(entry.clone());
        Ok(Ok(entry))
    }
}
