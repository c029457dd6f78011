//! A session goes on: its refresh token is replaced by the next one (RFC 9700, section 4.14.2).
//!
//! One that was replaced is good no longer. Shown within a moment of that, and from where it was replaced,
//! it is most likely a second click, or the same request sent again because its answer was lost: it is
//! refused, and the session goes on with whoever has the newer one. Shown later or from elsewhere it tells
//! that two have it: the session ends, for both. So whoever stole one and came first is seen at once where
//! its owner comes from elsewhere, and from the same address when he comes after that moment. Who comes
//! within it and then signs in again shows the token no more, and the thief goes on: no rule tells the
//! two from a second click, so the answer tells him to log out everywhere if it was none.

use core::net::IpAddr;
use std::time::Duration;

use kernel::record::Hash32;
use kernel::{Decision, SessionId, Suspend, View, Writes};

use super::{REUSE_REFRESH_TOKEN, SignInRefused, act, book};
use crate::records::{Session, SessionState, User, UserState};

/// How long after its replacement a refresh token is taken for a second click from the same network.
pub const GRACE: Duration = Duration::from_secs(10);

/// Goes on with a session.
#[derive(Debug, Clone, Copy)]
pub struct RefreshSession {
    /// Which.
    pub session_id: SessionId,
    /// SHA-256 of what the shown token shares with all of its session.
    pub family_hash: Hash32,
    /// SHA-256 of what it alone has.
    pub shown_hash: Hash32,
    /// The same of the one that is to take its place.
    pub next_hash: Hash32,
    /// The network from which it is shown, if it is known.
    pub from: Option<IpAddr>,
}

impl Decision for RefreshSession {
    /// The user and the session as they are now.
    type Outcome = Result<(User, Session), SignInRefused>;

    fn name(&self) -> &'static str {
        "refresh_session"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let known = view.get::<Session>(self.session_id)?;
        // Who made up a token for a session of which he knows the id ends nothing.
        let Some(known) = known.filter(|session| session.family_hash == self.family_hash) else {
            return Ok(Err(SignInRefused::Over));
        };
        let Some(user) = view.get::<User>(known.sub)? else {
            return Ok(Err(SignInRefused::Over));
        };
        let now = view.now();
        let is_over = known.state != SessionState::Active
            || user.state != UserState::Active
            || user.epoch != known.epoch
            || known.expires_at() <= now;
        if is_over {
            return Ok(Err(SignInRefused::Over));
        }
        if known.token_hash != self.shown_hash {
            let is_former = known.former_hash == Some(self.shown_hash);
            let is_from_there = known.refreshed_from == self.from;
            if is_former && is_from_there && now.since(known.refreshed_at) <= GRACE {
                return Ok(Err(SignInRefused::Superseded));
            }
            let act = act(&user.caller(), REUSE_REFRESH_TOKEN, &self.session_id);
            book(view, writes, &act)?;
            writes.update(&known, known.ended(SessionState::Reused, now));
            return Ok(Err(SignInRefused::Reused));
        }
        let session = Session {
            token_hash: self.next_hash,
            former_hash: Some(known.token_hash),
            generation: known.generation.saturating_add(1),
            refreshed_at: now,
            refreshed_from: self.from,
            ..Session::clone(&known)
        };
        writes.update(&known, session.clone());
        Ok(Ok((User::clone(&user), session)))
    }
}
