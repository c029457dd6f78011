//! Why a policy is refused, in full sentences that say what to do. Not in here: the checks.

use super::json::JsonRefused;
use super::limits::{COMBINATIONS_MAX, KEYS_MAX, OR_DEPTH_MAX, POLICY_BYTES_MAX};
use super::operators::OPERATORS;
use thiserror::Error;

/// A policy that SNS would refuse, and why. The caller acts: a policy is right or it is not.
/// A message is one line, whatever the policy holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyRefused {
    /// The text is not JSON.
    #[error(
        "The policy is not JSON ({why}); write one object, such as \
         {{\"event_type\": [\"PAYMENT_REQUESTED\"]}}."
    )]
    NotJson {
        /// What is wrong, and where.
        why: String,
    },
    /// The text is longer than 256 KB.
    #[error("The policy has {bytes} bytes; make it {POLICY_BYTES_MAX} at most.")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The JSON is no object.
    #[error(
        "The policy is not an object; write the attribute names as its keys, such as \
         {{\"event_type\": [\"PAYMENT_REQUESTED\"]}}."
    )]
    NotAnObject,
    /// An object has a key twice.
    #[error("The key {key:?} is given twice in one object; give it once, with all its values.")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key of an `$or` object stands beside that `$or` too.
    #[error(
        "The key {key:?} is given beside \"$or\" and inside it again, but one attribute can't be \
         asked for two things at once; give the key in one of the two places."
    )]
    RepeatedInOr {
        /// The key.
        key: String,
    },
    /// More than five attribute names.
    #[error("The policy has {found} keys, those inside \"$or\" counted; keep {KEYS_MAX} at most.")]
    TooManyKeys {
        /// Its attribute names.
        found: usize,
    },
    /// More than 150 combinations of values.
    #[error(
        "The policy has {found} combinations of values (the lengths of its lists, multiplied; \
         objects of \"$or\" are added up); keep {COMBINATIONS_MAX} at most."
    )]
    TooManyCombinations {
        /// Its combinations.
        found: u64,
    },
    /// So many `$or` inside one another that there are more than 150 combinations.
    #[error(
        "The policy has more than {OR_DEPTH_MAX} \"$or\" inside one another, and so too many \
         combinations of values; keep {COMBINATIONS_MAX} at most."
    )]
    OrTooDeep,
    /// An object where a list belongs, as filtering on the body has it.
    #[error(
        "The key {key:?} holds an object, which filters on the message body, and the MessageBody \
         scope is not supported; filter on a message attribute, with a list of values."
    )]
    NestedObject {
        /// The key.
        key: String,
    },
    /// A bare value where a list belongs.
    #[error("The key {key:?} has no list; write its values as a list, even a single one.")]
    NotAList {
        /// The key.
        key: String,
    },
    /// A key without values.
    #[error("The list of the key {key:?} is empty; give a value, or leave the key out.")]
    EmptyList {
        /// The key.
        key: String,
    },
    /// A list in a list.
    #[error(
        "The list of the key {key:?} holds another list; a value is a string, a number, true, \
         false, null or an object with one operator."
    )]
    ListInList {
        /// The key.
        key: String,
    },
    /// An object in `$or` without keys.
    #[error(
        "An object of \"$or\" is empty and would match every message; give it a key, or leave \
         \"$or\" out."
    )]
    EmptyObjectInOr,
    /// An `$or` that is not taken as one.
    #[error(
        "This \"$or\" is an ordinary attribute name, because it joins keys only where its list has \
         two objects or more, nothing else, and no key in them is a reserved word; write it so."
    )]
    OrNotRecognised,
    /// A value that is an object with no or several members.
    #[error(
        "A value of the key {key:?} is an object with {found} members; it must have one, an \
         operator, and several operators are several objects in the list."
    )]
    NotOneOperator {
        /// The key.
        key: String,
        /// Its members.
        found: usize,
    },
    /// An operator that SNS does not have.
    #[error(
        "The key {key:?} uses {operator:?}, which is not an operator; use one of {}.",
        OPERATORS.join(", ")
    )]
    UnknownOperator {
        /// The key.
        key: String,
        /// What stands for an operator.
        operator: String,
    },
    /// An operator within `anything-but` that SNS does not have there.
    #[error(
        "The key {key:?} uses \"anything-but\" with {operator:?}; use it with a string, a number, \
         a list of either, or one of prefix, suffix, equals-ignore-case, wildcard."
    )]
    AnythingButOperator {
        /// The key.
        key: String,
        /// What stands within `anything-but`.
        operator: String,
    },
    /// An operator with a value of the wrong type, or that cannot be read.
    #[error("The operator {operator:?} of the key {key:?} {problem}; give {wanted}.")]
    OperatorValue {
        /// The key.
        key: String,
        /// The operator.
        operator: &'static str,
        /// What is wrong with its value.
        problem: &'static str,
        /// What to write.
        wanted: &'static str,
    },
    /// A number beyond 10^9 either side of zero.
    #[error(
        "The number {number} of the key {key:?} is out of range; keep it within -1000000000 and \
         1000000000."
    )]
    NumberOutOfRange {
        /// The key.
        key: String,
        /// The number as it was written.
        number: String,
    },
    /// A number with a sixth decimal.
    #[error(
        "The number {number} of the key {key:?} has more than 5 decimals; round it, for no more \
         are compared."
    )]
    NumberTooPrecise {
        /// The key.
        key: String,
        /// The number as it was written.
        number: String,
    },
}

impl From<JsonRefused> for PolicyRefused {
    fn from(refused: JsonRefused) -> PolicyRefused {
        match refused {
            JsonRefused::Malformed(why) => PolicyRefused::NotJson { why },
            JsonRefused::DuplicateKey(key) => PolicyRefused::DuplicateKey { key: shown(&key) },
        }
    }
}

/// The most characters of a policy's own text in a message.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// A text of the policy for a message, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
