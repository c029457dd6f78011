//! What is made for somebody to sign in by: a password for one time, or a service's secret. Not in
//! here: who is given one.

use std::fmt;

use crate::bodies::{SecretShown, UserShown};
use crate::passwords;
use crate::records::{Proof, ProofState, User, UserKind};
use crate::secrets::{NoRandomness, one_time_password, service_proof, service_secret};

/// What was made for somebody to sign in by, and what is kept of it.
pub struct Made {
    secret: String,
    /// What is kept of it.
    pub proof: Proof,
    kind: UserKind,
}

impl Made {
    /// Makes it. Slow for people.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn new(kind: UserKind) -> Result<Self, NoRandomness> {
        let (secret, proof) = match kind {
            UserKind::Person => {
                let password = one_time_password()?;
                let proof = passwords::proof(&password)?;
                (password, proof)
            }
            UserKind::Service => {
                let secret = service_secret()?;
                let proof = service_proof(&secret);
                (secret, proof)
            }
        };
        Ok(Self { secret, proof, kind })
    }

    /// The password or the secret.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Whose choice it is.
    pub fn proof_state(&self) -> ProofState {
        match self.kind {
            UserKind::Person => ProofState::OneTime,
            UserKind::Service => ProofState::Chosen,
        }
    }

    /// The user with what was made for him; a repeated request does not learn it again.
    pub fn shown(self, user: &User, is_repeated: bool) -> SecretShown {
        let secret = (!is_repeated).then_some(self.secret);
        let (one_time_password, client_secret) = match self.kind {
            UserKind::Person => (secret, None),
            UserKind::Service => (None, secret),
        };
        SecretShown { user: UserShown::from(user), one_time_password, client_secret }
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret stays out of logs.
        out.debug_struct("Made").field("kind", &self.kind).finish_non_exhaustive()
    }
}
