//! The check of a token, from the header to the caller. Not in here: where keys come from, see
//! `keeper`; it never waits for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use http_api::{Authenticator, Problem};
use kernel::{Caller, Clock};
use parking_lot::{Condvar, Mutex, RwLock};
use ring::digest::{SHA256, digest};

use crate::bearer;
use crate::claims::{Claims, Session, second};
use crate::jws::Jws;
use crate::key::{BadKeys, Key, KeySet};
use crate::policy::Policy;
use crate::refused::Refused;
use crate::remembered::{Digest, Good, Remembered};

/// Who holds a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Whom it names.
    pub caller: Caller,
    /// The session that it is of, where a program of ours signed it.
    pub session: Option<Session>,
}

/// Knows who calls by his bearer token.
pub struct Verifier {
    policy: Policy,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    wish: Wish,
}

#[derive(Default)]
struct State {
    /// None until the provider has answered once.
    keys: Option<Arc<KeySet>>,
    remembered: Remembered,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Verifier").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Without keys yet.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, state: RwLock::default(), wish: Wish::default() }
    }

    /// What it trusts.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes a JSON Web Key Set in the place of the former one. What a key has signed that is gone is
    /// believed no longer.
    ///
    /// # Errors
    /// When there is no key to check a token with; then the former ones stay.
    pub fn take_keys(&self, jwks: &[u8]) -> Result<(), BadKeys> {
        let keys = Arc::new(KeySet::read(jwks, &self.policy.algorithms)?);
        let mut state = self.state.write();
        state.remembered.keep_signed_by(&keys);
        state.keys = Some(keys);
        Ok(())
    }

    /// Whether there are keys.
    pub(crate) fn has_keys(&self) -> bool {
        self.state.read().keys.is_some()
    }

    /// Whom a token names.
    ///
    /// # Errors
    /// Why it names nobody.
    pub fn verify(&self, token: &str) -> Result<Holder, Refused> {
        let now = self.clock.now();
        let digest = digest_of(token);
        let keys = {
            let state = self.state.read();
            if let Some(good) = state.remembered.find(&digest, second(now)) {
                return Ok(good.holder.clone());
            }
            state.keys.clone().ok_or(Refused::NoKeys)?
        };
        let jws = Jws::read(token)?;
        let key = self.key_of(&jws, &keys)?;
        if !key.has_signed(jws.signed.as_bytes(), &jws.signature) {
            return Err(Refused::Signature);
        }
        let claims = Claims::from(jws.payload()?);
        let until = claims.check(&self.policy, jws.typ.as_deref(), now)?;
        let caller = claims.caller(self.policy.family, &self.policy.groups)?;
        let holder = Holder { caller, session: claims.session() };
        self.remember(digest, Good { holder: holder.clone(), until, key: key.clone() });
        Ok(holder)
    }

    /// Who holds the token in these headers; nobody if there is none.
    ///
    /// # Errors
    /// Why it names nobody.
    pub fn holder(&self, headers: &HeaderMap) -> Result<Option<Holder>, Refused> {
        bearer::token(headers)?.map(|token| self.verify(token)).transpose()
    }

    fn key_of<'k>(&self, jws: &Jws<'_>, keys: &'k KeySet) -> Result<&'k Key, Refused> {
        let is_trusted = |known: &&crate::Algorithm| known.text() == jws.algorithm;
        let algorithm = self.policy.algorithms.iter().find(is_trusted);
        let algorithm = algorithm.ok_or(Refused::Algorithm)?;
        let Some(key) = keys.find(&jws.key_id) else {
            self.wish.say();
            return Err(Refused::UnknownKey);
        };
        if key.algorithm() == *algorithm { Ok(key) } else { Err(Refused::Algorithm) }
    }

    /// Unless its key went while it was checked.
    fn remember(&self, digest: Digest, good: Good) {
        let mut state = self.state.write();
        if state.keys.as_ref().is_some_and(|keys| keys.has(&good.key)) {
            state.remembered.add(digest, good);
        }
    }

    /// Whether a token named a key that is not there, since this was asked last.
    pub(crate) fn wish(&self) -> &Wish {
        &self.wish
    }
}

fn digest_of(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

impl Authenticator for Verifier {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        Ok(self.holder(headers)?.map(|holder| holder.caller))
    }
}

/// That the keys be fetched again: said by who checks tokens, heard by who fetches.
#[derive(Default)]
pub(crate) struct Wish {
    is_said: Mutex<bool>,
    told: Condvar,
}

impl Wish {
    fn say(&self) {
        let mut is_said = self.is_said.lock();
        if !*is_said {
            *is_said = true;
            self.told.notify_one();
        }
    }

    pub(crate) fn is_said(&self) -> bool {
        *self.is_said.lock()
    }

    pub(crate) fn is_heard(&self) {
        *self.is_said.lock() = false;
    }

    /// Waits that long, or until it is said; where it is said already, no longer than the pause.
    pub(crate) fn wait(&self, time: Duration, pause: Duration) {
        let mut is_said = self.is_said.lock();
        let time = if *is_said { time.min(pause) } else { time };
        self.told.wait_for(&mut is_said, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    /// Ends, or the test never does.
    #[test]
    fn a_wish_is_heard_whether_it_comes_before_or_while_one_waits() {
        let wish = Wish::default();
        wish.say();
        wish.wait(LONG, Duration::ZERO);
        wish.is_heard();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !wish.is_said() {
                    wish.wait(LONG, Duration::ZERO);
                }
            });
            wish.say();
        });
    }
}
