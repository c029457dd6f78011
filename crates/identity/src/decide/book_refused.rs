//! That sign-ins were refused goes to the audit list, counted, so that a flood of them is one line and
//! fills no disk.

use kernel::text::Reason;
use kernel::{Caller, Decision, Role, Subject, Suspend, View, Writes};

use super::audit;

/// Books that so many were refused.
#[derive(Debug, Clone, Copy)]
pub struct BookRefused(pub u64);

impl Decision for BookRefused {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "refuse_sign_ins"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        let (Ok(sub), Ok(reason)) = (Subject::new("anybody"), Reason::new(&self.0.to_string()))
        else {
            unreachable!("words of ours are words")
        };
        let anybody = Caller { sub, role: Role::Customer };
        audit(view, writes, &anybody, (Decision::name(self), "sign-in", Some(&reason)))?;
        Ok(())
    }
}
