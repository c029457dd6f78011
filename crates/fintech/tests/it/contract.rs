//! The OpenAPI document as a contract: whether an answer is one that it promises, field by field.
//! Not in here: requests, which are refused by their types; the document's own form, see `openapi`.

use std::collections::BTreeSet;

use kernel::manifest::{Method, Operation};
use parking_lot::Mutex;
use serde_json::{Map, Value};

use crate::services;
use crate::site::{Answer, Asked};
use crate::transport;

/// The document, and which answers were seen.
pub(crate) struct Contract {
    pub(crate) document: Value,
    seen: Mutex<BTreeSet<(&'static str, String)>>,
}

/// Every operation that there is in both homes.
pub(crate) fn operations() -> Vec<&'static Operation> {
    services::SERVICES.iter().flat_map(|service| service.operations).collect()
}

/// Every operation that is served here: also those of signing in.
pub(crate) fn served() -> Vec<&'static Operation> {
    transport::declared().iter().flat_map(|service| service.operations).collect()
}

/// Where the document speaks of an operation.
pub(crate) fn place_of(operation: &Operation) -> String {
    let path = format!("/v1{}", operation.path).replace('/', "~1");
    let method = match operation.method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Delete => "delete",
    };
    format!("/paths/{path}/{method}")
}

impl Contract {
    pub(crate) fn new() -> Self {
        let (_, openapi) = transport::documented().into_parts();
        let document = serde_json::to_value(&openapi).unwrap();
        Self { document, seen: Mutex::default() }
    }

    /// The operations and statuses of the answers so far; `default` for failures.
    pub(crate) fn seen(&self) -> BTreeSet<(&'static str, String)> {
        self.seen.lock().clone()
    }

    /// Panics where an answer is not as the document promises.
    #[track_caller]
    pub(crate) fn check(&self, asked: &Asked, answer: &Answer) {
        let Some(operation) = operation_of(asked) else { return };
        let name = operation.name;
        let promised = self.document.pointer(&place_of(operation)).unwrap();
        let promised = promised["responses"].as_object().unwrap();
        let status = answer.status.to_string();
        let is_failure = answer.status >= 400;
        let (status, promised) = match promised.get(&status) {
            Some(promised) => (status, promised),
            None if is_failure => ("default".to_owned(), &promised["default"]),
            None => panic!("{name}: {status} is not promised"),
        };
        let media_type = answer.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap();
        match promised.get("content").and_then(|content| content.get(media_type)) {
            Some(content) => {
                let schema = &content["schema"];
                if media_type.ends_with("json") {
                    self.hold(schema, &answer.json).unwrap_or_else(|wrong| {
                        panic!("{name} {status}: {wrong} in {}", answer.text)
                    });
                }
            }
            None => assert!(
                answer.text.is_empty() && promised.get("content").is_none(),
                "{name} {status}: {media_type:?} is not promised: {answer:?}"
            ),
        }
        self.seen.lock().insert((name, status));
    }

    /// Whether a value is of a schema.
    pub(crate) fn hold(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = schema.as_object().ok_or("there is no schema")?;
        for (keyword, says) in schema {
            match keyword.as_str() {
                "$ref" => {
                    let place = says.as_str().and_then(|place| place.strip_prefix('#')).unwrap();
                    self.hold(self.document.pointer(place).unwrap(), value)?;
                }
                "type" => is_of_type(says, value)?,
                "enum" => {
                    let words = says.as_array().unwrap();
                    if !words.contains(value) {
                        return Err(format!("{value} is not one of {words:?}"));
                    }
                }
                "oneOf" => {
                    let choices = says.as_array().unwrap().iter();
                    if choices.filter(|choice| self.hold(choice, value).is_ok()).count() != 1 {
                        return Err(format!("{value} is not one of {says}"));
                    }
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.hold(says, item)?;
                    }
                }
                "properties" => self.hold_properties(says.as_object().unwrap(), value)?,
                "required" => {
                    let missing = says.as_array().unwrap().iter().filter_map(Value::as_str);
                    let mut missing = missing.filter(|name| value.get(name).is_none());
                    if let Some(name) = missing.next() {
                        return Err(format!("{name} is missing"));
                    }
                }
                "format" => is_of_format(says, value)?,
                "pattern" => is_of_pattern(says.as_str().unwrap(), value)?,
                "minimum" | "maximum" => is_within(keyword, says, value)?,
                "minLength" | "maxLength" => is_of_length(keyword, says, value)?,
                "additionalProperties" => assert_eq!(*says, Value::Bool(false)),
                "description" | "example" | "examples" | "default" => {}
                _ => panic!("the schema says `{keyword}`, which is not understood here"),
            }
        }
        Ok(())
    }

    /// More than what is described would not be in a client that is made from the document.
    fn hold_properties(&self, described: &Map<String, Value>, value: &Value) -> Result<(), String> {
        for (name, value) in value.as_object().into_iter().flatten() {
            let Some(schema) = described.get(name) else {
                // A problem may say more, such as what is available.
                if described.contains_key("instance") {
                    continue;
                }
                return Err(format!("{name} is not described"));
            };
            self.hold(schema, value).map_err(|wrong| format!("{name}: {wrong}"))?;
        }
        Ok(())
    }
}

fn is_of_type(says: &Value, value: &Value) -> Result<(), String> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_said =
        *says == found || says.as_array().is_some_and(|said| said.contains(&found.into()));
    is_said.then_some(()).ok_or_else(|| format!("{value} is {found}, not {says}"))
}

fn is_of_format(says: &Value, value: &Value) -> Result<(), String> {
    let is_well = match (says.as_str().unwrap(), value) {
        ("date-time", Value::String(text)) => {
            text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
        }
        ("int32", Value::Number(number)) => {
            number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
        }
        ("int64", Value::Number(number)) => number.as_i64().is_some(),
        (_, Value::Null) => true,
        (format, _) => return Err(format!("{value} is no {format}, or that is not known here")),
    };
    is_well.then_some(()).ok_or_else(|| format!("{value} is no {says}"))
}

fn is_within(keyword: &str, says: &Value, value: &Value) -> Result<(), String> {
    let (Some(value), Some(bound)) = (value.as_i64(), says.as_i64()) else { return Ok(()) };
    let is_within = if keyword == "minimum" { value >= bound } else { value <= bound };
    is_within.then_some(()).ok_or_else(|| format!("{value} is beyond the {keyword} {bound}"))
}

fn is_of_length(keyword: &str, says: &Value, value: &Value) -> Result<(), String> {
    let (Some(text), Some(bound)) = (value.as_str(), says.as_u64()) else { return Ok(()) };
    let length = u64::try_from(text.chars().count()).unwrap();
    let is_within = if keyword == "minLength" { length >= bound } else { length <= bound };
    is_within.then_some(()).ok_or_else(|| format!("{text:?} is beyond the {keyword} {bound}"))
}

/// The patterns that there are: a decimal, with a sign or without, a currency, a choice of words.
fn is_of_pattern(says: &str, value: &Value) -> Result<(), String> {
    const DECIMAL: &str = "(0|[1-9][0-9]*)(\\.[0-9]{1,4})?$";
    let text = value.as_str().unwrap_or_default();
    let is_well = if says == format!("^-?{DECIMAL}") {
        is_decimal(text.strip_prefix('-').unwrap_or(text))
    } else if says == format!("^{DECIMAL}") {
        is_decimal(text)
    } else if says == "^[A-Z]{3}$" {
        text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
    } else {
        let words = says.strip_prefix("^(").and_then(|says| says.strip_suffix(")$")).unwrap();
        let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'|';
        assert!(words.bytes().all(is_plain), "{says} is not known here");
        words.split('|').any(|word| word == text)
    };
    is_well.then_some(()).ok_or_else(|| format!("{value} is not of {says}"))
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = whole == "0" || (!whole.is_empty() && !whole.starts_with('0'));
    is_plain && (1..=4).contains(&fraction.len()) && are_digits(whole) && are_digits(fraction)
}

/// The operation that a request is for; one whose path has fewest parts that vary.
pub(crate) fn operation_of(asked: &Asked) -> Option<&'static Operation> {
    let path = asked.path.split('?').next().unwrap_or_default().strip_prefix("/v1")?;
    let parts: Vec<_> = path.split('/').collect();
    let varies = |operation: &Operation| operation.path.matches('{').count();
    let fits = |operation: &&'static Operation| {
        let form: Vec<_> = operation.path.split('/').collect();
        let mut both = form.iter().zip(&parts);
        operation.method.text() == asked.method
            && form.len() == parts.len()
            && both.all(|(form, part)| form.starts_with('{') || form == part)
    };
    served().into_iter().filter(fits).min_by_key(|operation| varies(operation))
}
