//! The keys of a provider (RFC 7517), and whether a signature is theirs. Each key has one algorithm,
//! by its type, so that a token cannot choose. Not in here: where keys come from.

use std::fmt;

use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use crate::json::{self, Object};
use crate::jws::{KEY_ID_LENGTH_MAX, decoded_member};

/// The most bytes that a set of keys may have.
pub(crate) const KEYS_BYTES_MAX: usize = 64 * 1024;

/// The most keys in a set, of whatever kind.
const KEYS_MAX: usize = 64;

/// How many bits the modulus of an RSA key has; less is not safe, more is only slow.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;

/// How many bytes a coordinate of P-256, or a key of Ed25519, has.
const CURVE_BYTES: usize = 32;

/// How tokens may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every provider has.
    Rs256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The `alg` of headers and keys.
    pub fn text(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    id: Box<str>,
    material: Material,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed: 4, x, y.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    /// The key of a member of `keys`; none where it is one that no token is checked with: of another
    /// type, another use or algorithm, too small, or not alone public.
    fn read(jwk: &Object) -> Option<Self> {
        let text = |member: &str| jwk.get(member).and_then(Value::as_str);
        let is_private = ["d", "p", "q", "k"].iter().any(|member| jwk.contains_key(*member));
        let is_for_signatures = jwk.get("use").is_none_or(|of| of == "sig")
            && jwk.get("key_ops").is_none_or(|operations| {
                operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"))
            });
        if is_private || !is_for_signatures {
            return None;
        }
        let id = text("kid").filter(|id| (1..=KEY_ID_LENGTH_MAX).contains(&id.len()))?;
        let curve = |member| decoded_member(jwk, member).filter(|it| it.len() == CURVE_BYTES);
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let modulus = decoded_member(jwk, "n").filter(|n| RSA_BITS.contains(&bits(n)))?;
                Material::Rsa { modulus, exponent: decoded_member(jwk, "e")? }
            }
            ("EC", Some("P-256")) => Material::P256([vec![4], curve("x")?, curve("y")?].concat()),
            ("OKP", Some("Ed25519")) => Material::Ed25519(curve("x")?),
            _ => return None,
        };
        let key = Self { id: id.into(), material };
        jwk.get("alg").is_none_or(|named| named == key.algorithm().text()).then_some(key)
    }

    /// The one algorithm that a key of its type has here.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether it signed the message.
    pub(crate) fn has_signed(&self, message: &[u8], signed: &[u8]) -> bool {
        let verified =
            match &self.material {
                Material::Rsa { modulus: n, exponent: e } => RsaPublicKeyComponents { n, e }
                    .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed),
                Material::P256(point) => {
                    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                        .verify(message, signed)
                }
                Material::Ed25519(point) => {
                    UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signed)
                }
            };
        verified.is_ok()
    }
}

/// How many bits a number has that is written without leading zeros.
fn bits(number: &[u8]) -> usize {
    let Some(first) = number.first().filter(|first| **first != 0) else { return 0 };
    let unused = usize::try_from(first.leading_zeros()).unwrap_or_default();
    number.len().saturating_mul(8).saturating_sub(unused)
}

/// What was sent is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// Not JSON, without a list of keys, or with more bytes or keys than there may be.
    #[error("they are no JSON Web Key Set of at most 64 KiB and 64 keys")]
    Malformed,
    /// Two that a token could mean.
    #[error("two of them are named {0:?}")]
    Twice(String),
    /// None that a token could be checked with.
    #[error("none of them is a named key for signatures, of a type and size that is trusted")]
    None,
}

/// The keys of a provider that tokens are checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

impl fmt::Debug for KeySet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys that are for something else are passed over.
    ///
    /// # Errors
    /// When it is malformed, names two keys alike, or has none that is fit.
    pub fn read(bytes: &[u8], trusted: &[Algorithm]) -> Result<Self, BadKeys> {
        if bytes.len() > KEYS_BYTES_MAX {
            return Err(BadKeys::Malformed);
        }
        let set = json::object(bytes).ok_or(BadKeys::Malformed)?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or(BadKeys::Malformed)?;
        if listed.len() > KEYS_MAX {
            return Err(BadKeys::Malformed);
        }
        let fit = listed.iter().filter_map(Value::as_object).filter_map(Key::read);
        let mut keys: Vec<Key> = Vec::new();
        for key in fit.filter(|key| trusted.contains(&key.algorithm())) {
            if keys.iter().any(|known| known.id == key.id) {
                return Err(BadKeys::Twice(key.id.into()));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(BadKeys::None) } else { Ok(Self(keys)) }
    }

    /// The key of that name.
    pub(crate) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| *key.id == *id)
    }

    /// Whether that very key is one of them.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.0.contains(key)
    }
}
