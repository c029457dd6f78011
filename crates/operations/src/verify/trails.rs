//! Walks the audit trails, line by line: each begins with line 0, has every next one, and each line's
//! hash is that of its content and of the hash before it. Whether what the lines say was done is
//! compared in `acts` and `loans`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kernel::audit::AuditLine;
use kernel::record::Hash32;
use kernel::store::BadRow;
use kernel::{Id, Rules, TrailId};
use serde::Serialize;

use super::report::Violations;

/// How far a service's audit trail goes. Whoever keeps it can tell later whether lines were taken away
/// at its end, which the trail itself cannot show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailEnd {
    /// The service.
    pub service: String,
    /// How many lines there are.
    pub lines: u64,
    /// The hash of the newest, in hexadecimal.
    pub hash: String,
}

/// The trail that is being walked, and how far those before it went.
#[derive(Debug, Default)]
pub(crate) struct Trails {
    trail: Option<TrailId>,
    before: Option<Arc<AuditLine>>,
    /// A trail of which the last row could not be read.
    gap: Option<String>,
    ids: HashSet<u128>,
    ends: Vec<TrailEnd>,
    /// Lines of this trail that came before one that stands before them, by their places.
    early: BTreeMap<u64, Arc<AuditLine>>,
}

impl Trails {
    /// The next line in the order of a scan: trail by trail. One that does not come in its trail's order
    /// is kept until its turn, for not every database that is asked for all has that order.
    pub(crate) fn step(&mut self, line: &Arc<AuditLine>, violations: &mut Violations) {
        if self.trail.is_some_and(|trail| trail != line.trail_id) {
            self.end_trail(violations);
        }
        self.trail = Some(line.trail_id);
        let trail = line.trail_id.to_string();
        let follows_a_gap = self.gap.as_ref().is_some_and(|gap| *gap == trail);
        if line.sequence > self.next() && !follows_a_gap {
            self.early.insert(line.sequence, Arc::clone(line));
            return;
        }
        self.walk(line, violations);
        while let Some(line) = self.early.remove(&self.next()) {
            self.walk(&line, violations);
        }
    }

    /// The place after the last line that was walked.
    fn next(&self) -> u64 {
        self.before.as_ref().map_or(0, |before| before.sequence.saturating_add(1))
    }

    fn walk(&mut self, line: &Arc<AuditLine>, violations: &mut Violations) {
        let name = name(line);
        if let Err(why) = line.check() {
            violations.add(format!("{name} contradicts itself: {why}."));
        }
        let follows_a_gap = self.gap.take().is_some_and(|gap| gap == line.trail_id.to_string());
        match self.before.take().filter(|_| !follows_a_gap) {
            // Where one is missing between them, its hash would not fit either.
            Some(before) => match line.follows(&before) {
                Ok(()) => check_hash(line, Some(before.hash), &name, violations),
                Err(why) => {
                    violations.add(format!("{name} does not follow the one before it: {why}."));
                }
            },
            None if follows_a_gap => {}
            None if line.sequence > 0 => {
                violations.add(format!("{name} begins its trail, which line 0 must."));
            }
            None => check_hash(line, None, &name, violations),
        }
        if !self.ids.insert(line.audit_id.uuid()) {
            let audit_id = line.audit_id;
            violations.add(format!("{name} has the id {audit_id}, which a line before has."));
        }
        self.before = Some(Arc::clone(line));
    }

    /// A row that is no line.
    pub(crate) fn step_over(&mut self, bad: &BadRow) {
        self.gap = bad.key.split_once('/').map(|(trail, _)| trail.to_owned());
    }

    /// How far each trail goes.
    pub(crate) fn end(mut self, violations: &mut Violations) -> Vec<TrailEnd> {
        self.end_trail(violations);
        self.ends
    }

    fn end_trail(&mut self, violations: &mut Violations) {
        for line in std::mem::take(&mut self.early).into_values() {
            self.walk(&line, violations);
        }
        self.ids = HashSet::new();
        if let Some(last) = self.before.take() {
            self.ends.push(TrailEnd {
                service: last.service.to_string(),
                lines: last.sequence.saturating_add(1),
                hash: last.hash.to_string(),
            });
        }
    }
}

/// `Audit line loan/7`.
pub(crate) fn name(line: &AuditLine) -> String {
    format!("Audit line {}/{}", line.service, line.sequence)
}

fn check_hash(line: &AuditLine, before: Option<Hash32>, name: &str, violations: &mut Violations) {
    if line.hash_after(before) != line.hash {
        violations.add(format!(
            "{name} has a hash that is not that of its content and of the hash before it."
        ));
    }
}
