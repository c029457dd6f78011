//! The mapping: which columns of a CSV file are what. Read strictly, so that a mistake is named
//! instead of being guessed around. The rows themselves are read in `rows`.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time as TimeOfDay};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use kernel::{Amount, Currency, Time};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use wallet::records::Direction;

use crate::end::Failure;

/// The first year of which a row is taken.
const FIRST_YEAR: i16 = 1900;

/// Which columns of a file are what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// Names the history; the ids of wallets and movements are made from it.
    pub(crate) source: String,
    /// Stands between two columns.
    #[serde(default = "comma", deserialize_with = "one_character")]
    pub(crate) delimiter: char,
    /// Of all amounts.
    pub(crate) currency: Currency,
    /// The column of the account: one wallet for each value.
    pub(crate) account: String,
    /// The column that names a row within its account.
    pub(crate) reference: String,
    /// The column of the date.
    pub(crate) date: DateColumn,
    /// The column of the amount.
    pub(crate) amount: String,
    /// The column that says which way the money went; without it the amount is signed.
    pub(crate) sign: Option<SignColumn>,
    /// The columns whose words make the description.
    #[serde(default)]
    pub(crate) description: Vec<String>,
}

/// A column with a date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DateColumn {
    /// Its name.
    pub(crate) column: String,
    /// How it is written, as strftime(3) has it.
    pub(crate) format: String,
}

/// A column that says which way the money went.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignColumn {
    /// Its name.
    pub(crate) column: String,
    /// What stands there when money came.
    pub(crate) credit: Vec<String>,
    /// What stands there when money went.
    pub(crate) debit: Vec<String>,
}

fn comma() -> char {
    ','
}

fn one_character<'de, D: Deserializer<'de>>(deserializer: D) -> Result<char, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(D::Error::custom(format!(
            "`delimiter` is {text:?}; write one ASCII character such as \";\""
        ))),
    }
}

impl Mapping {
    /// Reads a mapping from its file.
    ///
    /// # Errors
    /// When it cannot be read, has an unknown or a missing key, or contradicts itself.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::wrong_use(format!("cannot read the mapping {}: {error}", path.display()))
        })?;
        Self::parse(&text)
            .map_err(|why| Failure::wrong_use(format!("the mapping {}: {why}", path.display())))
    }

    /// Reads a mapping from its text.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), String> {
        if self.source.trim().is_empty() {
            return Err("`source` is empty; give the history a name".to_owned());
        }
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\r' | '\n' | '\0') {
            return Err(format!(
                "`delimiter` is {:?}; write one ASCII character such as \";\"",
                self.delimiter
            ));
        }
        self.date.check()?;
        self.sign.as_ref().map_or(Ok(()), SignColumn::check)
    }

    /// The delimiter as the byte that it is.
    pub(crate) fn delimiter_byte(&self) -> u8 {
        u8::try_from(self.delimiter).unwrap_or(b',')
    }

    /// Which way the money went, and how much. `sign` is what stands in the sign's column.
    ///
    /// # Errors
    /// A sentence for the row.
    pub(crate) fn money(
        &self,
        amount: &str,
        sign: Option<&str>,
    ) -> Result<(Direction, Amount), String> {
        let (direction, plain) = match (&self.sign, sign) {
            (Some(column), Some(word)) => (column.direction(word)?, amount),
            _ => match (amount.strip_prefix('-'), amount.strip_prefix('+')) {
                (Some(plain), _) => (Direction::Debit, plain),
                (None, Some(plain)) => (Direction::Credit, plain),
                (None, None) => (Direction::Credit, amount),
            },
        };
        let amount = Amount::parse(plain, self.currency)
            .map_err(|refused| format!("the amount {amount:?} {refused}"))?;
        Ok((direction, amount))
    }
}

impl SignColumn {
    fn check(&self) -> Result<(), String> {
        if self.credit.is_empty() && self.debit.is_empty() {
            return Err("`sign` has no words; list them in `credit` and `debit`".to_owned());
        }
        match self.credit.iter().find(|word| self.debit.contains(word)) {
            Some(word) => Err(format!("`sign` has {word:?} in both `credit` and `debit`")),
            None => Ok(()),
        }
    }

    fn direction(&self, word: &str) -> Result<Direction, String> {
        let is_in = |words: &[String]| words.iter().any(|known| known == word);
        if is_in(&self.credit) {
            Ok(Direction::Credit)
        } else if is_in(&self.debit) {
            Ok(Direction::Debit)
        } else {
            let column = &self.column;
            Err(format!("`{column}` is {word:?}, which the mapping has in neither list of `sign`"))
        }
    }
}

impl DateColumn {
    /// A format that cannot write a date and read it back reads none.
    fn check(&self) -> Result<(), String> {
        let format = &self.format;
        let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
        let written = BrokenDownTime::from(&sample).to_string(format);
        let read = written.and_then(|text| strtime::parse(format, text)?.to_date());
        match read {
            Ok(date) if date == sample.date() => Ok(()),
            Ok(_) => Err(format!("`date.format` {format:?} does not tell the whole date")),
            Err(_) => Err(format!(
                "`date.format` {format:?} reads no date; write it as strftime has it, such as \"%Y-%m-%d\""
            )),
        }
    }

    /// The day as it is written, and the moment: the day's first in UTC, unless the format says more.
    ///
    /// # Errors
    /// A sentence for the row.
    pub(crate) fn moment(&self, text: &str) -> Result<(Date, Time), String> {
        let unlike = |_: jiff::Error| {
            format!("the date {text:?} is none, or not written like {:?}", self.format)
        };
        let read = strtime::parse(&self.format, text).map_err(unlike)?;
        let day = read.to_date().map_err(unlike)?;
        if day.year() < FIRST_YEAR {
            return Err(format!("the date {day} is before {FIRST_YEAR}"));
        }
        let time = match read.hour() {
            Some(_) => read.to_time().map_err(unlike)?,
            None => TimeOfDay::midnight(),
        };
        let offset = read.offset().unwrap_or(Offset::UTC);
        let moment = offset.to_timestamp(DateTime::from_parts(day, time)).map_err(unlike)?;
        Ok((day, Time::from_micros(moment.as_microsecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANK: &str = include_str!("../../../../docs/import/czech-bank.toml");

    #[test]
    fn the_example_is_read() {
        let mapping = Mapping::parse(BANK).unwrap();
        assert_eq!(mapping.source, "czech-bank");
        assert_eq!(mapping.delimiter_byte(), b';');
        assert_eq!(mapping.description, ["operation", "k_symbol"]);
        assert_eq!(
            mapping.date.moment("930101").unwrap().1.to_string(),
            "1993-01-01T00:00:00.000000Z"
        );
    }

    fn check_refused(from: &str, to: &str, expected: &str) {
        let text = BANK.replace(from, to);
        assert_ne!(text, BANK, "{from:?} is not in the example");
        let why = Mapping::parse(&text).unwrap_err();
        assert!(why.contains(expected), "{why:?} does not say {expected:?}");
    }

    #[test]
    fn a_mistake_is_named() {
        check_refused("amount =", "ammount =", "unknown field `ammount`");
        check_refused("reference = \"trans_id\"", "", "missing field `reference`");
        check_refused("source = \"czech-bank\"", "source = \" \"", "`source` is empty");
        check_refused("\";\"", "\";;\"", "`delimiter` is \";;\"; write one ASCII character");
        check_refused("\";\"", "\"\"", "`delimiter` is \"\"; write one ASCII character");
        check_refused("\";\"", "\"…\"", "`delimiter` is '…'");
        check_refused("\"CZK\"", "\"KCS\"", "currency");
        check_refused("%y%m%d", "%m%d", "`date.format` \"%m%d\"");
        check_refused("%y%m%d", "%y%m%Ö", "`date.format` \"%y%m%Ö\"");
        check_refused("column = \"date\"", "columm = \"date\"", "unknown field `columm`");
        check_refused("[\"VYDAJ\", \"VYBER\"]", "[\"PRIJEM\"]", "\"PRIJEM\" in both");
    }

    fn check_date(format: &str, text: &str, expected: &str) {
        let column = DateColumn { column: "date".into(), format: format.into() };
        column.check().unwrap();
        let shown = match column.moment(text) {
            Ok((day, moment)) => format!("{day} {moment}"),
            Err(why) => why,
        };
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn every_way_a_date_can_end() {
        check_date("%Y-%m-%d", "2024-02-29", "2024-02-29 2024-02-29T00:00:00.000000Z");
        check_date("%d.%m.%Y", "31.12.1900", "1900-12-31 1900-12-31T00:00:00.000000Z");
        check_date("%Y-%m-%d %H:%M", "2024-02-29 23:59", "2024-02-29 2024-02-29T23:59:00.000000Z");
        check_date(
            "%Y-%m-%dT%H:%M:%S%z",
            "2024-03-01T00:30:00+0100",
            "2024-03-01 2024-02-29T23:30:00.000000Z",
        );
        check_date("%Y-%m-%d", "1899-12-31", "the date 1899-12-31 is before 1900");
        for text in ["2023-02-29", "", "2023-02-2x", "2023-02-20 "] {
            let expected = format!("the date {text:?} is none, or not written like \"%Y-%m-%d\"");
            check_date("%Y-%m-%d", text, &expected);
        }
    }

    fn check_money(sign: Option<&str>, amount: &str, expected: &str) {
        let mut mapping = Mapping::parse(BANK).unwrap();
        if sign.is_none() {
            mapping.sign = None;
        }
        let shown = match mapping.money(amount, sign) {
            Ok((direction, amount)) => format!("{direction:?} {amount:?}"),
            Err(why) => why,
        };
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn every_way_an_amount_can_end() {
        check_money(Some("PRIJEM"), "700.00", "Credit 700.00 CZK");
        check_money(Some("VYBER"), "0.5", "Debit 0.50 CZK");
        check_money(Some("VKLAD"), "1", "`type` is \"VKLAD\", which the mapping has in neither");
        check_money(Some("PRIJEM"), "-1", "the amount \"-1\" must be more than zero");
        check_money(None, "-25", "Debit 25.00 CZK");
        check_money(None, "+25", "Credit 25.00 CZK");
        check_money(None, "25", "Credit 25.00 CZK");
        check_money(None, "--25", "the amount \"--25\" must be");
        check_money(None, "-0", "the amount \"-0\" must be more than zero");
        check_money(None, "1e3", "the amount \"1e3\" must be a plain decimal");
        check_money(None, " 5", "the amount \" 5\" must be a plain decimal");
        check_money(None, "1.005", "the amount \"1.005\" has too many decimals");
        check_money(None, "", "the amount \"\" must be a plain decimal");
    }
}
