//! Whether a message matches: the hot path. Nothing here allocates, and nothing can fail.

use super::attributes::{Attributes, Present, Scalar};
use super::grammar::{AnythingBut, Group, Operator, Values};

impl Group {
    /// All keys, and one of the `$or` groups where there are any.
    pub(super) fn matches(&self, attributes: &Attributes<'_>) -> bool {
        self.keys.iter().all(|key| key.values.match_attribute(attributes.get(&key.name)))
            && (self.any_of.is_empty() || self.any_of.iter().any(|group| group.matches(attributes)))
    }
}

impl Values {
    /// An array matches when one of its elements does, also for `anything-but`: SNS documents that
    /// `["rugby", "baseball"]` matches anything but rugby.
    fn match_attribute(&self, attribute: Option<Present<'_>>) -> bool {
        match attribute {
            None => self.when_absent,
            Some(_) if self.when_present => true,
            Some(Present::One(value)) => self.match_value(value),
            Some(Present::Many(elements)) => {
                elements.iter().any(|element| self.match_value(element.into()))
            }
        }
    }

    fn match_value(&self, value: Scalar<'_>) -> bool {
        let exact = match value {
            Scalar::String(text) => self.strings.contains(text),
            Scalar::Number(number) => {
                number.as_policy_number().is_some_and(|number| self.numbers.contains(&number))
            }
            Scalar::Literal(literal) => self.literals.contains(&literal),
        };
        exact || self.operators.iter().any(|operator| operator.matches(value))
    }
}

impl Operator {
    /// An operator on strings matches no number and the reverse; only `anything-but` matches what
    /// is of another type.
    fn matches(&self, value: Scalar<'_>) -> bool {
        match (self, value) {
            (Operator::Text(pattern), Scalar::String(text)) => pattern.fits(text),
            (Operator::Numeric(range), Scalar::Number(number)) => range.contains(number),
            (Operator::Cidr(network), Scalar::String(text)) => network.contains(text),
            (Operator::AnythingBut(unwanted), value) => !unwanted.covers(value),
            (Operator::Text(_) | Operator::Numeric(_) | Operator::Cidr(_), _) => false,
        }
    }
}

impl AnythingBut {
    /// Whether the value is one that was ruled out.
    fn covers(&self, value: Scalar<'_>) -> bool {
        match (self, value) {
            (AnythingBut::Strings(strings), Scalar::String(text)) => strings.contains(text),
            (AnythingBut::Numbers(numbers), Scalar::Number(number)) => {
                number.as_policy_number().is_some_and(|number| numbers.contains(&number))
            }
            (AnythingBut::Text(pattern), Scalar::String(text)) => pattern.fits(text),
            (AnythingBut::Strings(_) | AnythingBut::Numbers(_) | AnythingBut::Text(_), _) => false,
        }
    }
}
