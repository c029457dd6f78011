//! A data folder that an older program wrote has its audit lines in a list without hashes: they are
//! taken over into the trails before anything else is written. What a line becomes is the kernel's.

use std::collections::BTreeMap;

use kernel::audit::{Adopt, FormerLine};
use kernel::store::Scan;
use kernel::time::System;
use kernel::{Context, CorrelationId, Ids, Record, Store, StoreError};

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
            let context = Context::request(CorrelationId(System.draw()), None);
            let taken = store.decide(Adopt(some.to_vec()), context).await?;
            adopted = adopted.saturating_add(taken);
        }
    }
    if adopted > 0 {
        tracing::info!(lines = adopted, "the former audit list was taken over into audit trails");
    }
    Ok(())
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

    use kernel::audit::AuditLine;
    use kernel::memory::MemoryStore;
    use kernel::text::Words;
    use kernel::{AuditId, Id, RoleName, Subject, Time};

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
        for _ in 0..2 {
            runtime.block_on(adopt(Store::new(Arc::<MemoryStore>::clone(&store)))).unwrap();
        }
        let lines = store.records::<AuditLine>();
        assert_eq!(lines.len(), 2_500);
        for pair in lines.windows(2).filter(|pair| pair[0].trail_id == pair[1].trail_id) {
            assert_eq!(pair[1].follows(&pair[0]), Ok(()));
            assert!(pair[0].at < pair[1].at);
            assert_eq!(pair[1].hash, pair[1].hash_after(Some(pair[0].hash)));
        }
    }
}
