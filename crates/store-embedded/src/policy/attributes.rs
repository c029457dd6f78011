//! The attributes of a message, as a policy sees them, and their JSON form.
//! Knows nothing of policies.

use super::json::{self, JsonRefused, Members, Shape, shape};
use super::number::Number;
use super::refused::shown;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use thiserror::Error;

/// The attribute on which subscriptions filter.
const EVENT_TYPE: &str = "event_type";
const SCHEMA_VERSION: &str = "schema_version";
const SUBJECT: &str = "subject";

/// The attributes of one message, by name. Borrows what it can: the attributes of an event are
/// made without allocating.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    held: Held<'a>,
}

#[derive(Clone, Debug)]
enum Held<'a> {
    EventType(&'a str),
    Event { event_type: &'a str, schema_version: u32, subject: &'a str },
    Named(BTreeMap<String, Attribute>),
}

/// One attribute of a message.
#[derive(Clone, Debug)]
pub enum Attribute {
    /// A string.
    String(String),
    /// A list, of which one element must match.
    StringArray(Vec<Element>),
    /// Any decimal.
    Number(Number),
    /// Bytes. SNS ignores them when it filters, so that they count as absent.
    Binary,
}

/// One element of a [`Attribute::StringArray`].
#[derive(Clone, Debug)]
pub enum Element {
    /// A string.
    String(String),
    /// Any decimal.
    Number(Number),
    /// `true`, `false` or `null`.
    Literal(Literal),
}

/// The JSON values that are words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
    True,
}

/// Attributes whose JSON form is wrong. Whoever wrote the message acts. A message is one line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AttributesRefused {
    /// The text is not JSON.
    #[error("This is not JSON ({why}).")]
    NotJson {
        /// What is wrong, and where.
        why: String,
    },
    /// An object has a name twice.
    #[error("The name {name:?} is given twice in one object; give it once.")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// The attributes are no object.
    #[error(
        "The attributes are not an object; write {{\"event_type\": {{\"Type\": \"String\", \
         \"Value\": \"…\"}}}}."
    )]
    NotAnObject,
    /// One attribute has a wrong form.
    #[error("The attribute {name:?} {problem}.")]
    Attribute {
        /// Its name.
        name: String,
        /// What is wrong, and what to write.
        problem: &'static str,
    },
}

impl<'a> Attributes<'a> {
    /// A message that has its event's type and nothing else to filter on.
    #[must_use]
    pub fn of_event_type(event_type: &'a str) -> Attributes<'a> {
        Attributes { held: Held::EventType(event_type) }
    }

    /// The three attributes that every event is published with.
    #[must_use]
    pub fn of_event(event_type: &'a str, schema_version: u32, subject: &'a str) -> Attributes<'a> {
        Attributes { held: Held::Event { event_type, schema_version, subject } }
    }

    /// The attribute of this name, if a policy sees one.
    pub(super) fn get(&self, name: &str) -> Option<Present<'_>> {
        match &self.held {
            Held::EventType(event_type) => {
                (name == EVENT_TYPE).then_some(Present::One(Scalar::String(event_type)))
            }
            Held::Event { event_type, schema_version, subject } => match name {
                EVENT_TYPE => Some(Present::One(Scalar::String(event_type))),
                SCHEMA_VERSION => Some(Present::One(Scalar::Number(Number::from(*schema_version)))),
                SUBJECT => Some(Present::One(Scalar::String(subject))),
                _ => None,
            },
            Held::Named(attributes) => match attributes.get(name)? {
                Attribute::String(text) => Some(Present::One(Scalar::String(text))),
                Attribute::StringArray(elements) => Some(Present::Many(elements)),
                Attribute::Number(number) => Some(Present::One(Scalar::Number(*number))),
                Attribute::Binary => None,
            },
        }
    }
}

impl Attributes<'static> {
    /// Reads `{"name": {"Type": "String", "Value": "…"}, …}`. The types are `String`,
    /// `String.Array` (its value is JSON in a string), `Number` (in quotes or not) and `Binary`.
    ///
    /// An array that is not JSON is present but has no element, so that it matches nothing but
    /// `exists`.
    ///
    /// # Errors
    /// Text that is not JSON, a name that is given twice, and what is not of this form.
    pub fn parse(text: &str) -> Result<Attributes<'static>, AttributesRefused> {
        from_shape(json::parse(text)?)
    }

    /// Reads the same form from JSON that is already in memory; long fractions were rounded then.
    ///
    /// # Errors
    /// As [`Attributes::parse`].
    pub fn from_json(
        attributes: &serde_json::Value,
    ) -> Result<Attributes<'static>, AttributesRefused> {
        Attributes::parse(&attributes.to_string())
    }
}

impl FromIterator<(String, Attribute)> for Attributes<'static> {
    fn from_iter<I: IntoIterator<Item = (String, Attribute)>>(attributes: I) -> Self {
        Attributes { held: Held::Named(attributes.into_iter().collect()) }
    }
}

/// An attribute that a policy sees.
#[derive(Clone, Copy, Debug)]
pub(super) enum Present<'a> {
    One(Scalar<'a>),
    Many(&'a [Element]),
}

/// One value that is compared with a policy's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar<'a> {
    String(&'a str),
    Number(Number),
    Literal(Literal),
}

impl<'a> From<&'a Element> for Scalar<'a> {
    fn from(element: &'a Element) -> Scalar<'a> {
        match element {
            Element::String(text) => Scalar::String(text),
            Element::Number(number) => Scalar::Number(*number),
            Element::Literal(literal) => Scalar::Literal(*literal),
        }
    }
}

impl From<JsonRefused> for AttributesRefused {
    fn from(refused: JsonRefused) -> AttributesRefused {
        match refused {
            JsonRefused::Malformed(why) => AttributesRefused::NotJson { why },
            JsonRefused::DuplicateKey(name) => {
                AttributesRefused::DuplicateName { name: shown(&name) }
            }
        }
    }
}

/// Reads attributes whose outermost level is read.
pub(super) fn from_shape(shape: Shape<'_>) -> Result<Attributes<'static>, AttributesRefused> {
    let Shape::Object(members) = shape else {
        return Err(AttributesRefused::NotAnObject);
    };
    let read = members.into_iter().map(|(name, raw)| {
        let attribute = attribute(&name, raw)?;
        Ok((name, attribute))
    });
    read.collect()
}

fn attribute(name: &str, raw: &RawValue) -> Result<Attribute, AttributesRefused> {
    let refused = |problem| AttributesRefused::Attribute { name: shown(name), problem };
    let Shape::Object(members) = shape(raw)? else {
        return Err(refused("is not an object; give it a Type and a Value"));
    };
    let (kind, value) = kind_and_value(members).map_err(refused)?;
    match (shape(kind)?, shape(value)?) {
        (Shape::String(kind), value) => typed(&kind, value).map_err(refused),
        _ => Err(refused("has a Type that is not a string")),
    }
}

/// The two members of an attribute.
fn kind_and_value(members: Members<'_>) -> Result<(&RawValue, &RawValue), &'static str> {
    let mut kind = None;
    let mut value = None;
    for (name, raw) in members {
        match name.as_str() {
            "Type" => kind = Some(raw),
            "Value" => value = Some(raw),
            _ => return Err("has a member that is neither Type nor Value; leave it out"),
        }
    }
    match (kind, value) {
        (Some(kind), Some(value)) => Ok((kind, value)),
        (None, _) => Err("has no Type; give String, String.Array, Number or Binary"),
        (Some(_), None) => Err("has no Value; give it one"),
    }
}

fn typed(kind: &str, value: Shape<'_>) -> Result<Attribute, &'static str> {
    match (kind, value) {
        ("String", Shape::String(text)) => Ok(Attribute::String(text)),
        ("String", _) => Err("has a Value that is not a string; put it in quotes"),
        ("String.Array", Shape::String(text)) => Ok(Attribute::StringArray(elements(&text))),
        ("String.Array", _) => {
            Err("has a Value that is not a string; put the whole array in quotes")
        }
        ("Number", Shape::String(text)) => number(&text),
        ("Number", Shape::Number(text)) => number(text),
        ("Number", _) => Err(NOT_A_NUMBER),
        ("Binary", Shape::String(_)) => Ok(Attribute::Binary),
        ("Binary", _) => Err("has a Value that is not a string; give the bytes in base64"),
        _ => Err("has an unknown Type; give String, String.Array, Number or Binary"),
    }
}

const NOT_A_NUMBER: &str = "has a Value that is not a number; give one such as 25.50";

fn number(text: &str) -> Result<Attribute, &'static str> {
    Number::parse(text).map(Attribute::Number).ok_or(NOT_A_NUMBER)
}

/// The elements of an array. Lists and objects in it match nothing and are left out.
fn elements(text: &str) -> Vec<Element> {
    let Ok(Shape::List(items)) = json::parse(text) else {
        return Vec::new();
    };
    items.into_iter().filter_map(element).collect()
}

fn element(raw: &RawValue) -> Option<Element> {
    match shape(raw).ok()? {
        Shape::String(text) => Some(Element::String(text)),
        Shape::Number(text) => Number::parse(text).map(Element::Number),
        Shape::Literal(literal) => Some(Element::Literal(literal)),
        Shape::List(_) | Shape::Object(_) => None,
    }
}
