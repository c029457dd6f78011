//! What the service decides: who is made, who signs in, how a session goes on and ends, what an
//! operator changes. Pure functions over records: passwords are compared elsewhere, and what was
//! compared is looked at again here.

mod book_refused;
mod change_user;
mod create_user;
mod issue_token;
mod log_in;
mod log_out;
mod refresh;

pub use book_refused::BookRefused;
pub use change_user::{Change, ChangeUser};
pub use create_user::CreateUser;
pub use issue_token::IssueToken;
pub use log_in::{LogIn, NewSession};
pub use log_out::{LogOut, Reach};
pub use refresh::{GRACE, RefreshSession};

use kernel::audit::{Act, AuditLine};
use kernel::{Caller, Suspend, View, Writes};

use crate::manifest::NAME;
use crate::records::BadRight;

/// Why a sign-in is refused. What an answer says of it is not here: it must not tell who has an
/// account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// Nobody, disabled, or another password than was compared.
    #[error("the name or what proves it is wrong")]
    Wrong,
    /// The password was made by us, too long ago.
    #[error("the password for one time is over")]
    Late,
    /// The password was made by us: another must be chosen.
    #[error("the password is for one time")]
    OneTime,
    /// The session is over, or there is none.
    #[error("the session is over")]
    Over,
    /// Another refresh token took this one's place a moment ago.
    #[error("another refresh token has taken its place")]
    Superseded,
    /// A refresh token that was replaced long ago: somebody else has it too. The session is over.
    #[error("the refresh token was used before")]
    Reused,
}

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Somebody else has the name.
    #[error("That name is taken; sign in, or choose another.")]
    NameTaken,
    /// There is no such user.
    #[error("There is no such user; check the id.")]
    NotFound,
    /// The key came before, with another body.
    #[error("This Idempotency-Key came with another body before; draw a new one.")]
    KeyReused,
    /// Nobody would be left who has chosen a password and could make him an operator again.
    #[error(
        "He is the last operator with a password of his own; first make somebody else one, who chooses his."
    )]
    LastOperator,
    /// A right that there is not, or not for such a user.
    #[error("That right {}.", BadRight::Unknown)]
    NoSuchRight,
    /// More rights than one may have.
    #[error("That would be more than 16 rights; take others back first.")]
    TooManyRights,
}

/// Under which names lines tell what has no route of its own.
pub(crate) const LOG_OUT_EVERYWHERE: &str = "log_out_everywhere";
pub(crate) const REUSE_REFRESH_TOKEN: &str = "reuse_refresh_token";

/// What somebody does here.
fn act(caller: &Caller, operation: &'static str, subject: &impl ToString) -> Act {
    Act::of(caller, NAME, operation, &subject.to_string())
}

/// Books what was done, in the same step. Whatever changes a user or begins a session says so in its
/// line, by which `verify` finds what was done past all decisions.
fn book(view: &mut View<'_>, writes: &mut Writes, act: &Act) -> Result<(), Suspend> {
    writes.create(AuditLine::of(view, act)?);
    Ok(())
}

#[cfg(test)]
mod tests;
