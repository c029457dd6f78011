//! The record of a session: from one log-in to its end, a family of refresh tokens of which one is good
//! at a time. Only hashes of them are kept. What a token that is shown means is decided in `decide`.

use core::net::IpAddr;
use std::time::Duration;

use kernel::record::{Hash32, Shard, canonical};
use kernel::{Rules, SessionId, SubId, Time};

use super::require;

/// How long a session lasts that is not used.
const IDLE_LIFE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How long a session lasts at most.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// Its newest refresh token is good.
    Active,
    /// Its user logged out.
    Ended,
    /// One of its refresh tokens was shown after another had taken its place: it was stolen, or the
    /// other was.
    Reused,
}

kernel::word_column!(SessionState { Active = "ACTIVE", Ended = "ENDED", Reused = "REUSED" });

kernel::record! {
    /// A session.
    pub struct Session in "session" of "identity" version 1 {
        /// Its id.
        session_id: SessionId,
        /// Whose it is.
        sub: SubId,
        /// His epoch when it began; it ends with that.
        epoch: u64,
        /// How it is.
        state: SessionState,
        /// SHA-256 of what all its refresh tokens share.
        family_hash: Hash32,
        /// SHA-256 of the good refresh token.
        token_hash: Hash32,
        /// SHA-256 of the one before it.
        former_hash: Option<Hash32>,
        /// How many refresh tokens there were.
        generation: u64,
        /// When it began.
        created_at: Time,
        /// When its newest refresh token was given.
        refreshed_at: Time,
        /// When it ended.
        ended_at: Option<Time>,
        /// Its partition in the index of those that ended.
        ended: Option<Shard>,
        /// The network from which its newest refresh token was asked for; none for the first.
        refreshed_from: Option<IpAddr>,
    }
    key (session_id: SessionId)
    index "by_user" (sub, created_at) every
    index "ended" (ended, ended_at) every
}

impl Rules for Session {
    fn check(&self) -> Result<(), String> {
        require(self.created_at <= self.refreshed_at, "it was refreshed before it began")?;
        let is_over = self.state != SessionState::Active;
        require(
            [self.ended_at.is_some(), self.ended.is_some()] == [is_over; 2],
            "it says when it ended if it did, and only then",
        )?;
        require(
            self.former_hash.is_some() == (self.generation > 1) && self.generation > 0,
            "every refresh token but the first has one before it",
        )
    }
}

/// What changes of a session as it goes on and ends.
const CHANGES: [&str; 8] = [
    "state",
    "token_hash",
    "former_hash",
    "generation",
    "refreshed_at",
    "ended_at",
    "ended",
    "refreshed_from",
];

impl Session {
    /// What the line of the audit trail that began it says of it: SHA-256 of what it says for good.
    pub fn hash_of_beginning(&self) -> Hash32 {
        canonical::hash(self, None, &CHANGES)
    }

    /// From when on its refresh token is good no longer.
    pub fn expires_at(&self) -> Time {
        self.refreshed_at.plus(IDLE_LIFE).min(self.created_at.plus(LIFE))
    }

    /// As it is from now on, ended.
    #[must_use]
    pub fn ended(&self, state: SessionState, now: Time) -> Self {
        let ended = Some(Shard::of(self.session_id));
        Self { state, ended_at: Some(now), ended, ..self.clone() }
    }
}
