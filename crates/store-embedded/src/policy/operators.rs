//! Reads one operator and its value: `{"prefix": "LOAN_"}`, `{"numeric": [">", 0, "<=", 150]}`.
//! Not in here: exact values and keys (`parse`), applying an operator (`matching`).

use super::attributes::Literal;
use super::grammar::{AnythingBut, Operator, Values};
use super::json::{Shape, shape};
use super::network::Network;
use super::number::{NumericRange, PolicyNumber};
use super::parse::number;
use super::pattern::{TextPattern, Wildcard};
use super::refused::{PolicyRefused, shown};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::ops::Bound;

const ANYTHING_BUT: &str = "anything-but";
const CIDR: &str = "cidr";
const EQUALS_IGNORE_CASE: &str = "equals-ignore-case";
const EXISTS: &str = "exists";
const NUMERIC: &str = "numeric";
const PREFIX: &str = "prefix";
const SUFFIX: &str = "suffix";
const WILDCARD: &str = "wildcard";

/// Every operator on a value.
pub(super) const OPERATORS: [&str; 8] =
    [ANYTHING_BUT, CIDR, EQUALS_IGNORE_CASE, EXISTS, NUMERIC, PREFIX, SUFFIX, WILDCARD];

/// Reads the value of an operator and adds it to those of its key.
pub(super) fn add(
    key: &str,
    operator: &str,
    raw: &RawValue,
    values: &mut Values,
) -> Result<(), PolicyRefused> {
    let read = match operator {
        EXISTS => return add_exists(key, raw, values),
        NUMERIC => Operator::Numeric(numeric(key, raw)?),
        CIDR => Operator::Cidr(cidr(key, raw)?),
        ANYTHING_BUT => Operator::AnythingBut(anything_but(key, raw)?),
        _ => match text_pattern(key, operator, raw)? {
            Some(pattern) => Operator::Text(pattern),
            None => {
                return Err(PolicyRefused::UnknownOperator {
                    key: shown(key),
                    operator: shown(operator),
                });
            }
        },
    };
    values.operators.push(read);
    Ok(())
}

fn add_exists(key: &str, raw: &RawValue, values: &mut Values) -> Result<(), PolicyRefused> {
    match shape(raw)? {
        Shape::Literal(Literal::True) => values.when_present = true,
        Shape::Literal(Literal::False) => values.when_absent = true,
        Shape::Literal(Literal::Null)
        | Shape::Number(_)
        | Shape::String(_)
        | Shape::List(_)
        | Shape::Object(_) => {
            return Err(refused(key, EXISTS, "is neither true nor false", "one of the two"));
        }
    }
    Ok(())
}

/// One of the patterns on a string; `None` where the operator is none of them.
fn text_pattern(
    key: &str,
    operator: &str,
    raw: &RawValue,
) -> Result<Option<TextPattern>, PolicyRefused> {
    Ok(Some(match operator {
        PREFIX => TextPattern::Prefix(string(key, PREFIX, raw)?),
        SUFFIX => TextPattern::Suffix(string(key, SUFFIX, raw)?),
        EQUALS_IGNORE_CASE => TextPattern::EqualsIgnoreCase(string(key, EQUALS_IGNORE_CASE, raw)?),
        WILDCARD => {
            let pattern = Wildcard::parse(&string(key, WILDCARD, raw)?).map_err(|problem| {
                let wanted = "a pattern such as \"LOAN_*\", in which `\\*` and `\\\\` stand for \
                              the characters themselves";
                refused(key, WILDCARD, problem, wanted)
            })?;
            TextPattern::Wildcard(pattern)
        }
        _ => return Ok(None),
    }))
}

fn string(key: &str, operator: &'static str, raw: &RawValue) -> Result<Box<str>, PolicyRefused> {
    match shape(raw)? {
        Shape::String(text) => Ok(text.into_boxed_str()),
        Shape::Literal(_) | Shape::Number(_) | Shape::List(_) | Shape::Object(_) => {
            Err(refused(key, operator, "has a value that is not a string", "one string"))
        }
    }
}

fn cidr(key: &str, raw: &RawValue) -> Result<Network, PolicyRefused> {
    let text = string(key, CIDR, raw)?;
    Network::parse(&text).ok_or_else(|| {
        let wanted = "an address and the length of its prefix, such as \"10.0.0.0/24\"";
        refused(key, CIDR, "does not name a network", wanted)
    })
}

/// What must not be. SNS documents a string, a number, lists of either, `prefix`, `suffix` and
/// `wildcard`; `equals-ignore-case` is taken as well, because the engine behind SNS (Event Ruler)
/// reads all four alike.
fn anything_but(key: &str, raw: &RawValue) -> Result<AnythingBut, PolicyRefused> {
    match shape(raw)? {
        Shape::String(text) => Ok(AnythingBut::Strings(BTreeSet::from([text.into_boxed_str()]))),
        Shape::Number(text) => Ok(AnythingBut::Numbers(BTreeSet::from([number(key, text)?]))),
        Shape::List(items) => anything_but_list(key, items),
        Shape::Object(members) => {
            let [(operator, raw)] = members.as_slice() else {
                let problem = "has an object with no or several operators";
                return Err(refused(key, ANYTHING_BUT, problem, "an object with one operator"));
            };
            let Some(pattern) = text_pattern(key, operator, raw)? else {
                let operator = shown(operator);
                return Err(PolicyRefused::AnythingButOperator { key: shown(key), operator });
            };
            match &pattern {
                TextPattern::Prefix(text) | TextPattern::Suffix(text) if text.is_empty() => {
                    let problem = "rules out every string, with an empty prefix or suffix";
                    Err(refused(key, ANYTHING_BUT, problem, "a prefix or suffix with a character"))
                }
                TextPattern::Prefix(_)
                | TextPattern::Suffix(_)
                | TextPattern::EqualsIgnoreCase(_)
                | TextPattern::Wildcard(_) => Ok(AnythingBut::Text(pattern)),
            }
        }
        Shape::Literal(_) => {
            let problem = "has a value that is true, false or null";
            Err(refused(key, ANYTHING_BUT, problem, "a string, a number, or a list of either"))
        }
    }
}

fn anything_but_list(key: &str, items: Vec<&RawValue>) -> Result<AnythingBut, PolicyRefused> {
    let wanted = "strings, or numbers";
    let mut strings = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for item in items {
        match shape(item)? {
            Shape::String(text) => {
                strings.insert(text.into_boxed_str());
            }
            Shape::Number(text) => {
                numbers.insert(number(key, text)?);
            }
            Shape::Literal(_) | Shape::List(_) | Shape::Object(_) => {
                let problem = "has a list with something else than strings and numbers";
                return Err(refused(key, ANYTHING_BUT, problem, wanted));
            }
        }
    }
    match (strings.is_empty(), numbers.is_empty()) {
        (false, true) => Ok(AnythingBut::Strings(strings)),
        (true, false) => Ok(AnythingBut::Numbers(numbers)),
        (true, true) => Err(refused(key, ANYTHING_BUT, "has an empty list", wanted)),
        (false, false) => {
            let problem = "has a list with both strings and numbers";
            Err(refused(key, ANYTHING_BUT, problem, "one of the two, the other as a second value"))
        }
    }
}

/// What to write after `numeric`.
const NUMERIC_WANTED: &str =
    "a list such as [\"=\", 5], [\"<\", 5] or [\">\", 0, \"<=\", 150], with numbers not in quotes";

/// Reads a comparison, or a range whose lower end is named first.
fn numeric(key: &str, raw: &RawValue) -> Result<NumericRange, PolicyRefused> {
    let fail = |problem| Err(refused(key, NUMERIC, problem, NUMERIC_WANTED));
    let Shape::List(items) = shape(raw)? else {
        return fail("has a value that is not a list");
    };
    let (first, second) = match items.as_slice() {
        [] => return fail("has an empty list"),
        [comparison, bound] => (comparison_of(key, comparison, bound)?, None),
        [comparison, bound, second, second_bound] => (
            comparison_of(key, comparison, bound)?,
            Some(comparison_of(key, second, second_bound)?),
        ),
        [_] | [_, _, _] => return fail("lacks a comparison or a number"),
        _ => return fail("compares more than twice"),
    };
    match (first, second) {
        (Comparison::Equal(bound), None) => {
            Ok(NumericRange { from: Bound::Included(bound), to: Bound::Included(bound) })
        }
        (Comparison::From(from, _), None) => Ok(NumericRange { from, to: Bound::Unbounded }),
        (Comparison::To(to, _), None) => Ok(NumericRange { from: Bound::Unbounded, to }),
        (Comparison::From(from, bottom), Some(Comparison::To(to, top))) => {
            if bottom >= top {
                return fail("has a range whose lower end is not below its upper end");
            }
            Ok(NumericRange { from, to })
        }
        (Comparison::Equal(_) | Comparison::From(..) | Comparison::To(..), Some(_)) => {
            fail("has a range that does not go from `>` or `>=` to `<` or `<=`")
        }
    }
}

/// One comparison of `numeric`, with the number that it compares with.
enum Comparison {
    Equal(PolicyNumber),
    From(Bound<PolicyNumber>, PolicyNumber),
    To(Bound<PolicyNumber>, PolicyNumber),
}

fn comparison_of(
    key: &str,
    comparison: &RawValue,
    bound: &RawValue,
) -> Result<Comparison, PolicyRefused> {
    let fail = |problem| Err(refused(key, NUMERIC, problem, NUMERIC_WANTED));
    let Shape::String(comparison) = shape(comparison)? else {
        return fail("has something else where a comparison belongs");
    };
    let Shape::Number(bound) = shape(bound)? else {
        return fail("compares with something that is not a number");
    };
    let bound = number(key, bound)?;
    match comparison.as_str() {
        "=" => Ok(Comparison::Equal(bound)),
        ">" => Ok(Comparison::From(Bound::Excluded(bound), bound)),
        ">=" => Ok(Comparison::From(Bound::Included(bound), bound)),
        "<" => Ok(Comparison::To(Bound::Excluded(bound), bound)),
        "<=" => Ok(Comparison::To(Bound::Included(bound), bound)),
        _ => fail("has a comparison that is none of `=`, `<`, `<=`, `>`, `>=`"),
    }
}

fn refused(
    key: &str,
    operator: &'static str,
    problem: &'static str,
    wanted: &'static str,
) -> PolicyRefused {
    PolicyRefused::OperatorValue { key: shown(key), operator, problem, wanted }
}
