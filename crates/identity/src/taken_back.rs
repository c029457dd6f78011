//! What was taken back within the life of a token: users whose rights changed, sessions that ended.
//! Older tokens have expired by themselves, so this is all that must be known to refuse at once what a
//! token still says; it is small, and no record is read for a request.
//! Not in here: the check of a token's signature.

use std::collections::HashMap;
use std::time::Duration;

use kernel::Time;
use parking_lot::RwLock;
use tokens::{Holder, TOKEN_LIFE};

/// How long something is remembered: as long as a token given before it may be taken for good, with
/// room for clocks that are set.
const REMEMBERED: Duration = TOKEN_LIFE.saturating_add(Duration::from_secs(60));

/// From how many on what is over is looked for and forgotten, each time that so many have come.
const FORGET_AT: usize = 1_024;

/// What was taken back.
#[derive(Debug, Default)]
pub(crate) struct TakenBack(RwLock<Maps>);

#[derive(Debug, Default)]
struct Maps {
    /// The epoch of each user, and until when to remember it.
    users: HashMap<Box<str>, (u64, Time)>,
    /// The sessions that ended, and until when to remember them.
    sessions: HashMap<Box<str>, Time>,
    /// How many there may be before what is over is looked for.
    room: usize,
}

impl TakenBack {
    /// How far back it must be known at a start.
    pub(crate) fn since(now: Time) -> Time {
        now.minus(REMEMBERED)
    }

    /// What the user was given before this epoch is good no longer.
    pub(crate) fn user(&self, sub: &str, epoch: u64, now: Time) {
        let mut maps = self.0.write();
        let until = now.plus(REMEMBERED);
        let known = maps.users.entry(sub.into()).or_insert((epoch, until));
        *known = (known.0.max(epoch), until);
        maps.forget(now);
    }

    /// What was given in this session is good no longer.
    pub(crate) fn session(&self, session_id: &str, now: Time) {
        let mut maps = self.0.write();
        maps.sessions.insert(session_id.into(), now.plus(REMEMBERED));
        maps.forget(now);
    }

    /// Whether the holder of a token still has what it says. A token that says nothing of it is of
    /// somebody else.
    pub(crate) fn leaves(&self, holder: &Holder) -> bool {
        let Some(session) = &holder.session else { return false };
        let maps = self.0.read();
        let is_of_epoch = maps
            .users
            .get(holder.caller.sub.as_str())
            .is_none_or(|(epoch, _)| session.epoch >= *epoch);
        let is_ended = |id: &str| maps.sessions.contains_key(id);
        is_of_epoch && !session.session_id.as_deref().is_some_and(is_ended)
    }
}

impl Maps {
    fn forget(&mut self, now: Time) {
        let count = self.users.len().saturating_add(self.sessions.len());
        if count < self.room.max(FORGET_AT) {
            return;
        }
        self.users.retain(|_, (_, until)| now < *until);
        self.sessions.retain(|_, until| now < *until);
        let left = self.users.len().saturating_add(self.sessions.len());
        self.room = left.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Caller, Role, Subject};
    use tokens::Session;

    use super::*;

    fn holder(epoch: u64, session_id: &str) -> Holder {
        let caller = Caller { sub: Subject::new("usr_1").unwrap(), role: Role::Operator };
        Holder { caller, session: Some(Session { session_id: Some(session_id.into()), epoch }) }
    }

    #[test]
    fn a_token_is_refused_from_the_moment_on_that_it_is_taken_back() {
        let taken_back = TakenBack::default();
        let now = Time::from_micros(0);
        assert!(taken_back.leaves(&holder(1, "ses_1")));
        taken_back.session("ses_1", now);
        assert!(!taken_back.leaves(&holder(1, "ses_1")));
        assert!(taken_back.leaves(&holder(1, "ses_2")));
        taken_back.user("usr_1", 3, now);
        // What is told late takes nothing back.
        taken_back.user("usr_1", 2, now);
        assert!(!taken_back.leaves(&holder(2, "ses_2")));
        assert!(taken_back.leaves(&holder(3, "ses_2")));
        let other = Holder { session: None, ..holder(9, "ses_9") };
        assert!(!taken_back.leaves(&other));
    }

    #[test]
    fn what_is_over_is_forgotten_and_nothing_sooner() {
        let taken_back = TakenBack::default();
        let at = |second: u64| Time::from_micros(0).plus(Duration::from_secs(second));
        for second in 0..10_000 {
            taken_back.session(&format!("ses_{second}"), at(second));
        }
        assert!(taken_back.0.read().sessions.len() < 4 * FORGET_AT);
        let life = TOKEN_LIFE.as_secs();
        for second in (10_000 - life)..10_000 {
            assert!(!taken_back.leaves(&holder(1, &format!("ses_{second}"))), "{second}");
        }
    }
}
