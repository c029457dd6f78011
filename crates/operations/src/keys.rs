//! The keys of the provider of sign-in, kept for those who have no time to fetch them. Not in here:
//! how they are fetched, and whether tokens can be checked with them.

use kernel::{Decision, Id, SigningKeysId, Store, StoreError, Suspend, View, Writes};

use crate::records::SigningKeys;

/// The UUID of the one record.
const UUID: u128 = 0;

/// The id of the one record, as its table holds it.
pub const SIGNING_KEYS: &str = "keys_00000000-0000-0000-0000-000000000000";

/// The keys that were kept last; none if none were.
///
/// # Errors
/// When the store cannot.
pub async fn kept(store: &Store) -> Result<Option<SigningKeys>, StoreError> {
    let kept = store.get::<SigningKeys>(SigningKeysId::from_uuid(UUID)).await?;
    Ok(kept.map(|known| SigningKeys::clone(&known)))
}

/// Keeps an issuer's keys in the place of those before.
#[derive(Debug, Clone)]
pub struct KeepKeys {
    /// Whose they are.
    pub issuer: String,
    /// A JSON Web Key Set with which tokens can be checked.
    pub keys: String,
}

impl Decision for KeepKeys {
    /// Whether they are others than those before; the same are not written again.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "keep_signing_keys"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let signing_keys_id = SigningKeysId::from_uuid(UUID);
        let Self { issuer, keys } = self.clone();
        let new = SigningKeys { signing_keys_id, issuer, keys, changed_at: view.now() };
        match view.get::<SigningKeys>(signing_keys_id)? {
            None => {
                writes.create(new);
            }
            Some(known) if known.issuer == new.issuer && known.keys == new.keys => {
                return Ok(false);
            }
            Some(known) => {
                writes.update(&known, new);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_as_its_table_holds_it() {
        assert_eq!(SigningKeysId::from_uuid(UUID).to_string(), SIGNING_KEYS);
    }
}
