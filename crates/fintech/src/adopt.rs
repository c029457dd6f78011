//! A data folder that an older program wrote has its audit lines in a list without hashes: they are
//! taken over into the trails before anything else is written. What a line becomes is the kernel's.

use std::collections::{BTreeMap, HashSet};

use kernel::audit::{Adopt, AuditLine, FormerLine};
use kernel::store::Scan;
use kernel::time::System;
use kernel::{AuditId, Context, Record, Store, StoreError};

/// How many lines are read, and taken over, at once.
const LINES_AT_ONCE: usize = 1000;

/// Takes over what is there and was not yet. A second time it does nothing.
///
/// # Errors
/// When a line cannot be read, or the store cannot.
pub(crate) async fn adopt(store: Store) -> Result<(), StoreError> {
    let mut adopted = 0_usize;
    for lines in former(&store).await?.into_values() {
        for some in lines.chunks(LINES_AT_ONCE) {
            let context = Context::own(&System);
            let taken = store.decide(Adopt(some.to_vec()), context).await?;
            adopted = adopted.saturating_add(taken);
        }
    }
    if adopted > 0 {
        tracing::info!(lines = adopted, "the former audit list was taken over into audit trails");
    }
    Ok(())
}

/// Whether there are lines that were not taken over yet: in a folder that an older program wrote and
/// this one has not opened for writing.
///
/// # Errors
/// As [`adopt`].
pub(crate) async fn waits(store: &Store) -> Result<bool, StoreError> {
    let mut waiting: HashSet<AuditId> =
        former(store).await?.into_values().flatten().map(|line| line.audit_id).collect();
    let mut after = None;
    while !waiting.is_empty() {
        let Scan { rows, next } = store.port().scan(AuditLine::KIND, after, LINES_AT_ONCE).await?;
        // A line that cannot be read is named by whoever checks the trails.
        for line in rows.into_iter().flatten().filter_map(|row| row.downcast::<AuditLine>()) {
            waiting.remove(&line.audit_id);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(!waiting.is_empty())
}

/// The lines of the former list by their services, in the order in which they were written.
async fn former(store: &Store) -> Result<BTreeMap<String, Vec<FormerLine>>, StoreError> {
    let mut found = BTreeMap::<String, Vec<FormerLine>>::new();
    let mut after = None;
    loop {
        let Scan { rows, next } = store.port().scan(FormerLine::KIND, after, LINES_AT_ONCE).await?;
        for row in rows {
            let stored = row.map_err(|bad| StoreError::Broken(bad.to_string()))?;
            if let Some(line) = stored.downcast::<FormerLine>() {
                found.entry(line.service.to_string()).or_default().push(FormerLine::clone(&line));
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    found.values_mut().for_each(|lines| lines.sort_by_key(|line| (line.at, line.audit_id)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::memory::MemoryStore;
    use kernel::text::Words;
    use kernel::{Id, RoleName, Subject, Time};

    use super::*;

    fn former(number: u128, service: &str, at: i64) -> FormerLine {
        FormerLine {
            audit_id: AuditId::from_uuid(number),
            service: Words::new(service).unwrap(),
            at: Time::from_micros(at),
            sub: Subject::new("olga").unwrap(),
            role: RoleName::Operator,
            operation: Words::new("approve_loan").unwrap(),
            subject: Words::new("loan").unwrap(),
            reason: None,
        }
    }

    #[test]
    fn a_former_list_is_taken_over_once_by_its_times() {
        let store = Arc::new(MemoryStore::new());
        // Ids are in no order.
        for number in 0..2_500_u32 {
            let service = if number % 5 == 0 { "wallet" } else { "loan" };
            let id = u128::from(number.wrapping_mul(2_654_435_761)) + 1;
            store.tamper(former(id, service, i64::from(number)));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = Store::new(Arc::<MemoryStore>::clone(&store));
        assert!(runtime.block_on(waits(&all)).unwrap());
        for _ in 0..2 {
            runtime.block_on(adopt(all.clone())).unwrap();
            assert!(!runtime.block_on(waits(&all)).unwrap());
        }
        let lines = store.records::<AuditLine>();
        assert_eq!(lines.len(), 2_500);
        for pair in lines.windows(2).filter(|pair| pair[0].trail_id == pair[1].trail_id) {
            assert_eq!(pair[1].follows(&pair[0]), Ok(()));
            assert!(pair[0].at < pair[1].at);
            assert_eq!(pair[1].hash, pair[1].hash_after(Some(pair[0].hash)));
        }
        store.tamper(former(u128::MAX, "wallet", 3_000));
        assert!(runtime.block_on(waits(&all)).unwrap(), "one was not");
    }
}
