//! The form of a token: three parts in base64url, of which the first says how it is signed (RFC 7515,
//! compact serialization). Not in here: keys, and what the payload claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::json::{self, Object};
use crate::refused::Refused;

/// The most characters that the name of a key may have.
pub(crate) const KEY_ID_LENGTH_MAX: usize = 128;

/// Members that change what a token is or where its key comes from: extensions that must be
/// understood (RFC 7515, section 4.1.11; RFC 7797), keys that the token brings or points to, and
/// what only nested or encrypted tokens have (RFC 7516).
const UNSUPPORTED: [&str; 10] =
    ["crit", "b64", "jku", "jwk", "x5u", "x5c", "cty", "enc", "zip", "epk"];

/// A token whose header was read, and nothing else of it.
pub(crate) struct Jws<'a> {
    /// The `alg` of the header.
    pub(crate) algorithm: String,
    /// The `kid` of the header.
    pub(crate) key_id: String,
    /// The `typ` of the header, in lower case and without `application/`.
    pub(crate) typ: Option<String>,
    /// What is signed: the first two parts with their dot.
    pub(crate) signed: &'a str,
    /// The signature.
    pub(crate) signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    pub(crate) fn read(token: &'a str) -> Result<Self, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
        if payload.contains('.') {
            return Err(Refused::Malformed);
        }
        let header = json::object(&decoded(header)?).ok_or(Refused::Malformed)?;
        if UNSUPPORTED.iter().any(|member| header.contains_key(*member)) {
            return Err(Refused::Unsupported);
        }
        let key_id = text(&header, "kid")?.ok_or(Refused::UnknownKey)?;
        if key_id.len() > KEY_ID_LENGTH_MAX {
            return Err(Refused::UnknownKey);
        }
        let typ = text(&header, "typ")?.map(str::to_ascii_lowercase);
        let typ = typ.map(|typ| typ.strip_prefix("application/").unwrap_or(&typ).to_owned());
        Ok(Self {
            algorithm: text(&header, "alg")?.ok_or(Refused::Algorithm)?.to_owned(),
            key_id: key_id.to_owned(),
            typ,
            signed,
            signature: decoded(signature)?,
            payload,
        })
    }

    /// What it claims. To be read once the signature is known to fit.
    pub(crate) fn payload(&self) -> Result<Object, Refused> {
        json::object(&decoded(self.payload)?).ok_or(Refused::Malformed)
    }
}

/// A text of the header; another type is no token.
fn text<'h>(header: &'h Object, member: &str) -> Result<Option<&'h str>, Refused> {
    let Some(value) = header.get(member) else { return Ok(None) };
    value.as_str().map(Some).ok_or(Refused::Malformed)
}

/// The bytes of a part. Padding, other alphabets, blanks and bits that belong to no byte are refused:
/// each would be the same token once more.
pub(crate) fn decoded(part: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)
}

/// The bytes of a member of a key, which are in base64url too.
pub(crate) fn decoded_member(object: &Object, member: &str) -> Option<Vec<u8>> {
    object.get(member).and_then(Value::as_str).and_then(|part| decoded(part).ok())
}
