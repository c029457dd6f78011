//! Audit trails: what operators did and what the sign-in saw, one chain of lines a service. A line is
//! written in the atomic step of the act itself and never changes; each carries a hash over itself and
//! the line before it, as the ledger's entries do. How an act becomes a line is in `act`; what older
//! programs wrote is in `former`.

mod act;
mod former;

use core::net::IpAddr;

pub use act::{Act, Book, WasBooked};
pub use former::{Adopt, FormerLine};

use crate::caller::{RoleName, Subject};
use crate::context::CorrelationId;
use crate::id::{AuditId, Id, TrailId};
use crate::record::{Hash32, Rules, all_hold, canonical};
use crate::text::{Reason, Words};
use crate::time::Time;

/// The columns over which a line's hash does not go.
const OUTSIDE_THE_HASH: [&str; 1] = ["hash"];

crate::record! {
    /// A line of a service's audit trail: one act, or several alike that are told together.
    pub struct AuditLine in "audit_line" of "audit" version 1 {
        /// The trail: that of the service.
        trail_id: TrailId,
        /// Its place: 0 begins the trail, each next line is one more.
        sequence: u64,
        /// Its id, unique within the trail.
        audit_id: AuditId,
        /// The service in which the act was done.
        service: Words<32>,
        /// When, or when the last of several; never goes back within a trail.
        at: Time,
        /// Who; absent where nobody knows, as at a log-in that is refused.
        sub: Option<Subject>,
        /// As what.
        role: Option<RoleName>,
        /// What: the operation's name.
        operation: Words<64>,
        /// On whom or what: an id.
        subject: Words<128>,
        /// The words he gave for it.
        reason: Option<Reason>,
        /// How it ended, in a word such as `wrong-password`; absent where it was done.
        outcome: Option<Words<64>>,
        /// The address that he called from, if it is known.
        from_address: Option<IpAddr>,
        /// What the request and all its events share; absent in a line that was taken over.
        correlation: Option<CorrelationId>,
        /// How often; 1 unless it tells of several together.
        times: u64,
        /// Of several, when the first was.
        first_at: Option<Time>,
        /// When it was taken over from a list without hashes, which proves nothing of the time before.
        adopted_at: Option<Time>,
        /// SHA-256 over its canonical bytes and the hash before it.
        hash: Hash32,
        /// SHA-256 of the record that it changed, as it found it; absent where it made it, where other
        /// records tell of the act, and in lines of older programs.
        found: Option<Hash32>,
        /// The same as it left it.
        left: Option<Hash32>,
        /// SHA-256 of what a record that it began beside that says for good.
        began: Option<Hash32>,
        /// What of it, where its operation's name does not say: the rights that were given or taken back.
        detail: Option<Words<64>>,
    }
    key (trail_id: TrailId, sequence)
    chain (audit_id, at, append_only)
}

impl TrailId {
    /// The trail of a service.
    pub fn of(service: &str) -> Self {
        Self::named(&["audit-trail", service])
    }
}

impl AuditLine {
    /// The hash that it must have after a line of hash `before`.
    pub fn hash_after(&self, before: Option<Hash32>) -> Hash32 {
        canonical::hash(self, before, &OUTSIDE_THE_HASH)
    }

    /// Whether it can stand right after `before`. The hash is compared by who walks the whole trail.
    ///
    /// # Errors
    /// A sentence that says what contradicts what.
    pub fn follows(&self, before: &Self) -> Result<(), String> {
        let is_next = before.sequence.checked_add(1) == Some(self.sequence);
        all_hold(&[
            (self.trail_id == before.trail_id, "it stands in another service's trail"),
            (is_next, "its sequence is not the next one"),
            (before.at <= self.at, "it was done before the line before it"),
        ])
    }

    /// A draft in its place after `before`, no earlier than that, with its hash.
    fn sealed(self, before: Option<&Self>) -> Self {
        let placed = match before {
            None => Self { sequence: 0, ..self },
            Some(before) => Self {
                sequence: before.sequence.saturating_add(1),
                at: self.at.max(before.at),
                ..self
            },
        };
        if let Some(before) = before {
            assert_eq!(placed.follows(before), Ok(()), "a line does not follow the one before it");
        }
        Self { hash: placed.hash_after(before.map(|before| before.hash)), ..placed }
    }
}

impl Rules for AuditLine {
    fn check(&self) -> Result<(), String> {
        let first_at = self.first_at;
        all_hold(&[
            (self.trail_id == TrailId::of(self.service.as_str()), "its trail is not its service's"),
            (self.times > 0, "it tells of nothing"),
            ((self.times > 1) == first_at.is_some(), "it tells of several without the first"),
            (first_at.is_none_or(|first_at| first_at <= self.at), "the first came after the last"),
        ])
    }
}

#[cfg(test)]
mod tests;
