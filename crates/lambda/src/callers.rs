//! Who calls: whom the bearer token of a request names, checked here whatever the gateway thought of
//! it, with the keys that `keep_signing_keys` keeps. They are read at the start, again after some
//! minutes, and at once when a token names one that is not there, unless they were read just before.
//! Not in here: the check of a token, see `tokens`; how keys are fetched, see `keys`.

use std::sync::Arc;

use http_api::Authenticator;
use kernel::{Clock, Store, StoreError, Time};
use operations::keys;
use parking_lot::Mutex;
use tokens::{BadKeys, Policy, Verifier};

/// Knows who calls.
pub struct Callers {
    verifier: Arc<Verifier>,
    /// Where the keys are kept.
    store: Store,
    read_at: Mutex<Option<Time>>,
}

/// The store's clock.
struct StoresClock(Store);

impl Clock for StoresClock {
    fn now(&self) -> Time {
        self.0.now()
    }
}

impl Callers {
    /// By tokens that this policy trusts and keys that are kept in this store. None are read yet.
    pub fn new(policy: Policy, store: Store) -> Self {
        let clock = Arc::new(StoresClock(store.clone()));
        Self { verifier: Arc::new(Verifier::new(policy, clock)), store, read_at: Mutex::default() }
    }

    /// Reads the keys if it is time; whether it was. Where there are no new ones, those known stay.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let now = self.store.now();
        {
            let mut read_at = self.read_at.lock();
            if read_at.is_some_and(|read_at| !self.verifier.wants_keys(now.since(read_at))) {
                return Ok(false);
            }
            *read_at = Some(now);
        }
        let kept = keys::kept(&self.store).await;
        if kept.is_err() {
            // It is time still.
            *self.read_at.lock() = None;
        }
        match kept? {
            None => tracing::warn!("no keys to check tokens with are kept yet"),
            Some(kept) if kept.issuer != self.issuer() => {
                tracing::warn!(kept.issuer, "the keys that are kept are those of another issuer");
            }
            Some(kept) => {
                if let Err(error) = self.take(kept.keys.as_bytes()) {
                    tracing::error!(%error, "the keys that are kept cannot be used");
                }
            }
        }
        Ok(true)
    }

    /// Whose tokens are trusted.
    pub(crate) fn issuer(&self) -> &str {
        self.verifier.policy().issuer()
    }

    /// Takes a JSON Web Key Set in the place of the former one.
    pub(crate) fn take(&self, keys: &[u8]) -> Result<(), BadKeys> {
        self.verifier.take_keys(keys)
    }

    /// For the routes.
    pub(crate) fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::<Verifier>::clone(&self.verifier)
    }
}
