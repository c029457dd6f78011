//! Signs access tokens of our own (RFC 9068, ES256) with the newest of some keys, and shows the public
//! halves of all. Not in here: where keys lie and when there is a new one, and who is given a token.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Time;
use parking_lot::RwLock;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::claims::second;

/// The `iss` and `aud` of our own tokens: this program, for this program. No URL, for nobody fetches
/// anything from there; the signature says which program it is.
pub(crate) const ISSUER: &str = "fintech";

/// How long an access token is good for.
pub const TOKEN_LIFE: Duration = Duration::from_secs(10 * 60);

/// The bytes of an uncompressed point: 4, x, y.
const POINT_BYTES: usize = 65;

/// A key that signs.
pub struct SigningKey {
    id: String,
    created_at: Time,
    pair: EcdsaKeyPair,
}

/// What was read is no signing key, or none could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no P-256 key in the form of PKCS #8")]
pub struct BadSigningKey;

impl SigningKey {
    /// A new one, as PKCS #8.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn generate() -> Result<Vec<u8>, BadSigningKey> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        made.map(|document| document.as_ref().to_vec()).map_err(|_| BadSigningKey)
    }

    /// From its PKCS #8. Its name is made from its public half.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(pkcs8: &[u8], created_at: Time) -> Result<Self, BadSigningKey> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random);
        let pair = pair.map_err(|_| BadSigningKey)?;
        let public = pair.public_key().as_ref();
        if public.len() != POINT_BYTES {
            return Err(BadSigningKey);
        }
        let thumb = digest(&SHA256, public);
        let id = encoded(thumb.as_ref().get(..16).unwrap_or_default());
        Ok(Self { id, created_at, pair })
    }

    /// When it was made.
    pub fn created_at(&self) -> Time {
        self.created_at
    }

    /// Its public half (RFC 7517).
    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let coordinates = point.get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at_checked(32).unwrap_or_default();
        json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256",
            "x": encoded(x), "y": encoded(y) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret half stays out of logs.
        out.write_str(&self.id)
    }
}

/// Whom a token is for, and what it says of him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant<'a> {
    /// Who.
    pub subject: &'a str,
    /// The session; a service has none, and its token is its own.
    pub session_id: Option<&'a str>,
    /// How often his rights have changed.
    pub epoch: u64,
    /// A person's groups, or a service's scopes.
    pub rights: &'a [Box<str>],
    /// The token's own id: never the same twice.
    pub token_id: &'a str,
}

/// Signs.
#[derive(Debug)]
pub struct Mint(RwLock<SigningKeys>);

/// The keys of a mint.
#[derive(Debug)]
pub struct SigningKeys {
    /// Which signs.
    pub newest: SigningKey,
    /// Those before it, of whose tokens some may still be good.
    pub others: Vec<SigningKey>,
}

impl SigningKeys {
    /// The public halves of all of them, as a JSON Web Key Set.
    pub fn jwks(&self) -> Vec<u8> {
        let all = std::iter::once(&self.newest).chain(&self.others);
        json!({ "keys": all.map(SigningKey::jwk).collect::<Vec<_>>() }).to_string().into_bytes()
    }
}

impl Mint {
    /// With these keys.
    pub fn new(keys: SigningKeys) -> Self {
        Self(RwLock::new(keys))
    }

    /// Takes other keys in the place of the former ones.
    pub fn take(&self, keys: SigningKeys) {
        *self.0.write() = keys;
    }

    /// A token, good from now on for [`TOKEN_LIFE`].
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn sign(&self, grant: &Grant<'_>, now: Time) -> Result<String, BadSigningKey> {
        let issued = second(now);
        let life = i64::try_from(TOKEN_LIFE.as_secs()).unwrap_or_default();
        let mut claims = json!({
            "iss": ISSUER, "aud": ISSUER, "sub": grant.subject, "iat": issued,
            "exp": issued.saturating_add(life), "jti": grant.token_id, "epoch": grant.epoch,
        });
        // A program's own token names it as its client (RFC 9068, section 2.2).
        let more = match grant.session_id {
            Some(session_id) => {
                json!({ "client_id": ISSUER, "sid": session_id, "groups": grant.rights })
            }
            None => json!({ "client_id": grant.subject, "scope": grant.rights.join(" ") }),
        };
        if let (Value::Object(claims), Value::Object(more)) = (&mut claims, more) {
            claims.extend(more);
        }
        let keys = self.0.read();
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": keys.newest.id });
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = keys.newest.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| BadSigningKey)?;
        Ok(format!("{signed}.{}", encoded(signature)))
    }

    /// The public halves of all keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Vec<u8> {
        self.0.read().jwks()
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::time::System;
    use kernel::{Clock, Role};

    use super::*;
    use crate::{Policy, Refused, Session, Verifier};

    fn key() -> SigningKey {
        SigningKey::read(&SigningKey::generate().unwrap(), System.now()).unwrap()
    }

    fn keys(newest: SigningKey, others: Vec<SigningKey>) -> SigningKeys {
        SigningKeys { newest, others }
    }

    fn verifier(mint: &Mint) -> Verifier {
        let verifier = Verifier::new(Policy::of_mint(), Arc::new(System));
        verifier.take_keys(&mint.jwks()).unwrap();
        verifier
    }

    fn grant<'a>(session_id: Option<&'a str>, rights: &'a [Box<str>]) -> Grant<'a> {
        Grant { subject: "usr_1", session_id, epoch: 3, rights, token_id: "1" }
    }

    #[test]
    fn what_is_signed_names_its_holder() {
        let mint = Mint::new(keys(key(), vec![]));
        let verifier = verifier(&mint);
        let check = |session_id: Option<&str>, rights: &[&str], role: Role| {
            let rights: Vec<Box<str>> = rights.iter().map(|one| Box::from(*one)).collect();
            let token = mint.sign(&grant(session_id, &rights), System.now()).unwrap();
            let holder = verifier.verify(&token).unwrap();
            assert_eq!((holder.caller.sub.as_str(), holder.caller.role), ("usr_1", role));
            let session_id = session_id.map(Box::from);
            assert_eq!(holder.session, Some(Session { session_id, epoch: 3 }));
        };
        check(Some("ses_1"), &[], Role::Customer);
        check(Some("ses_1"), &["payments"], Role::Customer);
        check(Some("ses_1"), &["staff", "operators"], Role::Operator);
        check(None, &["payments"], Role::Service { scopes: Arc::from([Box::from("payments")]) });
        check(None, &["operators"], Role::Service { scopes: Arc::from([Box::from("operators")]) });
    }

    #[test]
    fn it_is_good_for_its_time_and_for_who_knows_its_key() {
        let mint = Mint::new(keys(key(), vec![]));
        let now = System.now();
        let token = mint.sign(&grant(None, &[]), now).unwrap();
        let late = mint.sign(&grant(None, &[]), now.minus(TOKEN_LIFE * 2)).unwrap();
        assert_eq!(verifier(&mint).verify(&late), Err(Refused::Expired));
        assert_eq!(
            verifier(&Mint::new(keys(key(), vec![]))).verify(&token),
            Err(Refused::UnknownKey)
        );
        assert_eq!(SigningKey::read(b"no key", now).err(), Some(BadSigningKey));
    }

    #[test]
    fn a_key_that_signs_no_more_is_still_known() {
        let (first, second) = (SigningKey::generate().unwrap(), key());
        let now = System.now();
        let read = || SigningKey::read(&first, now).unwrap();
        let mint = Mint::new(keys(read(), vec![]));
        let old = mint.sign(&grant(None, &[]), now).unwrap();
        mint.take(keys(second, vec![read()]));
        let verifier = verifier(&mint);
        verifier.verify(&old).unwrap();
        verifier.verify(&mint.sign(&grant(None, &[]), now).unwrap()).unwrap();
        assert!(!String::from_utf8(mint.jwks()).unwrap().contains("\"d\""));
    }
}
