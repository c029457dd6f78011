//! What seems to be missing while a store does not stand still, read again by key before it is said:
//! an entry that was booked after its chain was read, a hold that changed. Not in here: what must be
//! there.

use kernel::record::{ChainId, Record};
use kernel::store::{Order, Place, Query, StoreError, StorePort};
use kernel::{HoldId, Key, Time, Value};
use wallet::records::{Entry, Hold};

use super::answers::refused_fact;
use super::claims::claims;
use super::holds;
use crate::facts::Side;

/// How many entries are read at once, the newest first.
const AT_ONCE: usize = 50;

/// What must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// An entry.
    Entry {
        /// In this chain.
        chain: ChainId,
        /// It says these facts.
        facts: u128,
        /// On this side.
        side: Side,
    },
    /// A hold.
    Hold {
        /// Its id.
        hold_id: HoldId,
        /// It says one of these facts.
        facts: Vec<u128>,
    },
}

/// Whether it is there after all: an entry that was booked since that moment, a hold as it is now.
pub(crate) async fn is_there(
    port: &dyn StorePort,
    missing: &Missing,
    since: Time,
) -> Result<bool, StoreError> {
    match missing {
        Missing::Entry { chain, facts, side } => {
            is_booked(port, *chain, (*facts, *side), since).await
        }
        Missing::Hold { hold_id, facts } => {
            let found = port.get(Hold::KIND, Key::id(*hold_id)).await?;
            let hold = found.and_then(|stored| stored.downcast::<Hold>());
            Ok(hold.is_some_and(|hold| holds::says(&hold, facts)))
        }
    }
}

async fn is_booked(
    port: &dyn StorePort,
    chain: ChainId,
    said: (u128, Side),
    since: Time,
) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let query = Query {
            kind: Entry::KIND,
            index: None,
            partition: Value::from(chain.any()),
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
            if says(&entry, said) {
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

fn says(entry: &Entry, (facts, side): (u128, Side)) -> bool {
    let claimed = claims(entry).any(|one| one.facts == facts && one.side == side);
    claimed || refused_fact(entry) == Some(facts)
}
