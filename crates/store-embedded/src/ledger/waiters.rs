//! Callers who wait for a record to change.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::overlay::Slot;

/// Above which version a caller wants to know, and by what he is told.
type Waiter = (u64, oneshot::Sender<()>);

/// A caller who waits. Dropped, he has given up.
pub(crate) struct Wait<'w> {
    telling: oneshot::Receiver<()>,
    slot: Slot,
    waiters: &'w Waiters,
}

impl Wait<'_> {
    /// True when he is told, false when nobody can tell him any more.
    pub(crate) async fn told(&mut self) -> bool {
        (&mut self.telling).await.is_ok()
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.telling.close();
        self.waiters.sweep(self.slot);
    }
}

/// See the file's comment.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<HashMap<Slot, Vec<Waiter>>>);

impl Waiters {
    /// Waits for a version above `seen`. Look at the record after this, not before.
    pub(crate) fn wait(&self, slot: Slot, seen: u64) -> Wait<'_> {
        let (told, telling) = oneshot::channel();
        let mut waiters = self.0.lock();
        let here = waiters.entry(slot).or_default();
        here.retain(|(_, told)| !told.is_closed());
        here.push((seen, told));
        Wait { telling, slot, waiters: self }
    }

    /// Forgets those who have given up on a slot.
    fn sweep(&self, slot: Slot) {
        let mut waiters = self.0.lock();
        if let Some(here) = waiters.get_mut(&slot) {
            here.retain(|(_, told)| !told.is_closed());
            if here.is_empty() {
                waiters.remove(&slot);
            }
        }
    }

    /// Tells those who wait that these records have, durably, these versions.
    pub(crate) fn tell(&self, changed: impl Iterator<Item = (Slot, u64)>) {
        let mut waiters = self.0.lock();
        if waiters.is_empty() {
            return;
        }
        for (slot, version) in changed {
            let Some(mut here) = waiters.remove(&slot) else { continue };
            for (seen, told) in std::mem::take(&mut here) {
                if version > seen {
                    // One who has given up need not be told.
                    told.send(()).unwrap_or_default();
                } else {
                    here.push((seen, told));
                }
            }
            if !here.is_empty() {
                waiters.insert(slot, here);
            }
        }
    }
}
