//! Tokens that were found good, until they expire, so that a signature is checked once and not with
//! each request. Bounded: of the two halves the older is thrown away when the younger is full.
//! Not in here: whether a token is good.

use std::collections::HashMap;

use crate::key::{Key, KeySet};
use crate::verifier::Holder;

/// How many tokens each half holds; an entry takes some 300 bytes.
const HALF_MAX: usize = 8_192;

/// SHA-256 of a token. A token itself is a secret that nothing keeps.
pub(crate) type Digest = [u8; 32];

/// What is known of a good token.
#[derive(Clone)]
pub(crate) struct Good {
    pub(crate) holder: Holder,
    /// The second from which on it is good no longer.
    pub(crate) until: i64,
    /// Which signed it.
    pub(crate) key: Key,
}

/// The tokens.
#[derive(Default)]
pub(crate) struct Remembered {
    young: HashMap<Digest, Good>,
    old: HashMap<Digest, Good>,
}

impl Remembered {
    /// What is known of a token, if it is still good in that second.
    pub(crate) fn find(&self, digest: &Digest, now: i64) -> Option<&Good> {
        let found = self.young.get(digest).or_else(|| self.old.get(digest))?;
        (now < found.until).then_some(found)
    }

    /// Remembers one.
    pub(crate) fn add(&mut self, digest: Digest, good: Good) {
        if self.young.len() >= HALF_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, good);
    }

    /// Forgets what other keys than these have signed.
    pub(crate) fn keep_signed_by(&mut self, keys: &KeySet) {
        for half in [&mut self.young, &mut self.old] {
            half.retain(|_, good| keys.has(&good.key));
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Caller, Role, Subject};

    use super::*;
    use crate::forge::Forge;
    use crate::key::Algorithm;

    fn digest(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest_first() {
        let keys = KeySet::read(&Forge::new("https://x").jwks(), &[Algorithm::Rs256]).unwrap();
        let key = keys.find(crate::forge::RSA_KEY).unwrap();
        let caller = Caller { sub: Subject::new("ada").unwrap(), role: Role::Customer };
        let holder = Holder { caller, session: None };
        let good = Good { holder, until: 100, key: key.clone() };
        let mut remembered = Remembered::default();
        let all = 3 * HALF_MAX;
        for number in 0..all {
            remembered.add(digest(number), good.clone());
            assert!(remembered.young.len() + remembered.old.len() <= 2 * HALF_MAX);
        }
        assert!(remembered.find(&digest(0), 1).is_none());
        assert!(remembered.find(&digest(all - HALF_MAX - 1), 1).is_some());
        assert!(remembered.find(&digest(all - 1), 99).is_some());
        assert!(remembered.find(&digest(all - 1), 100).is_none());
    }
}
