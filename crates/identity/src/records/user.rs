//! The record of who can sign in, and the one that keeps his name his. What a change means for his
//! sessions is decided in `decide`.

use std::sync::Arc;
use std::time::Duration;

use kernel::record::{Hash32, Shard, canonical};
use kernel::request::RecentKeys;
use kernel::rights::OPERATORS;
use kernel::{Caller, LoginNameId, Role, Rules, SubId, Subject, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::require;
use super::rights::Rights;
use super::words::{LoginName, Proof, ProofState};

/// How long a password for one time is good.
pub const ONE_TIME_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserKind {
    /// Signs in by e-mail address and password, and has sessions.
    Person,
    /// Another program: gets tokens for its secret.
    Service,
}

kernel::word_column!(UserKind { Person = "PERSON", Service = "SERVICE" });

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserState {
    /// He may.
    Active,
    /// He may not, and what he was given is good no longer.
    Disabled,
}

kernel::word_column!(UserState { Active = "ACTIVE", Disabled = "DISABLED" });

kernel::record! {
    /// Somebody who can sign in.
    pub struct User in "user" of "identity" version 1 {
        /// His id, the `sub` of his tokens.
        sub: SubId,
        /// What he is.
        kind: UserKind,
        /// By which name he signs in.
        name: LoginName,
        /// What proves who he is.
        proof: Proof,
        /// Whose choice that was.
        proof_state: ProofState,
        /// A person's groups, a service's scopes.
        rights: Rights,
        /// Whether he may sign in.
        state: UserState,
        /// How often something was taken back from him: what he was given in a former epoch, tokens
        /// and sessions, is good no longer.
        epoch: u64,
        /// When he was made.
        created_at: Time,
        /// When he changed last.
        updated_at: Time,
        /// When the present epoch began; none in the first one.
        taken_back_at: Option<Time>,
        /// His partition in the index of whom something was taken back from.
        taken_back: Option<Shard>,
        /// The keys of the requests that changed him of late.
        recent_keys: RecentKeys,
        /// When what proves who he is was made; records of older programs do not say it.
        proof_made_at: Option<Time>,
    }
    key (sub: SubId)
    index "by_state" (state, created_at) every
    index "taken_back" (taken_back, taken_back_at) every
}

kernel::record! {
    /// That a name is somebody's: there can be one of each.
    pub struct TakenName in "login_name" of "identity" version 1 {
        /// A hash of the name.
        login_name_id: LoginNameId,
        /// Whose it is.
        sub: SubId,
    }
    key (login_name_id: LoginNameId)
}

impl Rules for TakenName {}

impl Rules for User {
    fn check(&self) -> Result<(), String> {
        require(self.created_at <= self.updated_at, "it changed before it was made")?;
        require(
            self.taken_back.is_some() == self.taken_back_at.is_some()
                && self.taken_back.is_some() == (self.epoch > 1),
            "a later epoch than the first began at a moment",
        )?;
        let is_email = self.name.as_str().contains('@');
        require(is_email == (self.kind == UserKind::Person), "people alone have addresses")?;
        require(
            self.kind == UserKind::Person || self.proof_state == ProofState::Chosen,
            "a service's secret is not for one time",
        )
    }
}

impl User {
    /// Whether his password was made by us, and too long ago.
    pub fn is_late(&self, now: Time) -> bool {
        let made_at = self.proof_made_at.or(self.taken_back_at).unwrap_or(self.created_at);
        self.proof_state == ProofState::OneTime && made_at.plus(ONE_TIME_LIFE) <= now
    }

    /// Whether he may do what operators do.
    pub fn is_operator(&self) -> bool {
        self.kind == UserKind::Person && self.rights.has(OPERATORS)
    }

    /// What his line of the audit trail says of him: SHA-256 of all that he is. Nobody finds his name or
    /// proof by it, for the proof has randomness of its own.
    pub fn hash(&self) -> Hash32 {
        canonical::hash(self, None, &[])
    }

    /// Who he is for the audit list and for every route.
    pub fn caller(&self) -> Caller {
        let Ok(sub) = Subject::new(&self.sub.to_string()) else {
            unreachable!("an id is a subject")
        };
        let role = match self.kind {
            UserKind::Service => Role::Service { scopes: Arc::from(self.rights.texts()) },
            UserKind::Person if self.is_operator() => Role::Operator,
            UserKind::Person => Role::Customer,
        };
        Caller { sub, role }
    }

    /// As he is from now on, with what he was given so far good no longer.
    #[must_use]
    pub fn in_next_epoch(&self, now: Time) -> Self {
        Self {
            epoch: self.epoch.saturating_add(1),
            updated_at: now.max(self.updated_at),
            taken_back_at: Some(now),
            taken_back: Some(Shard::of(self.sub)),
            ..self.clone()
        }
    }
}
