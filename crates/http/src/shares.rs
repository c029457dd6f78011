//! What share of something each of many may have, so that none has all of it. Not in here: how much there
//! is, who is counted, and what becomes of who has his share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many each holder has. Clones are the same.
#[derive(Debug, Clone)]
pub struct Shares<K> {
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self { taken: Arc::default() }
    }
}

impl<K: Hash + Eq + Clone> Shares<K> {
    /// One more, counted of each of these holders, who may have so many, until it is dropped; none where
    /// one of them has his share.
    pub fn one_more(&self, holders: impl IntoIterator<Item = (K, usize)>) -> Option<Share<K>> {
        let mut share = Share { taken: Arc::clone(&self.taken), holders: Vec::new() };
        for (holder, most) in holders {
            let mut taken = self.taken.lock();
            let count = taken.entry(holder.clone()).or_default();
            if *count >= most {
                // What was counted already is given back with the share.
                drop(taken);
                return None;
            }
            *count = count.saturating_add(1);
            drop(taken);
            share.holders.push(holder);
        }
        Some(share)
    }

    /// Whether nobody has any: then nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.taken.lock().is_empty()
    }
}

/// One of somebody's.
pub struct Share<K: Hash + Eq> {
    taken: Arc<Mutex<HashMap<K, usize>>>,
    holders: Vec<K>,
}

impl<K: Hash + Eq + fmt::Debug> fmt::Debug for Share<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.holders, out)
    }
}

impl<K: Hash + Eq> Drop for Share<K> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        for holder in self.holders.drain(..) {
            let Entry::Occupied(mut count) = taken.entry(holder) else { continue };
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
