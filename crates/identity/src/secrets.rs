//! Secrets that the program makes: refresh tokens, services' secrets, one-time passwords. Each is
//! random enough that SHA-256 hides it; passwords that people choose are hashed in `passwords`.
//! Not in here: who is given one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::record::Hash32;
use kernel::{Id, SessionId};
use sha2::{Digest, Sha256};

use crate::records::Proof;

/// The machine gives no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no randomness")]
pub struct NoRandomness;

/// A refresh token: the session, what all tokens of the session share, and what only this one has. By
/// the middle part one that was good once is told from one that somebody made up, who must not be
/// able to end a session of which he knows the id.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session.
    pub session_id: SessionId,
    family: [u8; 16],
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first one of a session.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn first(session_id: SessionId) -> Result<Self, NoRandomness> {
        Ok(Self { session_id, family: random()?, secret: random()? })
    }

    /// The one after it.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn next(&self) -> Result<Self, NoRandomness> {
        Ok(Self { secret: random()?, ..self.clone() })
    }

    /// From its text; none if it is no text of one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (family, secret) = rest.split_first_chunk::<16>()?;
        let session_id = SessionId::from_uuid(u128::from_be_bytes(*session));
        Some(Self { session_id, family: *family, secret: secret.try_into().ok()? })
    }

    /// Its text.
    pub fn text(&self) -> String {
        let session = self.session_id.uuid().to_be_bytes();
        URL_SAFE_NO_PAD.encode([&session[..], &self.family, &self.secret].concat())
    }

    /// The hash of what all tokens of the session share.
    pub fn family_hash(&self) -> Hash32 {
        hash(&self.family)
    }

    /// The hash of what only this one has.
    pub fn token_hash(&self) -> Hash32 {
        hash(&self.secret)
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secret stays out of logs.
        write!(out, "{}", self.session_id)
    }
}

/// A new secret for a service: 256 bits.
///
/// # Errors
/// When the machine gives no randomness.
pub fn service_secret() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A new password that its holder must change: 120 bits, in letters that are told apart when read out.
///
/// # Errors
/// When the machine gives no randomness.
pub fn one_time_password() -> Result<String, NoRandomness> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = random::<24>()?.map(|byte| LETTERS.get(usize::from(byte & 31)).copied());
    let groups = letters
        .chunks(6)
        .map(|group| group.iter().flatten().map(|letter| char::from(*letter)).collect::<String>());
    Ok(groups.collect::<Vec<_>>().join("-"))
}

/// What stands before the hash of a service's secret.
const SERVICE_PROOF: &str = "$sha256$";

/// What is kept of a service's secret.
pub fn service_proof(secret: &str) -> Proof {
    Proof::new(&format!("{SERVICE_PROOF}{}", hash(secret.as_bytes())))
}

fn hash(bytes: &[u8]) -> Hash32 {
    Hash32(Sha256::digest(bytes).into())
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], NoRandomness> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_read_back_and_has_a_successor() {
        let first = RefreshToken::first(SessionId::from_uuid(7)).unwrap();
        assert_eq!(RefreshToken::read(&first.text()), Some(first.clone()));
        let next = first.next().unwrap();
        assert_eq!((next.session_id, next.family_hash()), (first.session_id, first.family_hash()));
        assert_ne!(next.token_hash(), first.token_hash());
        for wrong in ["", "x", &first.text()[1..], &format!("{}a", first.text())] {
            assert_eq!(RefreshToken::read(wrong), None, "{wrong}");
        }
        assert!(!format!("{first:?}").contains(&first.text()[30..]));
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let password = one_time_password().unwrap();
        assert_eq!(password.len(), 27, "{password}");
        assert_ne!(password, one_time_password().unwrap());
        let secret = service_secret().unwrap();
        assert_eq!(secret.len(), 43);
        assert_eq!(service_proof(&secret), service_proof(&secret));
        assert_ne!(service_proof(&secret), service_proof(&service_secret().unwrap()));
    }
}
