//! JSON as a type of ours, with every mistake named by its field.
//! Not in here: what holds for every body, whatever its type.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// Reads a body as `T`.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = path_of(error.path());
        refused(&path, &without_place(error.inner()))
    })
}

/// The text is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> Problem {
    Problem::bad_field("body", format!("is not JSON: {error}"))
}

/// Names the field of a message of `serde`. The path leads to the field, unknown ones too; of what is
/// missing it leads to the object around it.
pub(crate) fn refused(path: &str, message: &str) -> Problem {
    let within = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    let (field, says) = if let Some(name) = quoted(message, "missing field `") {
        (within(name), Cow::Borrowed("is missing"))
    } else if let Some(name) = quoted(message, "unknown field `") {
        let field = if path.is_empty() { name } else { path };
        (field.to_owned(), Cow::Borrowed("is unknown; leave it out"))
    } else {
        let field = if path.is_empty() { "body" } else { path };
        (field.to_owned(), Cow::Owned(predicate(message)))
    };
    Problem::bad_field(shown(&field), says)
}

/// A field's name as it is given back: the caller's own, but not without end.
pub(crate) fn shown(field: &str) -> String {
    field.chars().take(200).collect()
}

/// The name that stands between `start` and the next backquote.
fn quoted<'m>(message: &'m str, start: &str) -> Option<&'m str> {
    message.strip_prefix(start)?.split('`').next()
}

/// Messages of our own types go on after the field's name already; those of `serde` begin with what
/// is wrong, and end with what was expected.
fn predicate(message: &str) -> String {
    let is_serde = message.starts_with("invalid ") || message.starts_with("unknown ");
    let expected = message.split_once(", expected ").filter(|_| is_serde).map(|(_, what)| what);
    match expected {
        None => message.to_owned(),
        Some(name) if name.starts_with("struct ") => "must be an object".to_owned(),
        Some("u8" | "u16" | "u32" | "u64" | "usize") => "must be a whole number".to_owned(),
        Some(what) => format!("must be {what}"),
    }
}

fn path_of(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Unknown => {}
        }
    }
    text
}

fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).map_or(message.clone(), str::to_owned)
}
