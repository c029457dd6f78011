//! What a provider publishes of itself: where its keys are (OpenID Connect Discovery), and the keys.
//! Not in here: when they are fetched, see `keeper`; how bytes are fetched, which a [`Source`] does.

use serde_json::Value;

use crate::json;
use crate::key::KEYS_BYTES_MAX;
use crate::policy::is_trusted_url;
use crate::verifier::Verifier;

/// Fetches by GET. It may wait; whoever asks has a thread for it.
pub trait Source: Send + Sync + 'static {
    /// The body of a 200 at that URL, of at most so many bytes; no redirect is followed.
    ///
    /// # Errors
    /// Why there is none, for the log.
    fn fetch(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, String>;
}

/// Why the keys are not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It does not answer.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// In the source's words.
        reason: String,
    },
    /// It answers what cannot be believed.
    #[error("{url}: {reason}")]
    Refused {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

/// Where a provider tells of itself, below its issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Fetches the keys of the verifier's issuer, and gives them to it.
pub(crate) fn fetch_keys(verifier: &Verifier, source: &dyn Source) -> Result<(), FetchError> {
    let issuer = &*verifier.policy().issuer;
    let url = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
    let document = fetch(source, &url)?;
    let refused = |url: &str, reason: String| FetchError::Refused { url: url.to_owned(), reason };
    let document =
        json::object(&document).ok_or_else(|| refused(&url, "is no JSON object".to_owned()))?;
    let text = |member| document.get(member).and_then(Value::as_str).unwrap_or_default();
    if text("issuer") != issuer {
        let named = text("issuer");
        return Err(refused(&url, format!("names the issuer {named:?}, not {issuer:?}")));
    }
    let jwks_uri = text("jwks_uri");
    let is_as_safe = jwks_uri.starts_with("https://") || issuer.starts_with("http://");
    // Unlike an issuer, the place of keys may have a query.
    let place = jwks_uri.split('?').next().unwrap_or_default();
    if !is_as_safe
        || !is_trusted_url(place)
        || !jwks_uri.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(refused(&url, format!("has its keys at {jwks_uri:?}, which is not trusted")));
    }
    let keys = fetch(source, jwks_uri)?;
    verifier.take_keys(&keys).map_err(|error| refused(jwks_uri, error.to_string()))
}

fn fetch(source: &dyn Source, url: &str) -> Result<Vec<u8>, FetchError> {
    let fetched = source.fetch(url, KEYS_BYTES_MAX);
    fetched.map_err(|reason| FetchError::Unreachable { url: url.to_owned(), reason })
}
