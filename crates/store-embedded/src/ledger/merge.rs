//! Several batches as one: of each record, delivery and cursor only the last row, so that the fold
//! writes once what many steps have changed.

use std::collections::HashMap;

use super::overlay::{Kinds, Slot};
use crate::rows::{Batch, CursorRow, DeliveryRow};

/// Merges batches that follow each other. None if there are none.
pub(crate) fn merge(kinds: &Kinds, batches: Vec<Batch>) -> Option<Batch> {
    let mut batches = batches.into_iter();
    let first = batches.next()?;
    let Some(second) = batches.next() else { return Some(first) };
    let mut merged = Batch::default();
    let mut records: HashMap<Slot, usize> = HashMap::new();
    let mut deliveries: HashMap<(u64, u16), usize> = HashMap::new();
    for batch in [first, second].into_iter().chain(batches) {
        merged.number = batch.number;
        merged.events.extend(batch.events);
        for row in batch.records {
            let slot = kinds.slot(row.kind(), row.key());
            replace_or_push(&mut merged.records, &mut records, slot, row);
        }
        for row in batch.deliveries {
            let place: (u64, u16) = (row.position, row.subscription);
            replace_or_push::<_, DeliveryRow>(&mut merged.deliveries, &mut deliveries, place, row);
        }
        batch.cursors.into_iter().for_each(|cursor| advance(&mut merged.cursors, cursor));
    }
    Some(merged)
}

/// Sets how far a subscription has heard.
pub(crate) fn advance(cursors: &mut Vec<CursorRow>, cursor: CursorRow) {
    match cursors.iter_mut().find(|row| row.subscription == cursor.subscription) {
        Some(row) => *row = cursor,
        None => cursors.push(cursor),
    }
}

fn replace_or_push<K: std::hash::Hash + Eq, T>(
    rows: &mut Vec<T>,
    places: &mut HashMap<K, usize>,
    place: K,
    row: T,
) {
    match places.get(&place).and_then(|at| rows.get_mut(*at)) {
        Some(there) => *there = row,
        None => {
            places.insert(place, rows.len());
            rows.push(row);
        }
    }
}
