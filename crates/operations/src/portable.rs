//! Records as lines of JSON, by which an institution moves from one home to another: every record
//! with its version and the events that it said last, and at the end a line that says how many there
//! were. Where the lines go and where they come from is not known here.

use kernel::event::BadEvent;
use kernel::record::{BadRecord, ColumnSpec, ColumnType};
use kernel::{Envelope, EventKind, Kind, Said, Stored, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value as Json};

/// The form of the lines. It stands in the first one.
pub const FORMAT: u16 = 1;

/// The first line of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`] of the program that wrote it.
    pub fintech_export: u16,
    /// When the moment was that it shows, in microseconds since 1970.
    pub at: i64,
}

/// The last line of an export: without it something was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// How many records stand before it.
    pub records: u64,
}

/// A line is no record that this program can take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It is no JSON, or not of this form.
    #[error("it is no line of an export: {0}")]
    Malformed(String),
    /// A kind that this program does not keep.
    #[error("it is a `{0}`, which this program does not know: update it")]
    UnknownKind(String),
    /// A column that the kind does not have, or that holds something else.
    #[error("the column `{0}` is unknown or holds what it cannot")]
    Column(String),
    /// An event that cannot be read.
    #[error("an event that it said cannot be read: its `{0}`")]
    Said(&'static str),
    /// An event that such a record cannot say.
    #[error(transparent)]
    Event(#[from] BadEvent),
    /// The record contradicts itself, or is of a newer version.
    #[error(transparent)]
    Record(#[from] BadRecord),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    schema_version: u16,
    version: u64,
    columns: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said: Vec<SaidLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said_before: Vec<SaidLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidLine {
    id: String,
    r#type: String,
    at: i64,
    sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation: Option<String>,
    correlation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Box<str>>,
}

/// A record as a line, without the line's end.
pub fn line(stored: &Stored) -> String {
    let kind = stored.record.kind();
    let mut columns = Map::new();
    let mut names = kind.columns.iter().map(|column| column.name);
    stored.record.values(&mut |value| {
        if let (Some(name), Some(json)) = (names.next(), json(&value)) {
            columns.insert(name.to_owned(), json);
        }
    });
    let line = Line {
        kind: kind.name.to_owned(),
        schema_version: kind.schema_version,
        version: stored.version,
        columns,
        said: stored.said.iter().map(said_line).collect(),
        said_before: stored.said_before.iter().map(said_line).collect(),
    };
    match serde_json::to_string(&line) {
        Ok(text) => text,
        Err(error) => unreachable!("a line of texts and numbers is no JSON: {error}"),
    }
}

/// Reads a line back.
///
/// # Errors
/// See [`BadLine`].
pub fn read(kinds: &[&'static Kind], text: &str) -> Result<Stored, BadLine> {
    let line: Line =
        serde_json::from_str(text).map_err(|error| BadLine::Malformed(error.to_string()))?;
    let found = kinds.iter().find(|kind| kind.name == line.kind);
    let kind: &'static Kind = found.ok_or_else(|| BadLine::UnknownKind(line.kind.clone()))?;
    let unknown = line.columns.keys().find(|name| kind.column(name).is_none());
    if let Some(unknown) = unknown {
        return Err(BadLine::Column(unknown.clone()));
    }
    let values = kind.columns.iter().map(|column| value(column, line.columns.get(column.name)));
    let record = kind.read(line.schema_version, values.collect::<Result<_, _>>()?)?;
    let events = |lines: Vec<SaidLine>| lines.into_iter().map(said).collect::<Result<Vec<_>, _>>();
    let said_before = events(line.said_before)?.into();
    let said = events(line.said)?;
    for said in &said {
        Envelope::build(&*record, said)?;
    }
    Ok(Stored { said_before, ..Stored::new(record, line.version, said.into()) })
}

/// How many records stood before, if the line is the last one.
pub fn trailer(text: &str) -> Option<u64> {
    serde_json::from_str(text).ok().map(|Trailer { records }| records)
}

/// Nothing for what is absent.
fn json(value: &Value<'_>) -> Option<Json> {
    match value {
        Value::Null => None,
        Value::Integer(integer) => Some(Json::Number(Number::from(*integer))),
        Value::Text(text) => Some(Json::String(text.clone().into_owned())),
        Value::Id(id) => Some(Json::String(id.to_string())),
        Value::Bytes(bytes) => {
            Some(Json::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
        }
    }
}

fn value<'a>(column: &ColumnSpec, json: Option<&'a Json>) -> Result<Value<'a>, BadLine> {
    let read = match json {
        None => Some(Value::Null),
        Some(Json::Number(number)) if column.r#type == ColumnType::Integer => {
            number.as_i64().map(Value::Integer)
        }
        Some(Json::String(text)) => match column.r#type {
            ColumnType::Text => Some(Value::Text(text.as_str().into())),
            ColumnType::Id => text.parse().ok().map(Value::Id),
            ColumnType::Bytes => bytes(text).map(|bytes| Value::Bytes(bytes.into())),
            ColumnType::Integer => None,
        },
        Some(_) => None,
    };
    read.ok_or_else(|| BadLine::Column(column.name.to_owned()))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((high << 4) | low),
        _ => None,
    });
    pairs.collect()
}

fn said_line(said: &Said) -> SaidLine {
    SaidLine {
        id: said.id.to_string(),
        r#type: said.kind.name().to_owned(),
        at: said.at.micros(),
        sequence: said.sequence,
        causation: said.causation.map(|id| id.to_string()),
        correlation: said.correlation.to_string(),
        traceparent: said.trace.map(|trace| trace.to_string()),
        detail: said.detail.clone(),
    }
}

fn said(line: SaidLine) -> Result<Said, BadLine> {
    let optional = |text: Option<String>, name| match text {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| BadLine::Said(name)),
    };
    Ok(Said {
        id: line.id.parse().map_err(|_| BadLine::Said("id"))?,
        kind: EventKind::from_name(&line.r#type).ok_or(BadLine::Said("type"))?,
        at: Time::from_micros(line.at),
        sequence: line.sequence,
        causation: optional(line.causation, "causation")?,
        correlation: line.correlation.parse().map_err(|()| BadLine::Said("correlation"))?,
        trace: match line.traceparent {
            None => None,
            Some(text) => Some(text.parse().map_err(|()| BadLine::Said("traceparent"))?),
        },
        detail: line.detail,
    })
}
