//! What a token claims: whether that holds here and now, and whom it makes of its holder. The rule of
//! who is an operator and who a service stands here alone, for both homes.
//! Not in here: signatures; how families differ, see `family`.

use std::sync::Arc;

use kernel::rights::OPERATORS;
use kernel::{Caller, Role, Subject, Time};
use serde_json::Value;

use crate::family::{self, Family};
use crate::json::Object;
use crate::policy::{GroupsClaim, Policy};
use crate::refused::Refused;

/// How many seconds the clocks of provider and program may differ.
pub(crate) const LEEWAY_SECONDS: i64 = 10;

/// The latest second that a token may name: the end of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The claims of a token, proved by whoever hands them over.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Object);

/// The session that a token of our own is of: what its holder is asked for beside his signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The claim `sid`; a service has no session.
    pub session_id: Option<Box<str>>,
    /// The claim `epoch`: how often the rights of its holder had changed when it was signed.
    pub epoch: u64,
}

impl From<Object> for Claims {
    fn from(claims: Object) -> Self {
        Self(claims)
    }
}

impl Claims {
    /// Whom they name: a service by its client's own token, else an operator by his group, else a
    /// customer.
    ///
    /// # Errors
    /// When there is no subject, or one that cannot be.
    pub fn caller(&self, family: Family, groups: &GroupsClaim) -> Result<Caller, Refused> {
        let subject = self.text("sub").and_then(|subject| Subject::new(subject).ok());
        let sub = subject.ok_or(Refused::NoSubject)?;
        let role = if family.is_service(self) {
            Role::Service { scopes: self.scopes(family.scope_prefix()) }
        } else if groups.groups(&self.0).any(|group| group == OPERATORS) {
            Role::Operator
        } else {
            Role::Customer
        };
        Ok(Caller { sub, role })
    }

    /// Whether they are those of an access token, by the `typ` of its header.
    ///
    /// # Errors
    /// When they are not.
    pub fn expect_access(&self, family: Family, typ: Option<&str>) -> Result<(), Refused> {
        if family.is_access(typ, self) { Ok(()) } else { Err(Refused::NotAccess) }
    }

    /// Holds them against the policy; gives the second from which on they hold no longer.
    pub(crate) fn check(
        &self,
        policy: &Policy,
        typ: Option<&str>,
        now: Time,
    ) -> Result<i64, Refused> {
        if self.text("iss") != Some(&policy.issuer) {
            return Err(Refused::Issuer);
        }
        self.expect_access(policy.family, typ)?;
        let audience = self.0.get(policy.family.audience_claim());
        if !family::names_one(audience, &policy.audiences) {
            return Err(Refused::Audience);
        }
        let expires = self.seconds("exp")?.ok_or(Refused::Times)?;
        let issued = self.seconds("iat")?.ok_or(Refused::Times)?;
        let from = self.seconds("nbf")?.unwrap_or(issued).max(issued);
        let now = second(now);
        if from > now.saturating_add(LEEWAY_SECONDS) {
            return Err(Refused::NotYet);
        }
        let until = expires.saturating_add(LEEWAY_SECONDS);
        if now >= until || expires <= issued {
            return Err(Refused::Expired);
        }
        Ok(until)
    }

    /// The session that they are of, where a program of ours signed them.
    pub(crate) fn session(&self) -> Option<Session> {
        let epoch = self.0.get("epoch").and_then(Value::as_u64)?;
        Some(Session { session_id: self.text("sid").map(Box::from), epoch })
    }

    pub(crate) fn has(&self, claim: &str) -> bool {
        self.0.contains_key(claim)
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str)
    }

    /// A moment, in whole seconds since 1970. A fraction is nothing that a provider writes, and a
    /// text is read as a number by some and passed over by others.
    fn seconds(&self, claim: &str) -> Result<Option<i64>, Refused> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        let seconds = value.as_i64().filter(|seconds| (0..=SECONDS_MAX).contains(seconds));
        seconds.map(Some).ok_or(Refused::Times)
    }

    fn scopes(&self, prefix: &str) -> Arc<[Box<str>]> {
        let scopes = self.text("scope").unwrap_or_default().split_ascii_whitespace();
        scopes.filter_map(|scope| scope.strip_prefix(prefix)).map(Box::from).collect()
    }
}

/// The second that a moment is in.
pub(crate) fn second(time: Time) -> i64 {
    time.micros().div_euclid(1_000_000)
}
