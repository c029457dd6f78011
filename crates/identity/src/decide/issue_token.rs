//! A service gets a token for its secret. That it did is on the audit trail; the token itself is signed
//! elsewhere and kept nowhere.

use kernel::{Decision, SubId, Suspend, View, Writes};

use super::{SignInRefused, act, book};
use crate::manifest::ISSUE_TOKEN;
use crate::records::{Proof, User, UserKind, UserState};

/// Lets a service have a token.
#[derive(Debug, Clone)]
pub struct IssueToken {
    /// Which service.
    pub sub: SubId,
    /// What is kept of the secret that it showed, if it is the right one.
    pub shown: Proof,
}

impl Decision for IssueToken {
    /// The service.
    type Outcome = Result<User, SignInRefused>;

    fn name(&self) -> &'static str {
        ISSUE_TOKEN.name
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let known = view.get::<User>(self.sub)?.filter(|user| {
            user.kind == UserKind::Service
                && user.state == UserState::Active
                && user.proof == self.shown
        });
        let Some(user) = known else { return Ok(Err(SignInRefused::Wrong)) };
        book(view, writes, &act(&user.caller(), Decision::name(self), &self.sub))?;
        Ok(Ok(User::clone(&user)))
    }
}
