//! What a policy says once it is read: keys, values, operators. Reading it is `parse`, its bounds
//! are `limits`, applying it is `matching`.

use super::attributes::Literal;
use super::network::Network;
use super::number::{NumericRange, PolicyNumber};
use super::pattern::TextPattern;
use std::collections::BTreeSet;

/// Keys that must all match and, where there was an `$or`, groups of which one must.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) keys: Vec<Key>,
    /// The objects of `$or`; empty where there was none.
    pub(super) any_of: Vec<Group>,
}

/// One attribute name and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: Box<str>,
    pub(super) values: Values,
}

/// The values of a key, of which one must match. Exact ones stand in sets, so that a long list
/// costs a look-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// How many the list had: what SNS counts combinations with.
    pub(super) count: u64,
    pub(super) strings: BTreeSet<Box<str>>,
    pub(super) numbers: BTreeSet<PolicyNumber>,
    pub(super) literals: BTreeSet<Literal>,
    /// `{"exists": true}` was among them.
    pub(super) when_present: bool,
    /// `{"exists": false}` was among them.
    pub(super) when_absent: bool,
    pub(super) operators: Vec<Operator>,
}

/// A value that is more than an exact one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Text(TextPattern),
    Numeric(NumericRange),
    Cidr(Network),
    AnythingBut(AnythingBut),
}

/// What a value must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AnythingBut {
    Strings(BTreeSet<Box<str>>),
    Numbers(BTreeSet<PolicyNumber>),
    Text(TextPattern),
}
