//! What an operator changes of somebody. Whatever takes something back begins a new epoch: tokens and
//! sessions of the former one are good no longer. Who gets a right more signs in again too, so that no
//! session has rights that it was not begun with.

use kernel::request::{RecentKeys, Seen};
use kernel::rights::OPERATORS;
use kernel::{Caller, Decision, RequestKey, SubId, Suspend, Time, View, Writes};

use super::{ChangeRefused, act, book};
use crate::records::{Proof, ProofState, Right, User, UserKind, UserState};

/// What is changed.
#[derive(Debug, Clone)]
pub enum Change {
    /// A group or scope more, one that there is for him.
    Grant(Right),
    /// A group or scope less, be it one that there is or not.
    Revoke(Right),
    /// He may not sign in any more.
    Disable,
    /// He may again.
    Enable,
    /// Another password for one time, or another secret.
    Reset(Proof),
}

impl Change {
    /// Whether an operator is none after it, or one who cannot sign in by what he knows: another password
    /// is told once, and that answer can be lost.
    pub(crate) fn ends_operator(&self) -> bool {
        match self {
            Self::Revoke(right) => right.as_str() == OPERATORS,
            Self::Disable | Self::Reset(_) => true,
            Self::Grant(_) | Self::Enable => false,
        }
    }
}

/// Changes a user. That the caller is an operator, the route has seen to.
#[derive(Debug, Clone)]
pub struct ChangeUser {
    /// Who changes him.
    pub caller: Caller,
    /// Whom.
    pub sub: SubId,
    /// What.
    pub change: Change,
    /// The request's key.
    pub key: Option<RequestKey>,
}

impl Decision for ChangeUser {
    /// The user as he is now; and whether the same request had changed him before.
    type Outcome = Result<(User, bool), ChangeRefused>;

    fn name(&self) -> &'static str {
        match self.change {
            Change::Grant(_) => "grant_right",
            Change::Revoke(_) => "revoke_right",
            Change::Disable => "disable_user",
            Change::Enable => "enable_user",
            Change::Reset(_) => "reset_password",
        }
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let Some(known) = view.get::<User>(self.sub)? else {
            return Ok(Err(ChangeRefused::NotFound));
        };
        match known.recent_keys.seen(self.key.as_ref()) {
            Seen::Again => return Ok(Ok((User::clone(&known), true))),
            Seen::Reused => return Ok(Err(ChangeRefused::KeyReused)),
            Seen::New => {}
        }
        let now = view.now();
        let changed = match self.changed(&known, now) {
            Ok(changed) => changed,
            Err(refused) => return Ok(Err(refused)),
        };
        let recent_keys: RecentKeys = known.recent_keys.with(self.key.as_ref(), now);
        let user = User { recent_keys, ..changed };
        let act = act(&self.caller, Decision::name(self), &self.sub).namely(self.change.detail());
        book(view, writes, &act.changing(Some(known.hash()), user.hash()))?;
        writes.update(&known, user.clone());
        Ok(Ok((user, false)))
    }
}

impl Change {
    /// What its name does not say.
    fn detail(&self) -> &str {
        match self {
            Self::Grant(right) | Self::Revoke(right) => right.as_str(),
            Self::Disable | Self::Enable | Self::Reset(_) => "",
        }
    }
}

impl ChangeUser {
    fn changed(&self, user: &User, now: Time) -> Result<User, ChangeRefused> {
        Ok(match &self.change {
            Change::Grant(right) if !right.is_for(user.kind) => {
                return Err(ChangeRefused::NoSuchRight);
            }
            Change::Grant(right) => {
                let rights = user.rights.with(right).map_err(|_| ChangeRefused::TooManyRights)?;
                User { rights, ..user.in_next_epoch(now) }
            }
            Change::Revoke(right) => {
                User { rights: user.rights.without(right), ..user.in_next_epoch(now) }
            }
            Change::Disable => User { state: UserState::Disabled, ..user.in_next_epoch(now) },
            Change::Enable => {
                let updated_at = now.max(user.updated_at);
                User { state: UserState::Active, updated_at, ..user.clone() }
            }
            Change::Reset(proof) => {
                let proof_state = match user.kind {
                    UserKind::Person => ProofState::OneTime,
                    UserKind::Service => ProofState::Chosen,
                };
                User {
                    proof: proof.clone(),
                    proof_state,
                    proof_made_at: Some(now),
                    ..user.in_next_epoch(now)
                }
            }
        })
    }
}
