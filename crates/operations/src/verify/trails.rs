//! Walks the audit trails, line by line: each begins with line 0, has every next one, and each line's
//! hash is that of its content and of the hash before it. Whether what the lines say was done is
//! compared in `acts` and `loans`.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use kernel::audit::AuditLine;
use kernel::record::Hash32;
use kernel::store::BadRow;
use kernel::{Id, Rules};
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
    before: Option<Arc<AuditLine>>,
    /// A trail of which the last row could not be read.
    gap: Option<String>,
    ids: HashSet<u128>,
    ends: Vec<TrailEnd>,
}

impl Trails {
    /// The next line: trail by trail, in the order of their places.
    pub(crate) fn step(&mut self, line: &Arc<AuditLine>, violations: &mut Violations) {
        if self.before.as_ref().is_some_and(|before| before.trail_id != line.trail_id) {
            self.end_trail();
        }
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
    pub(crate) fn end(mut self) -> Vec<TrailEnd> {
        self.end_trail();
        self.ends
    }

    fn end_trail(&mut self) {
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
pub(crate) struct Name<'a>(pub(crate) &'a AuditLine);

impl fmt::Display for Name<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Audit line {}/{}", self.0.service, self.0.sequence)
    }
}

/// The same as text.
pub(crate) fn name(line: &AuditLine) -> String {
    Name(line).to_string()
}

fn check_hash(line: &AuditLine, before: Option<Hash32>, name: &str, violations: &mut Violations) {
    if line.hash_after(before) != line.hash {
        violations.add(format!(
            "{name} has a hash that is not that of its content and of the hash before it."
        ));
    }
}
