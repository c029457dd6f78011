//! Somebody is made: by himself, by an operator, or the first operator by the first start. His name is
//! his alone. How often somebody may ask is not decided here.

use kernel::request::{RecentKeys, Seen};
use kernel::{Caller, Decision, RequestKey, SubId, Suspend, View, Writes};

use super::{ChangeRefused, act, book};
use crate::records::{LoginName, Proof, ProofState, Rights, TakenName, User, UserKind, UserState};

/// Makes a user.
#[derive(Debug, Clone)]
pub struct CreateUser {
    /// Under which name it goes to the audit list: `sign_up`, `create_user`.
    pub operation: &'static str,
    /// What he is.
    pub kind: UserKind,
    /// By which name he signs in.
    pub name: LoginName,
    /// What proves who he is.
    pub proof: Proof,
    /// Whose choice that was.
    pub proof_state: ProofState,
    /// His groups, or its scopes.
    pub rights: Rights,
    /// Who makes him; himself if nobody else.
    pub caller: Option<Caller>,
    /// Names the user, so that a repeat finds him.
    pub key: Option<RequestKey>,
}

impl Decision for CreateUser {
    /// The user; and whether he was there already, made by the same request.
    type Outcome = Result<(User, bool), ChangeRefused>;

    fn name(&self) -> &'static str {
        self.operation
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let named: Option<SubId> = self.key.map(|key| key.id());
        if let Some(sub) = named
            && let Some(known) = view.get::<User>(sub)?
        {
            return Ok(match known.recent_keys.seen(self.key.as_ref()) {
                Seen::Again => Ok((User::clone(&known), true)),
                Seen::Reused | Seen::New => Err(ChangeRefused::KeyReused),
            });
        }
        if !self.rights.are_for(self.kind) {
            return Ok(Err(ChangeRefused::NoSuchRight));
        }
        let login_name_id = self.name.id();
        if view.get::<TakenName>(login_name_id)?.is_some() {
            return Ok(Err(ChangeRefused::NameTaken));
        }
        let now = view.now();
        let user = User {
            sub: named.unwrap_or_else(|| view.id()),
            kind: self.kind,
            name: self.name.clone(),
            proof: self.proof.clone(),
            proof_state: self.proof_state,
            rights: self.rights.clone(),
            state: UserState::Active,
            epoch: 1,
            created_at: now,
            updated_at: now,
            taken_back_at: None,
            taken_back: None,
            recent_keys: RecentKeys::default().with(self.key.as_ref(), now),
            proof_made_at: Some(now),
        };
        let by = self.caller.clone().unwrap_or_else(|| user.caller());
        let act = act(&by, self.operation, &user.sub)
            .namely(&user.rights.to_string())
            .changing(None, user.hash());
        book(view, writes, &act)?;
        writes.create(TakenName { login_name_id, sub: user.sub });
        writes.create(user.clone());
        Ok(Ok((user, false)))
    }
}
