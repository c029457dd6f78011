//! How single values are read back, see `values`. Everything that does not fit is refused: what is
//! read was checked by its sum, so it is damage that nobody can repair, or a bug.

use std::borrow::Cow;

use kernel::id::Prefix;
use kernel::record::Value;
use kernel::{AnyId, Time};

use super::recent::{self, Piece, Recent};
use super::values::{self, unfold};

/// Why bytes are no batch.
pub(in crate::journal) type Refused = String;

/// Reads a batch's bytes from the first to the last.
pub(super) struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    recent: Recent,
    nulls: u8,
}

impl<'a> Reader<'a> {
    /// At the start of `all`.
    pub(super) fn new(all: &'a [u8]) -> Self {
        Self { all, rest: all, recent: Recent::default(), nulls: 0 }
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), Refused> {
        if self.rest.is_empty() { Ok(()) } else { Err("bytes follow after its end".into()) }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refused> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Refused> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or("it ends too early")?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Refused> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or("it ends too early")?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, Refused> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits
                .checked_shl(shift)
                .filter(|shifted| shifted >> shift == bits)
                .ok_or("a number is too large")?;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is too long".into())
    }

    pub(super) fn whole<T: TryFrom<u64>>(&mut self) -> Result<T, Refused> {
        T::try_from(self.number()?).map_err(|_| "a number is too large".into())
    }

    /// How many there are of something; each takes a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, Refused> {
        let count: usize = self.whole()?;
        if count > self.rest.len() { Err("it ends too early".into()) } else { Ok(count) }
    }

    pub(super) fn position(&mut self) -> Result<u64, Refused> {
        let distance = unfold(self.number()?).cast_unsigned();
        self.recent.position = self.recent.position.wrapping_add(distance);
        Ok(self.recent.position)
    }

    pub(super) fn time(&mut self) -> Result<Time, Refused> {
        match self.value()? {
            Value::Integer(micros) => Ok(Time::from_micros(micros)),
            Value::Null | Value::Text(_) | Value::Id(_) | Value::Bytes(_) => {
                Err("a time is no number".into())
            }
        }
    }

    pub(super) fn uuid(&mut self) -> Result<u128, Refused> {
        match self.byte()? {
            u8::MAX => self.new_uuid(),
            place => self.uuid_at(place),
        }
    }

    pub(super) fn id(&mut self) -> Result<AnyId, Refused> {
        match self.value()? {
            Value::Id(id) => Ok(id),
            Value::Null | Value::Integer(_) | Value::Text(_) | Value::Bytes(_) => {
                Err("an id is something else".into())
            }
        }
    }

    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Refused> {
        match self.value()? {
            Value::Text(text) => Ok(text),
            Value::Null | Value::Integer(_) | Value::Id(_) | Value::Bytes(_) => {
                Err("a text is something else".into())
            }
        }
    }

    /// The value of a column.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Refused> {
        if let Some(fewer) = self.nulls.checked_sub(1) {
            self.nulls = fewer;
            return Ok(Value::Null);
        }
        Ok(match self.byte()? {
            small @ values::SMALL.. => Value::Integer(i64::from(small & 0x7f)),
            values::INTEGER => Value::Integer(unfold(self.number()?)),
            values::NEAR => {
                self.recent.large = self.recent.large.wrapping_add(unfold(self.number()?));
                Value::Integer(self.recent.large)
            }
            values::BYTES => {
                let length = self.count()?;
                Value::Bytes(Cow::Borrowed(self.bytes(length)?))
            }
            values::ID => {
                let prefix = self.prefix()?;
                Value::Id(AnyId { prefix, uuid: self.new_uuid()? })
            }
            values::ID_SEEN => {
                let prefix = self.prefix()?;
                let place = self.byte()?;
                Value::Id(AnyId { prefix, uuid: self.uuid_at(place)? })
            }
            values::TEXT_UUID => {
                let head = self.plain_text()?;
                let uuid = self.new_uuid()?;
                Value::Text(Cow::Owned(text_of(head, uuid)))
            }
            values::TEXT_UUID_SEEN => {
                let head = self.plain_text()?;
                let place = self.byte()?;
                Value::Text(Cow::Owned(text_of(head, self.uuid_at(place)?)))
            }
            more @ values::NULLS..values::SHORT_TEXT => {
                self.nulls = more & 0x1f;
                Value::Null
            }
            tag => Value::Text(Cow::Borrowed(self.text_of_tag(tag)?)),
        })
    }

    /// After the last column: a row of absent values does not go beyond it.
    pub(super) fn flush(&self) -> Result<(), Refused> {
        if self.nulls == 0 { Ok(()) } else { Err("it has more values than columns".into()) }
    }

    fn plain_text(&mut self) -> Result<&'a str, Refused> {
        let tag = self.byte()?;
        self.text_of_tag(tag)
    }

    fn text_of_tag(&mut self, tag: u8) -> Result<&'a str, Refused> {
        let bytes = match tag {
            values::TEXT => {
                let length = self.count()?;
                self.bytes(length)?
            }
            values::TEXT_SEEN => {
                let place = self.byte()?;
                let piece = self.recent.text(place);
                piece.and_then(|piece| piece.of(self.all)).ok_or("a text was not named before")?
            }
            short @ values::SHORT_TEXT..values::SMALL => self.short_text(short & 0x3f)?,
            _ => return Err(format!("no value begins with {tag:#04x}")),
        };
        str::from_utf8(bytes).map_err(|_| "a text is not UTF-8".into())
    }

    fn short_text(&mut self, length: u8) -> Result<&'a [u8], Refused> {
        let start =
            u32::try_from(self.all.len().saturating_sub(self.rest.len())).unwrap_or(u32::MAX);
        let bytes = self.bytes(usize::from(length))?;
        if recent::is_kept(bytes.len()) {
            self.recent.put_text(recent::place_of_text(bytes), Piece { start, length });
        }
        Ok(bytes)
    }

    fn prefix(&mut self) -> Result<Prefix, Refused> {
        let code = self.byte()?;
        Prefix::from_code(code).ok_or_else(|| format!("no id has the prefix {code}"))
    }

    fn new_uuid(&mut self) -> Result<u128, Refused> {
        let uuid = u128::from_be_bytes(self.array()?);
        self.recent.put_uuid(uuid);
        Ok(uuid)
    }

    fn uuid_at(&self, place: u8) -> Result<u128, Refused> {
        self.recent.uuid(place).ok_or_else(|| format!("no id has the place {place}"))
    }
}

fn text_of(head: &str, uuid: u128) -> String {
    let [a, b, c, d] =
        [uuid >> 96, (uuid >> 80) & 0xffff, (uuid >> 64) & 0xffff, (uuid >> 48) & 0xffff];
    format!("{head}{a:08x}-{b:04x}-{c:04x}-{d:04x}-{:012x}", uuid & 0xffff_ffff_ffff)
}
