//! What the wallet service said about something: its answers to what it was asked, and what it did by
//! itself. An answer stands in the entry, or in the refusal, that the question caused. A chain's times
//! never go back, so an entry is looked for from its cause's time on. No index is needed.

use kernel::event::Capture;
use kernel::store::{Order, Query};
use kernel::{AnyId, Envelope, Id, Known, Store, StoreError, Stored, Time, WalletId};
use payment::records::Payment;
use wallet::read::{entries_of, first_from};
use wallet::records::{Entry, Hold, HoldState, Refusal};

use super::{found, said_by};

/// So many entries are searched for an answer. An answer comes soon after its question, and so few
/// entries stand between: a wallet that everybody uses books this many in some ten seconds.
const ENTRIES_SEARCHED_MAX: u64 = 10_000;

/// So many entries are read at first, and twice as many each time that the answer is not among them.
const READ_FIRST: usize = 10;

/// As many as are read at once.
const READ_MAX: usize = 1_000;

/// A wallet that was asked.
pub(super) struct Wallet<'s> {
    store: &'s Store,
    /// Its newest entry; none if there is no such wallet.
    head: Option<Known<Entry>>,
}

impl<'s> Wallet<'s> {
    pub(super) async fn of(store: &'s Store, wallet_id: WalletId) -> Result<Self, StoreError> {
        Ok(Self { store, head: store.head(wallet_id.into()).await? })
    }

    /// What was said in answer to these.
    pub(super) async fn answers(&self, asked: &[Envelope]) -> Result<Vec<Envelope>, StoreError> {
        let mut said = Vec::new();
        for question in asked {
            // Where nobody may know of the wallet, a refusal stands in no chain.
            let refused = found::<Refusal>(self.store, question.id).await?;
            let caused = match refused {
                Some((refusal, _)) => Some(refusal),
                None => self.caused(question.id.any(), question.time).await?,
            };
            if let Some(stored) = caused {
                said.extend(said_by(&stored)?);
            }
        }
        Ok(said)
    }

    /// What was said when a payment's hold had come to its end without being asked for.
    pub(super) async fn expiry(&self, payment: &Payment) -> Result<Vec<Envelope>, StoreError> {
        if payment.capture == Capture::Automatic {
            return Ok(Vec::new());
        }
        let hold_id = Hold::id_of(payment.payment_id);
        let Some(hold) = self.store.get::<Hold>(hold_id).await? else { return Ok(Vec::new()) };
        if hold.state != HoldState::Expired {
            return Ok(Vec::new());
        }
        let released = self.caused(hold_id.any(), hold.expires_at).await?;
        released.map_or(Ok(Vec::new()), |stored| said_by(&stored))
    }

    /// The entry of a cause, which was not booked before it.
    async fn caused(&self, cause: AnyId, not_before: Time) -> Result<Option<Stored>, StoreError> {
        let Some(head) = &self.head else { return Ok(None) };
        // What an event or the clock causes counts as of when it is booked.
        let first = first_from(self.store, head, not_before).await?;
        let end = head.sequence.saturating_add(1).min(first.saturating_add(ENTRIES_SEARCHED_MAX));
        let (mut next, mut limit) = (first, READ_FIRST);
        while next < end {
            let all = entries_of(head.account_id, next, end, Order::OldestFirst);
            let query = Query { limit, ..all };
            let entries = self.store.port().list(query).await?;
            let Some(last) = entries.last().and_then(|entry| entry.record.key().sequence) else {
                return Ok(None);
            };
            let is_it = |entry: &Stored| entry.record.chained().is_some_and(|(by, _)| by == cause);
            if let Some(found) = entries.into_iter().find(is_it) {
                return Ok(Some(found));
            }
            next = last.saturating_add(1);
            limit = limit.saturating_mul(2).min(READ_MAX);
        }
        Ok(None)
    }
}
