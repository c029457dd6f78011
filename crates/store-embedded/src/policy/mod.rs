//! Subscription filter policies: the grammar of Amazon SNS on message attributes, as a pure module.
//!
//! A policy is an object of keys, each with a list of values. Keys are ANDed, the values of a key
//! are ORed, `$or` joins objects of keys. What SNS would refuse is refused here, with the reason,
//! so that a policy which works in one home works in the other.
//!
//! Not in here: filtering on the message body (refused by name), topics, subscriptions, delivery.
//!
//! Sources: the pages "Filter policy constraints", "AND/OR logic", "Key matching", "Numeric value
//! matching" and "String value matching" of the Amazon SNS developer guide.

mod attributes;
mod grammar;
mod json;
mod limits;
mod matching;
mod network;
mod number;
mod operators;
mod parse;
mod pattern;
mod refused;
mod verdict;

#[cfg(test)]
mod tests;

pub use attributes::{Attribute, Attributes, AttributesRefused, Element, Literal};
pub use number::Number;
pub use refused::PolicyRefused;
pub use verdict::{Verdict, Verdicts, test_policy};

use grammar::Group;

/// What a subscription wants to hear. Read once; matching then neither allocates nor fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPolicy {
    root: Group,
}

impl FilterPolicy {
    /// Reads a policy from its JSON text, such as `{"event_type": ["PAYMENT_REQUESTED"]}`.
    /// `{}` matches every message.
    ///
    /// # Errors
    /// Whatever SNS refuses, and a key that is given twice.
    pub fn parse(text: &str) -> Result<FilterPolicy, PolicyRefused> {
        let root = parse::policy(text)?;
        limits::check(&root)?;
        Ok(FilterPolicy { root })
    }

    /// Reads a policy from JSON that is already in memory. A `Value` has forgotten a key that was
    /// given twice and has rounded long fractions: where there is a text, [`FilterPolicy::parse`]
    /// sees more.
    ///
    /// # Errors
    /// As [`FilterPolicy::parse`].
    pub fn from_json(policy: &serde_json::Value) -> Result<FilterPolicy, PolicyRefused> {
        FilterPolicy::parse(&policy.to_string())
    }

    /// Whether a message with these attributes is for the subscription.
    #[must_use]
    pub fn matches(&self, attributes: &Attributes<'_>) -> bool {
        self.root.matches(attributes)
    }
}
