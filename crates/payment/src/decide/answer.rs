//! What every answer of the wallet has in common: it is heard once, late, twice or out of order, and
//! never fails. What each answer changes is not here.

use kernel::saga::Waits;
use kernel::{Known, Time, Writes};

use crate::records::Payment;

/// What came of an answer of the wallet. For tests and for reading the code: a bus delivers and
/// asks no further.
///
/// A decision cannot fail, and an answer that makes no sense here would make none if it came again.
/// So such an answer writes nothing: a payment or refund that waits goes on waiting, is listed as
/// stuck, and `fintech verify` names the movement that has no payment, or another than it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It changed the record.
    Noted,
    /// It was known already, or is the answer to something older: nothing is written.
    Old,
    /// A correct wallet does not say this of this record: nothing is written.
    Contradicts,
    /// There is no such record, though it is this service that asked: nothing is written.
    Unknown,
}

/// Puts a payment that an answer has changed.
///
/// A payment that waits says its question in each of its versions, so that it can say it again.
/// Therefore an answer either ends the waiting or finds none.
pub(super) fn note(writes: &mut Writes, known: &Known<Payment>, payment: Payment) {
    assert!(payment.waiting().is_none(), "an answered payment would wait and have no question");
    writes.update(known, payment);
}

/// The payment after an answer: nothing is asked any more, and nothing waited for.
pub(super) fn answered(payment: &Payment, now: Time) -> Payment {
    Payment {
        reason: None,
        asked: None,
        asked_minor: None,
        asked_event: None,
        ..payment.changed(now).with_waiting(None)
    }
}
