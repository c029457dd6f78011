//! Somebody signs in whose password was compared: a session begins. With a new password this also
//! changes it, and ends every other session. Comparing is not here, for it is slow; that what was
//! compared is still there, is.

use kernel::record::Hash32;
use kernel::{Decision, SessionId, SubId, Suspend, Time, View, Writes};

use super::{SignInRefused, act, book};
use crate::records::{Proof, ProofState, Session, SessionState, User, UserKind, UserState};

/// The session that is to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession {
    /// Its id.
    pub session_id: SessionId,
    /// SHA-256 of what all its refresh tokens will share.
    pub family_hash: Hash32,
    /// SHA-256 of the first one.
    pub token_hash: Hash32,
}

/// Begins a session.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// Of whom.
    pub sub: SubId,
    /// What the password was compared with.
    pub compared: Proof,
    /// The same password hashed with the present parameters, where it was with others.
    pub rehashed: Option<Proof>,
    /// The password that takes its place.
    pub changed: Option<Proof>,
    /// The session.
    pub session: NewSession,
}

impl Decision for LogIn {
    /// The user and the session.
    type Outcome = Result<(User, Session), SignInRefused>;

    fn name(&self) -> &'static str {
        if self.changed.is_some() { "change_password" } else { "log_in" }
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let Some(known) = view.get::<User>(self.sub)? else {
            return Ok(Err(SignInRefused::Wrong));
        };
        let is_as_compared = known.proof == self.compared && known.kind == UserKind::Person;
        if !is_as_compared || known.state != UserState::Active {
            return Ok(Err(SignInRefused::Wrong));
        }
        let now = view.now();
        if known.is_late(now) {
            return Ok(Err(SignInRefused::Late));
        }
        if known.proof_state == ProofState::OneTime && self.changed.is_none() {
            return Ok(Err(SignInRefused::OneTime));
        }
        let user = self.changed_user(&known, now);
        let session = self.begin(&user, now);
        let act = act(&user.caller(), Decision::name(self), &session.session_id)
            .beginning(session.hash_of_beginning());
        if user == *known.record {
            book(view, writes, &act)?;
        } else {
            book(view, writes, &act.changing(Some(known.hash()), user.hash()))?;
            writes.update(&known, user.clone());
        }
        writes.create(session.clone());
        Ok(Ok((user, session)))
    }
}

impl LogIn {
    fn changed_user(&self, user: &User, now: Time) -> User {
        if let Some(changed) = &self.changed {
            let next = user.in_next_epoch(now);
            return User {
                proof: changed.clone(),
                proof_state: ProofState::Chosen,
                proof_made_at: Some(now),
                ..next
            };
        }
        match &self.rehashed {
            Some(rehashed) => User { proof: rehashed.clone(), ..user.clone() },
            None => user.clone(),
        }
    }

    fn begin(&self, user: &User, now: Time) -> Session {
        Session {
            session_id: self.session.session_id,
            sub: user.sub,
            epoch: user.epoch,
            state: SessionState::Active,
            family_hash: self.session.family_hash,
            token_hash: self.session.token_hash,
            former_hash: None,
            generation: 1,
            created_at: now,
            refreshed_at: now,
            ended_at: None,
            ended: None,
            refreshed_from: None,
        }
    }
}
