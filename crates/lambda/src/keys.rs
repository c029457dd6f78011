//! Keeps the keys of the provider of sign-in: fetched on a schedule, and written down where they are
//! others than before, so that no function has to fetch them when it starts, and none stands still
//! while the provider does. Not in here: who reads them, see `callers`.

use kernel::store::BoxFuture;
use kernel::time::System;
use kernel::{Context, Store};
use operations::keys::KeepKeys;
use store_dynamodb::Reach;

use crate::callers::Callers;
use crate::failure::Failure;

/// The most bytes that a set of keys may have; what Cognito publishes has about a thousand.
const BYTES_MAX: usize = 64 * 1024;

/// Where Amazon Cognito publishes the keys of a pool, below the pool's issuer: "Verifying JSON web
/// tokens" in its developer guide.
const PLACE: &str = "/.well-known/jwks.json";

/// Where keys come from.
pub trait KeySource: Send + Sync + 'static {
    /// A JSON Web Key Set, or why there is none.
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, String>>;
}

/// The keys of a pool of Amazon Cognito.
pub(crate) struct CognitoKeys {
    reach: Reach,
    url: String,
}

/// No keys: for every function but the one that keeps them.
pub(crate) struct NoKeys;

impl KeySource for NoKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        Box::pin(async { Err("this function fetches no keys".to_owned()) })
    }
}

impl CognitoKeys {
    /// Of that issuer; where AWS stands in for itself at an endpoint, from there.
    pub(crate) fn new(reach: Reach, issuer: &str, endpoint: Option<&str>) -> Self {
        Self { reach, url: url(issuer, endpoint) }
    }
}

impl KeySource for CognitoKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        Box::pin(self.reach.get(&self.url, BYTES_MAX))
    }
}

fn url(issuer: &str, endpoint: Option<&str>) -> String {
    let issuer = issuer.trim_end_matches('/');
    let Some(endpoint) = endpoint else { return format!("{issuer}{PLACE}") };
    let (_, rest) = issuer.split_once("://").unwrap_or_default();
    let (_, pool) = rest.split_once('/').unwrap_or_default();
    format!("{}/{pool}{PLACE}", endpoint.trim_end_matches('/'))
}

/// Keeps the keys that there are now; whether they are others than before.
///
/// # Errors
/// When there are none that tokens can be checked with, or the store cannot. Those kept stay.
pub(crate) async fn keep(
    store: &Store,
    callers: &Callers,
    source: &dyn KeySource,
) -> Result<bool, Failure> {
    let issuer = callers.issuer().to_owned();
    let refused =
        |why: String| Failure::Keys(format!("{issuer}: {why}; the keys that are kept stay"));
    let fetched = source.fetch().await.map_err(refused)?;
    callers.take(&fetched).map_err(|bad| refused(bad.to_string()))?;
    let keys = String::from_utf8(fetched).map_err(|error| refused(error.to_string()))?;
    let context = Context::own(&System);
    let is_new = store.decide(KeepKeys { issuer: issuer.clone(), keys }, context).await?;
    if is_new {
        tracing::info!(issuer, "the sign-in provider has other keys");
    }
    Ok(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_keys_are() {
        let issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC";
        assert_eq!(url(issuer, None), format!("{issuer}/.well-known/jwks.json"));
        let local = "http://127.0.0.1:4577/eu-west-1_AbC/.well-known/jwks.json";
        assert_eq!(url(issuer, Some("http://127.0.0.1:4577")), local);
        assert_eq!(url(issuer, Some("http://127.0.0.1:4577/")), local);
    }
}
