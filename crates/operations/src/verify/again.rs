//! What seems to be missing while a store does not stand still, read again by key before it is said:
//! an entry that was booked after its chain was read. Not in here: what must be there.

use kernel::record::{ChainId, Record};
use kernel::store::{Order, Place, Query, StoreError, StorePort};
use kernel::{Time, Value};
use wallet::records::Entry;

use super::answers::refused_fact;
use super::claims::claims;
use crate::facts::Side;

/// How many entries are read at once, the newest first.
const AT_ONCE: usize = 50;

/// An entry that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    /// In this chain.
    pub(crate) chain: ChainId,
    /// It says these facts.
    pub(crate) facts: u128,
    /// On this side.
    pub(crate) side: Side,
}

/// Whether it is there after all, booked since that moment.
pub(crate) async fn is_there(
    port: &dyn StorePort,
    missing: &Missing,
    since: Time,
) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let query = Query {
            kind: Entry::KIND,
            index: None,
            partition: Value::from(missing.chain.any()),
            from: None,
            to: None,
            after,
            order: Order::NewestFirst,
            limit: AT_ONCE,
        };
        let page = port.list(query).await?;
        for stored in &page {
            let Some(entry) = stored.downcast::<Entry>() else { continue };
            if entry.booked_at < since {
                return Ok(false);
            }
            if says(&entry, missing) {
                return Ok(true);
            }
            let sort = i64::try_from(entry.sequence).unwrap_or(i64::MAX);
            after = Some(Place { sort, key: stored.record.key() });
        }
        if page.len() < AT_ONCE {
            return Ok(false);
        }
    }
}

fn says(entry: &Entry, missing: &Missing) -> bool {
    let claimed = claims(entry).any(|one| one.facts == missing.facts && one.side == missing.side);
    claimed || refused_fact(entry) == Some(missing.facts)
}
