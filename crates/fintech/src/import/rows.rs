//! The rows of a CSV file as a mapping sees them, one after another. A row that cannot be read is
//! refused with its line; the others go on. Their order and their booking are not here.

use std::io::Read;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder, Terminator};
use jiff::civil::Date;
use kernel::text::{Description, Reference};
use kernel::{Amount, Time};
use wallet::records::Direction;

use super::lines::Lines;
use super::mapping::Mapping;
use super::summary::Refusal;
use crate::end::Failure;

/// The most characters that a description keeps.
const DESCRIPTION_CHARS_MAX: usize = 256;

/// The most bytes of an account's name.
const ACCOUNT_BYTES_MAX: usize = 256;

/// A row that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it begins; the heading is line 1.
    pub(crate) line: u64,
    /// The account's name in the history.
    pub(crate) account: Arc<str>,
    /// The row's name in its account.
    pub(crate) reference: Reference,
    /// The day as it is written.
    pub(crate) day: Date,
    /// The moment.
    pub(crate) effective_at: Time,
    /// Whether money came or went.
    pub(crate) direction: Direction,
    /// How much.
    pub(crate) amount: Amount,
    /// Its words.
    pub(crate) description: Option<Description>,
}

/// The rows of a file, as they are read.
pub(crate) struct Rows<R> {
    reader: csv::Reader<Lines<R>>,
    mapping: Mapping,
    columns: Columns,
    record: ByteRecord,
}

/// The places of the mapping's columns.
struct Columns {
    account: usize,
    reference: usize,
    date: usize,
    amount: usize,
    sign: Option<usize>,
    description: Vec<usize>,
    count: usize,
}

impl<R: Read> Rows<R> {
    /// Reads the heading and finds the mapping's columns in it.
    ///
    /// # Errors
    /// When the heading cannot be read or lacks a column; `CannotRun` when the file breaks.
    pub(crate) fn open(mapping: Mapping, file: R) -> Result<Self, Failure> {
        let mut reader = ReaderBuilder::new()
            .delimiter(mapping.delimiter_byte())
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(Lines::new(file));
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(|error| broken(&error))? {
            return Err(Failure::wrong_use("the file is empty; its first line names the columns"));
        }
        let columns = Columns::find(&mapping, &record).map_err(Failure::wrong_use)?;
        Ok(Self { reader, mapping, columns, record })
    }

    /// How many bytes of the file are read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The line on which the record begins. The reader tells the one after its end; blank lines
    /// before it belong to no record.
    fn line(&self) -> u64 {
        let newlines = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let newlines = u64::try_from(newlines).unwrap_or(u64::MAX);
        self.reader.position().line().saturating_sub(newlines).saturating_sub(1)
    }

    fn row(&self, line: u64) -> Result<Row, String> {
        let Self { mapping, columns, record, .. } = self;
        let count = record.len();
        if count != columns.count {
            return Err(format!("it has {count} columns where the heading has {}", columns.count));
        }
        let cell = |place: usize| {
            let bytes = record.get(place).unwrap_or_default();
            std::str::from_utf8(bytes).map_err(|_| {
                format!("column {} is not UTF-8; convert the file", place.saturating_add(1))
            })
        };
        let account = cell(columns.account)?;
        if account.trim().is_empty() || account.len() > ACCOUNT_BYTES_MAX {
            return Err(format!("`{}` must be 1 to {ACCOUNT_BYTES_MAX} bytes", mapping.account));
        }
        let reference = cell(columns.reference)?;
        let reference = Reference::new(reference)
            .map_err(|refused| format!("`{}` {refused}", mapping.reference))?;
        let (day, effective_at) = mapping.date.moment(cell(columns.date)?)?;
        let sign = columns.sign.map(cell).transpose()?;
        let (direction, amount) = mapping.money(cell(columns.amount)?, sign)?;
        let words = columns.description.iter().map(|place| cell(*place));
        let description = describe(&words.collect::<Result<Vec<_>, _>>()?);
        let account = account.into();
        Ok(Row { line, account, reference, day, effective_at, direction, amount, description })
    }
}

/// Each row, or why it is refused; an error of the file ends them.
impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Result<Row, Refusal>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_byte_record(&mut self.record) {
            Err(error) => Some(Err(broken(&error))),
            Ok(false) => None,
            Ok(true) => {
                let line = self.line();
                Some(Ok(self.row(line).map_err(|reason| Refusal { line, reason })))
            }
        }
    }
}

fn broken(error: &csv::Error) -> Failure {
    Failure::cannot_run(format!("the file cannot be read: {error}"))
}

impl Columns {
    fn find(mapping: &Mapping, heading: &ByteRecord) -> Result<Self, String> {
        let names: Vec<&str> = heading
            .iter()
            .map(std::str::from_utf8)
            .collect::<Result<_, _>>()
            .map_err(|_| "the heading is not UTF-8; convert the file first".to_owned())?;
        let mut missing = Vec::new();
        let mut twice = Vec::new();
        let mut place = |name: &str| {
            let mut places = names.iter().enumerate().filter(|(_, heading)| **heading == name);
            let first = places.next().map(|(place, _)| place);
            if first.is_none() {
                missing.push(name.to_owned());
            } else if places.next().is_some() {
                twice.push(name.to_owned());
            }
            first.unwrap_or_default()
        };
        let columns = Self {
            account: place(&mapping.account),
            reference: place(&mapping.reference),
            date: place(&mapping.date.column),
            amount: place(&mapping.amount),
            sign: mapping.sign.as_ref().map(|sign| place(&sign.column)),
            description: mapping.description.iter().map(|name| place(name)).collect(),
            count: names.len(),
        };
        if !missing.is_empty() {
            return Err(without(&missing, &names, mapping.delimiter));
        }
        if !twice.is_empty() {
            return Err(format!("the file has the column {} twice", list(&twice)));
        }
        Ok(columns)
    }
}

/// Says which columns are missing, and guesses at why.
fn without(missing: &[String], names: &[&str], delimiter: char) -> String {
    let named: Vec<_> = names.iter().map(|name| name.escape_debug().to_string()).collect();
    let noun = if missing.len() == 1 { "column" } else { "columns" };
    let mut why =
        format!("the file has no {noun} {}; its heading names {}", list(missing), list(&named));
    if let [only] = names
        && only.contains([';', ',', '\t', '|'])
    {
        why.push_str(&format!(
            ", which is one column: the mapping's `delimiter` {delimiter:?} is not the file's"
        ));
    }
    why
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The words of several columns as one description. Unlike a caller's own words, a history's cannot
/// be sent back to be written better: what no text of ours may have becomes a blank, and what is too
/// long is cut.
fn describe(words: &[&str]) -> Option<Description> {
    let joined = words.iter().map(|words| words.trim()).filter(|words| !words.is_empty());
    let joined = joined.collect::<Vec<_>>().join(" ");
    let plain = |character: &char| Description::new(&format!("x{character}")).is_ok();
    let cleaned = joined.chars().map(|character| if plain(&character) { character } else { ' ' });
    let text: String = cleaned.take(DESCRIPTION_CHARS_MAX).collect();
    Description::new(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANK: &str = include_str!("../../../../docs/import/czech-bank.toml");
    const HEADING: &str = "trans_id;account_id;date;type;operation;amount;k_symbol\n";

    fn rows(text: &[u8]) -> Result<Vec<Result<Row, Refusal>>, Failure> {
        Rows::open(Mapping::parse(BANK).unwrap(), text)?.collect()
    }

    #[test]
    fn a_row_is_read() {
        let text = format!("\u{feff}{HEADING}695247;2378;930101;PRIJEM;VKLAD;700.00;\n");
        let mut rows = rows(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        let row = rows.pop().unwrap().unwrap();
        assert_eq!((row.line, &*row.account, row.reference.as_str()), (2, "2378", "695247"));
        assert_eq!(
            (row.day.to_string(), row.amount.to_string()),
            ("1993-01-01".into(), "700.00".into())
        );
        assert_eq!(
            (row.direction, row.description),
            (Direction::Credit, Some(Description::new("VKLAD").unwrap()))
        );
    }

    fn check_row(row: &str, expected: &str) {
        let text = [HEADING.as_bytes(), row.as_bytes()].concat();
        let refusals: Vec<_> = rows(&text).unwrap().into_iter().filter_map(Result::err).collect();
        let shown: Vec<_> = refusals
            .iter()
            .map(|refusal| format!("{}: {}", refusal.line, refusal.reason))
            .collect();
        assert_eq!(shown.join("\n"), expected);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_refused_by_its_line() {
        check_row("1;1;930101;PRIJEM;;1;", "");
        check_row("1;1;930101;PRIJEM;;1", "2: it has 6 columns where the heading has 7");
        check_row("1;;930101;PRIJEM;;1;", "2: `account_id` must be 1 to 256 bytes");
        check_row(";1;930101;PRIJEM;;1;", "2: `trans_id` must not be empty");
        check_row("1;1;930101;PRIJEM;;0;", "2: the amount \"0\" must be more than zero");
        check_row(
            "1;1;930101;PRIJEM;;1;\n\n\n1;1;930101;?;;1;\n",
            "5: `type` is \"?\", which the mapping has in neither list of `sign`",
        );
        check_row(
            "1;1;930101;PRIJEM;\"a\nb\";1;\n2;1;930101;PRIJEM;;0;\n",
            "4: the amount \"0\" must be more than zero",
        );
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text = format!("{HEADING}\n1;1;930101;PRIJEM;;1;\n2;1;930101;PRIJEM;;1;");
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let lines: Vec<_> =
                rows(text.as_bytes()).unwrap().into_iter().map(|row| row.unwrap().line).collect();
            assert_eq!(lines, [3, 4], "{text:?}");
        }
    }

    #[test]
    fn a_row_that_is_not_utf_8_is_refused_alone() {
        let text =
            [HEADING.as_bytes(), b"1;1;930101;PRIJEM;v\xfdb\xecr;1;\n2;1;930101;PRIJEM;;1;\n"]
                .concat();
        let rows = rows(&text).unwrap();
        assert_eq!(rows[0].as_ref().unwrap_err().reason, "column 5 is not UTF-8; convert the file");
        assert_eq!(rows[1].as_ref().unwrap().line, 3);
    }

    fn check_heading(text: &str, expected: &str) {
        assert_eq!(rows(text.as_bytes()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_heading_that_does_not_fit_is_told() {
        check_heading("", "the file is empty; its first line names the columns");
        check_heading(
            "trans_id;account_id;type;operation;amount;k_symbol\n",
            "the file has no column `date`; its heading names `trans_id`, `account_id`, `type`, `operation`, `amount`, `k_symbol`",
        );
        check_heading(
            "trans_id;account_id;date;type;operation;amount;k_symbol;date",
            "the file has the column `date` twice",
        );
        let why = rows(HEADING.replace(';', ",").as_bytes()).unwrap_err().to_string();
        assert!(
            why.ends_with("which is one column: the mapping's `delimiter` ';' is not the file's"),
            "{why}"
        );
        let why = rows(b"trans_id;d\xfd\n").unwrap_err().to_string();
        assert_eq!(why, "the heading is not UTF-8; convert the file first");
    }

    #[test]
    fn descriptions_are_made_plain() {
        let check = |words: &[&str], expected: Option<&str>| {
            assert_eq!(describe(words).as_ref().map(Description::as_str), expected, "{words:?}");
        };
        check(&["VKLAD", ""], Some("VKLAD"));
        check(&[" a ", "b"], Some("a b"));
        check(&["a\u{202e}b\tc"], Some("a b c"));
        check(&["", " ", "\n"], None);
        check(&[&"x".repeat(300)], Some(&"x".repeat(256)));
    }
}
