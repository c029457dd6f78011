//! A record's image as a stream shows it, and the events that it says. Not in here: how a record lies
//! in its table, which the store knows.

use std::sync::LazyLock;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Envelope;
use kernel::manifest::ServiceManifest;
use serde_json::{Map, Value};
use store_dynamodb::items::{self, Item};
use store_dynamodb::tables::{Table, tables};

use crate::function::SERVICES;

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| tables(&SERVICES));

/// The events that an image says, in order.
///
/// # Errors
/// When it is no record of the service, or says what such a record cannot say.
pub(super) fn events(
    service: &ServiceManifest,
    image: &Map<String, Value>,
) -> Result<Vec<Envelope>, String> {
    let item = map(image).ok_or("an attribute is none of DynamoDB's")?;
    let table = TABLES.iter().find(|table| table.service == service.name);
    let table = table.ok_or_else(|| format!("{} has no table", service.name))?;
    let kind = items::kind_of(table, &item);
    let kind = kind.ok_or_else(|| format!("the table of {} has no such key", service.name))?;
    items::envelopes(kind, &item)
}

fn map(image: &Map<String, Value>) -> Option<Item> {
    image.iter().map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

/// An attribute in its JSON form: one member, whose name is the type.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, value) = members.iter().next()?;
    let words = || {
        let all = value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned));
        all.collect::<Option<Vec<_>>>()
    };
    Some(match name.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "B" => AttributeValue::B(blob(value.as_str()?)?),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(value.as_bool()?),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute).collect::<Option<_>>()?),
        "M" => AttributeValue::M(map(value.as_object()?)?),
        "SS" => AttributeValue::Ss(words()?),
        "NS" => AttributeValue::Ns(words()?),
        "BS" => AttributeValue::Bs(words()?.iter().map(|text| blob(text)).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn blob(base64: &str) -> Option<Blob> {
    STANDARD.decode(base64).ok().map(Blob::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: impl Into<Option<AttributeValue>>) {
        assert_eq!(attribute(value), expected.into(), "{value}");
    }

    #[test]
    fn attributes_are_read() {
        let text = || AttributeValue::S("x".to_owned());
        check(&json!({ "S": "x" }), text());
        check(&json!({ "N": "-1.5" }), AttributeValue::N("-1.5".to_owned()));
        check(&json!({ "B": "AP8=" }), AttributeValue::B(Blob::new([0, 255])));
        check(&json!({ "BOOL": true }), AttributeValue::Bool(true));
        check(&json!({ "NULL": true }), AttributeValue::Null(true));
        check(&json!({ "L": [{ "S": "x" }] }), AttributeValue::L(vec![text()]));
        let map = Item::from([("a".to_owned(), text())]);
        check(&json!({ "M": { "a": { "S": "x" } } }), AttributeValue::M(map));
        check(&json!({ "SS": ["x"] }), AttributeValue::Ss(vec!["x".to_owned()]));
        for wrong in [
            json!("x"),
            json!({}),
            json!({ "S": "x", "N": "1" }),
            json!({ "S": 1 }),
            json!({ "N": 1 }),
            json!({ "B": "?" }),
            json!({ "X": "x" }),
            json!({ "L": ["x"] }),
            json!({ "SS": [1] }),
        ] {
            check(&wrong, None);
        }
    }
}
