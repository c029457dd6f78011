//! The bounds that SNS sets to a policy as a whole: keys and combinations of values. Bounds of one
//! value (a number's range, an empty list) are kept where the value is read.

use super::grammar::Group;
use super::refused::{PolicyRefused, shown};
use std::collections::BTreeSet;

/// The largest policy, in bytes: 256 KB.
pub(super) const POLICY_BYTES_MAX: usize = 262_144;

/// The most attribute names that a policy may have.
pub(super) const KEYS_MAX: usize = 5;

/// The most combinations of values that a policy may have.
pub(super) const COMBINATIONS_MAX: u64 = 150;

/// The most `$or` inside one another. Each adds a combination at least, so that deeper ones have
/// more than [`COMBINATIONS_MAX`]; known before they are all read, it bounds the stack.
pub(super) const OR_DEPTH_MAX: u64 = COMBINATIONS_MAX;

/// Refuses a policy that is read but too large.
pub(super) fn check(policy: &Group) -> Result<(), PolicyRefused> {
    let mut names = BTreeSet::new();
    collect_names(policy, &mut names);
    if names.len() > KEYS_MAX {
        return Err(PolicyRefused::TooManyKeys { found: names.len() });
    }
    refuse_repeated_key(policy, &mut Vec::new())?;
    let found = combinations(policy);
    if found > COMBINATIONS_MAX {
        return Err(PolicyRefused::TooManyCombinations { found });
    }
    Ok(())
}

/// Every attribute name once, those inside `$or` too. `$or` itself is no name.
fn collect_names<'a>(group: &'a Group, names: &mut BTreeSet<&'a str>) {
    names.extend(group.keys.iter().map(|key| &*key.name));
    for inner in &group.any_of {
        collect_names(inner, names);
    }
}

/// A key beside `$or` that stands inside it again would ask one attribute for two things at once,
/// which SNS has no AND for. The same key in two objects of one `$or` is fine.
fn refuse_repeated_key<'a>(
    group: &'a Group,
    above: &mut Vec<&'a str>,
) -> Result<(), PolicyRefused> {
    let depth = above.len();
    for key in &group.keys {
        if above.contains(&&*key.name) {
            return Err(PolicyRefused::RepeatedInOr { key: shown(&key.name) });
        }
    }
    above.extend(group.keys.iter().map(|key| &*key.name));
    for inner in &group.any_of {
        refuse_repeated_key(inner, above)?;
    }
    above.truncate(depth);
    Ok(())
}

/// The values of the keys multiplied; with `$or`, times the sum over its objects:
/// `(source * metricName) + (source * metricType * metricId) + …`, as SNS documents it.
fn combinations(group: &Group) -> u64 {
    let of_keys = group.keys.iter().map(|key| key.values.count).fold(1, u64::saturating_mul);
    if group.any_of.is_empty() {
        return of_keys;
    }
    of_keys.saturating_mul(group.any_of.iter().map(combinations).fold(0, u64::saturating_add))
}
