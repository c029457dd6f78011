//! That sign-ins were refused goes to the audit trail, several in a line. Which are told together, and
//! how a name is told that must not stand there, is not here but in `refusals`.

use kernel::audit::{Act, AuditLine};
use kernel::request::RequestKey;
use kernel::{Decision, Suspend, Time, View, Writes};

use crate::manifest::NAME;

/// Books that somebody was refused so often. From where, its context says.
#[derive(Debug, Clone)]
pub struct BookRefused {
    /// Names the line, which is booked once.
    pub key: RequestKey,
    /// Whom he wanted to be: a user's id, or what hides a name of which there is no user.
    pub subject: String,
    /// How often, at least once.
    pub times: u64,
    /// When first.
    pub first_at: Time,
}

impl Decision for BookRefused {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "refuse_sign_ins"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        let act = Act::of_nobody(NAME, Decision::name(self), &self.subject);
        let act = act.ending("refused").several(self.times, self.first_at).keyed(Some(self.key));
        if !AuditLine::is_booked(view, &act)? {
            writes.create(AuditLine::of(view, &act)?);
        }
        Ok(())
    }
}
