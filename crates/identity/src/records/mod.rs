//! What the service keeps: users, the names by which they sign in, and sessions. What may become of
//! them is decided in `decide`; how they look outside is said in `bodies`.

mod rights;
mod session;
mod user;
mod words;

pub use rights::{BadRight, Right, Rights};
pub use session::{Session, SessionState};
pub use user::{ONE_TIME_LIFE, TakenName, User, UserKind, UserState};
pub use words::{BadName, LoginName, Proof, ProofState};

/// Goes on only if `rule` holds; `why` says what contradicts what.
fn require(rule: bool, why: &str) -> Result<(), String> {
    if rule { Ok(()) } else { Err(why.to_owned()) }
}
