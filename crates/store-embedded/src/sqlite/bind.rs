//! How values go into statements and come out of rows: without a copy of ours, ids as text.

use kernel::record::{ColumnSpec, ColumnType};
use kernel::{AnyId, Time, Value};
use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// Binds the parameters of a statement one after another.
pub(super) struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    place: usize,
    outcome: rusqlite::Result<()>,
}

impl<'s, 'c> Binder<'s, 'c> {
    pub(super) fn new(statement: &'s mut Statement<'c>) -> Self {
        Self { statement, place: 0, outcome: Ok(()) }
    }

    fn bind(&mut self, value: ValueRef<'_>) {
        self.place = self.place.saturating_add(1);
        if self.outcome.is_ok() {
            let value = ToSqlOutput::Borrowed(value);
            self.outcome = self.statement.raw_bind_parameter(self.place, value);
        }
    }

    pub(super) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.bind(ValueRef::Null),
            Value::Integer(integer) => self.integer(*integer),
            Value::Text(text) => self.text(text),
            Value::Id(id) => self.id(*id),
            Value::Bytes(bytes) => self.bind(ValueRef::Blob(bytes)),
        }
    }

    pub(super) fn integer(&mut self, integer: i64) {
        self.bind(ValueRef::Integer(integer));
    }

    /// A number of ours, below 2^63.
    pub(super) fn number(&mut self, number: u64) {
        self.integer(integer(number));
    }

    pub(super) fn time(&mut self, time: Time) {
        self.integer(time.micros());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.raw_text(text.as_bytes());
    }

    /// Text as it once stood in a row, which may be none.
    pub(super) fn raw_text(&mut self, text: &[u8]) {
        self.bind(ValueRef::Text(text));
    }

    pub(super) fn id(&mut self, id: AnyId) {
        self.text(id.write(&mut [0; 48]));
    }

    /// What may be absent.
    pub(super) fn optional<T>(&mut self, value: Option<T>, bind: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => bind(self, value),
            None => self.bind(ValueRef::Null),
        }
    }

    pub(super) fn finish(self) -> rusqlite::Result<&'s mut Statement<'c>> {
        self.outcome.map(|()| self.statement)
    }

    pub(super) fn execute(self) -> rusqlite::Result<()> {
        self.finish()?.raw_execute().map(drop)
    }
}

/// A number of ours, below 2^63, as SQLite takes it. Asserts that it is.
pub(super) fn integer(number: u64) -> i64 {
    let Ok(integer) = i64::try_from(number) else { unreachable!("{number} is beyond every count") };
    integer
}

/// What stands in a column. What cannot be a value of it is handed on as something that no column
/// of its type takes, so that the record's own reading names the column.
pub(super) fn value<'r>(column: &ColumnSpec, raw: ValueRef<'r>) -> Value<'r> {
    match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if column.r#type == ColumnType::Id => {
                text.parse().map_or(Value::Text(text.into()), Value::Id)
            }
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(bytes.into()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
        ValueRef::Real(number) => Value::Text(number.to_string().into()),
    }
}

/// Text as it stands there, for a person.
pub(super) fn legible(raw: ValueRef<'_>) -> String {
    match raw {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}
