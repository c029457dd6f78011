//! A session ends, or all of its user. Whoever shows a refresh token of it may, be it the newest or
//! not: to end a session takes no more than to have been in it.

use kernel::record::Hash32;
use kernel::{Decision, SessionId, Suspend, View, Writes};

use super::{LOG_OUT_EVERYWHERE, act, book};
use crate::records::{Session, SessionState, User};

/// Ends a session.
#[derive(Debug, Clone, Copy)]
pub struct LogOut {
    /// Which.
    pub session_id: SessionId,
    /// SHA-256 of what the shown token shares with all of its session.
    pub family_hash: Hash32,
    /// Whether every session of its user ends.
    pub reach: Reach,
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This session.
    Here,
    /// All of its user.
    Everywhere,
}

impl Decision for LogOut {
    /// The user as he is now, whose former epochs are over; none where there was no such session.
    type Outcome = Option<User>;

    fn name(&self) -> &'static str {
        match self.reach {
            Reach::Here => "log_out",
            Reach::Everywhere => LOG_OUT_EVERYWHERE,
        }
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let known = view.get::<Session>(self.session_id)?;
        let Some(known) = known.filter(|session| session.family_hash == self.family_hash) else {
            return Ok(None);
        };
        let Some(user) = view.get::<User>(known.sub)? else { return Ok(None) };
        // What is over already is not ended again; who is told so twice wanted nothing else. Whose session
        // was ended alone, be it because somebody stole a token, has others still.
        // Nor does a token end anything that is good no longer.
        let now = view.now();
        let is_active = known.state == SessionState::Active;
        let is_over = known.epoch != user.epoch
            || known.expires_at() <= now
            || (self.reach == Reach::Here && !is_active);
        if is_over {
            return Ok(Some(User::clone(&user)));
        }
        let act = act(&user.caller(), Decision::name(self), &self.session_id);
        let after = match self.reach {
            Reach::Here => {
                book(view, writes, &act)?;
                User::clone(&user)
            }
            Reach::Everywhere => {
                let after = user.in_next_epoch(now);
                book(view, writes, &act.changing(Some(user.hash()), after.hash()))?;
                writes.update(&user, after.clone());
                after
            }
        };
        if is_active {
            writes.update(&known, known.ended(SessionState::Ended, now));
        }
        Ok(Some(after))
    }
}
