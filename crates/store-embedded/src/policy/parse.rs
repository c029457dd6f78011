//! Reads a policy: its objects of keys, `$or`, and the lists of values. Not in here: operators
//! (`operators`) and the bounds of the whole (`limits`).

use super::grammar::{Group, Key, Values};
use super::json::{self, Members, Shape, shape};
use super::limits::{OR_DEPTH_MAX, POLICY_BYTES_MAX};
use super::number::{PolicyNumber, PolicyNumberRefused};
use super::operators::{self, OPERATORS};
use super::refused::{PolicyRefused, shown};
use serde_json::value::RawValue;

/// The key that joins objects of keys instead of naming an attribute.
const OR: &str = "$or";

/// Words that no key inside `$or` may be, besides the operators: were one there, `$or` would be an
/// attribute name and the word would be taken for an operator.
const OTHER_RESERVED_WORDS: [&str; 6] = ["exact", "=", "<", "<=", ">", ">="];

/// Reads a policy from its text.
pub(super) fn policy(text: &str) -> Result<Group, PolicyRefused> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(PolicyRefused::TooLong { bytes: text.len() });
    }
    match json::parse(text)? {
        Shape::Object(members) => group(members, 0),
        Shape::Literal(_) | Shape::Number(_) | Shape::String(_) | Shape::List(_) => {
            Err(PolicyRefused::NotAnObject)
        }
    }
}

/// Reads an object of keys that stands inside `or_depth` of `$or`.
fn group(members: Members<'_>, or_depth: u64) -> Result<Group, PolicyRefused> {
    if or_depth > OR_DEPTH_MAX {
        return Err(PolicyRefused::OrTooDeep);
    }
    let mut group = Group::default();
    for (name, raw) in members {
        let items = match shape(raw)? {
            Shape::List(items) => items,
            Shape::Object(_) => return Err(PolicyRefused::NestedObject { key: shown(&name) }),
            Shape::Literal(_) | Shape::Number(_) | Shape::String(_) => {
                return Err(PolicyRefused::NotAList { key: shown(&name) });
            }
        };
        match or_objects(&name, &items)? {
            Some(objects) => group.any_of = any_of(objects, or_depth)?,
            None => {
                let values = values(&name, items)?;
                group.keys.push(Key { name: name.into_boxed_str(), values });
            }
        }
    }
    Ok(group)
}

/// The objects that a key joins, where it is an `$or`: its list has two objects or more, nothing
/// else, and no reserved word in them. Any other `$or` is an attribute name, as SNS has it.
fn or_objects<'a>(
    name: &str,
    items: &[&'a RawValue],
) -> Result<Option<Vec<Members<'a>>>, PolicyRefused> {
    if name != OR || items.len() < 2 {
        return Ok(None);
    }
    let mut objects = Vec::new();
    for item in items {
        match shape(item)? {
            Shape::Object(members) if !members.iter().any(|(name, _)| is_reserved(name)) => {
                objects.push(members);
            }
            Shape::Object(_)
            | Shape::Literal(_)
            | Shape::Number(_)
            | Shape::String(_)
            | Shape::List(_) => return Ok(None),
        }
    }
    Ok(Some(objects))
}

fn is_reserved(name: &str) -> bool {
    OPERATORS.contains(&name) || OTHER_RESERVED_WORDS.contains(&name)
}

fn any_of(objects: Vec<Members<'_>>, or_depth: u64) -> Result<Vec<Group>, PolicyRefused> {
    let mut groups = Vec::new();
    for members in objects {
        if members.is_empty() {
            return Err(PolicyRefused::EmptyObjectInOr);
        }
        groups.push(group(members, or_depth.saturating_add(1))?);
    }
    Ok(groups)
}

/// Reads the list of a key.
fn values(key: &str, items: Vec<&RawValue>) -> Result<Values, PolicyRefused> {
    if items.is_empty() {
        return Err(PolicyRefused::EmptyList { key: shown(key) });
    }
    let mut values = Values::default();
    for item in items {
        values.count = values.count.saturating_add(1);
        match shape(item)? {
            Shape::String(text) => {
                values.strings.insert(text.into_boxed_str());
            }
            Shape::Number(text) => {
                values.numbers.insert(number(key, text)?);
            }
            Shape::Literal(literal) => {
                values.literals.insert(literal);
            }
            Shape::List(_) => return Err(PolicyRefused::ListInList { key: shown(key) }),
            Shape::Object(members) => {
                if key == OR && !members.iter().all(|(name, _)| is_reserved(name)) {
                    return Err(PolicyRefused::OrNotRecognised);
                }
                let [(operator, raw)] = members.as_slice() else {
                    let found = members.len();
                    return Err(PolicyRefused::NotOneOperator { key: shown(key), found });
                };
                operators::add(key, operator, raw, &mut values)?;
            }
        }
    }
    Ok(values)
}

/// Reads a number that stands anywhere under a key.
pub(super) fn number(key: &str, text: &str) -> Result<PolicyNumber, PolicyRefused> {
    PolicyNumber::parse(text).map_err(|refused| match refused {
        PolicyNumberRefused::OutOfRange => {
            PolicyRefused::NumberOutOfRange { key: shown(key), number: shown(text) }
        }
        PolicyNumberRefused::TooPrecise => {
            PolicyRefused::NumberTooPrecise { key: shown(key), number: shown(text) }
        }
    })
}
