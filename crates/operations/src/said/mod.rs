//! What was said about a payment or a loan, read from the records that said it: for a home that has no
//! log of events. A record keeps what its former versions said, and what an event caused is found by
//! that event. How far a delivery is stands in no record, and so is not here.

mod answers;
mod order;

use std::sync::Arc;

use kernel::event::BadEvent;
use kernel::operators::{EventQuery, LoggedEvent};
use kernel::record::{Column, RecordId};
use kernel::store::{Order, Query};
use kernel::{
    AnyId, Envelope, Id, Kind, LoanId, PaymentId, Prefix, Record, Store, StoreError, Stored,
};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Entry, Hold, Refusal};

use answers::Wallet;

/// So many refunds of a payment are looked at, the oldest.
pub const REFUNDS_MAX: usize = 200;

/// The index of refunds by their payment.
const BY_PAYMENT: &str = "by_payment";

/// What is read to tell what was said about ids of one sort.
#[derive(Debug)]
pub struct Reads {
    /// What they are of.
    pub about: Prefix,
    /// The kinds of record.
    pub kinds: &'static [&'static Kind],
    /// The lists, each with its index.
    pub lists: &'static [(&'static Kind, &'static str)],
}

/// All of it. Nothing is said about other ids.
pub static READS: [Reads; 2] = [
    Reads {
        about: Prefix::Payment,
        kinds: &[Payment::KIND, Refund::KIND, Entry::KIND, Hold::KIND, Refusal::KIND],
        lists: &[(Refund::KIND, BY_PAYMENT)],
    },
    Reads { about: Prefix::Loan, kinds: &[Loan::KIND, Entry::KIND, Refusal::KIND], lists: &[] },
];

/// The events that match, oldest first. Nothing is said about what is no payment and no loan.
///
/// # Errors
/// When the store cannot, or nobody said about what: then every record there is would have to be read.
pub async fn events(store: &Store, query: &EventQuery) -> Result<Vec<LoggedEvent>, StoreError> {
    let Some(subject) = query.subject else {
        let why = "events are found by what they are about alone".to_owned();
        return Err(StoreError::Unavailable(why));
    };
    let mut said = about(store, subject).await?;
    said.retain(|event| {
        query.after.is_none_or(|after| event.position > after)
            && query.topic.is_none_or(|topic| event.envelope.kind().topic() == topic)
            && query.kind.is_none_or(|kind| event.envelope.kind() == kind)
    });
    said.truncate(query.limit);
    Ok(said)
}

/// Everything that was said about a payment or a loan, in its order.
async fn about(store: &Store, subject: AnyId) -> Result<Vec<LoggedEvent>, StoreError> {
    let said = if subject.prefix == Prefix::Payment {
        about_payment(store, PaymentId::from_uuid(subject.uuid)).await?
    } else if subject.prefix == Prefix::Loan {
        about_loan(store, LoanId::from_uuid(subject.uuid)).await?
    } else {
        Vec::new()
    };
    Ok(order::in_order(said))
}

async fn about_payment(store: &Store, id: PaymentId) -> Result<Vec<Envelope>, StoreError> {
    let Some((stored, payment)) = found::<Payment>(store, id).await? else {
        return Ok(Vec::new());
    };
    let mut said = said_by(&stored)?;
    for refund in refunds(store, id).await? {
        said.extend(said_by(&refund)?);
    }
    let wallet = Wallet::of(store, payment.wallet_id).await?;
    let mut answers = wallet.answers(&said).await?;
    answers.extend(wallet.expiry(&payment).await?);
    said.extend(answers);
    Ok(said)
}

async fn about_loan(store: &Store, id: LoanId) -> Result<Vec<Envelope>, StoreError> {
    let Some((stored, loan)) = found::<Loan>(store, id).await? else { return Ok(Vec::new()) };
    let mut said = said_by(&stored)?;
    let answers = Wallet::of(store, loan.wallet_id).await?.answers(&said).await?;
    said.extend(answers);
    Ok(said)
}

/// A record of a key, as it is stored and as what it is.
async fn found<R: Record>(
    store: &Store,
    id: R::Id,
) -> Result<Option<(Stored, Arc<R>)>, StoreError> {
    let found = store.port().get(R::KIND, id.key()).await?;
    Ok(found.and_then(|stored| stored.downcast().map(|record| (stored, record))))
}

async fn refunds(store: &Store, of: PaymentId) -> Result<Vec<Stored>, StoreError> {
    let query = Query {
        kind: Refund::KIND,
        index: Some(BY_PAYMENT),
        partition: of.to_value().into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::OldestFirst,
        limit: REFUNDS_MAX,
    };
    store.port().list(query).await
}

/// Every event that a record keeps: what former versions said, oldest first, then what this one says.
///
/// # Errors
/// When it keeps one that such a record does not say.
pub fn kept(stored: &Stored) -> Result<Vec<Envelope>, BadEvent> {
    let all = stored.said_before.iter().chain(&*stored.said);
    all.map(|said| Envelope::build(&*stored.record, said)).collect()
}

fn said_by(stored: &Stored) -> Result<Vec<Envelope>, StoreError> {
    let key = stored.record.key();
    kept(stored).map_err(|bad| StoreError::Broken(format!("{key:?} keeps an event: {bad}")))
}
