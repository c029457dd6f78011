//! Short texts from outside, bounded and free of characters that forge what a person reads.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text of 1 to `MAX` characters without control characters and without the marks that turn the
/// reading direction around (letters of right-to-left scripts are welcome).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Words<const MAX: usize>(Arc<str>);

/// The caller's own description of a movement.
pub type Description = Words<256>;
/// The caller's own reference of a movement.
pub type Reference = Words<64>;
/// Who is paid: the deployment's own name for a merchant.
pub type MerchantId = Words<64>;
/// Why something was refused, reversed or rejected, in a person's words or a kind such as
/// `insufficient-funds`.
pub type Reason = Words<256>;

/// Why a text is refused. Each is a sentence that goes on after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextRefused {
    /// No character in it, or blanks alone.
    #[error("must not be empty")]
    Empty,
    /// More than `max` characters.
    #[error("is too long; at most {max} characters")]
    TooLong {
        /// What is allowed.
        max: usize,
    },
    /// A control character or a direction mark.
    #[error("has a control or direction character (U+{code:04X}); write plain text")]
    Control {
        /// The character's code point.
        code: u32,
    },
}

fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

impl<const MAX: usize> Words<MAX> {
    /// Takes the text as it is, or says why not.
    ///
    /// # Errors
    /// Every way in which it is refused, see [`TextRefused`].
    pub fn new(text: &str) -> Result<Self, TextRefused> {
        if text.trim().is_empty() {
            return Err(TextRefused::Empty);
        }
        if let Some(character) = text.chars().find(|character| is_forbidden(*character)) {
            return Err(TextRefused::Control { code: u32::from(character) });
        }
        if text.chars().count() > MAX {
            return Err(TextRefused::TooLong { max: MAX });
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Words<MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Words<MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

impl<const MAX: usize> Serialize for Words<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Words<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl<const MAX: usize> schemars::JsonSchema for Words<MAX> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), TextRefused>) {
        assert_eq!(Words::<5>::new(text).map(|_| ()), expected, "{text:?}");
    }

    #[test]
    fn every_way_a_text_can_end() {
        check("rent", Ok(()));
        check("ايجار", Ok(()));
        check("näïve", Ok(()));
        check("", Err(TextRefused::Empty));
        check("  ", Err(TextRefused::Empty));
        check("sixsix", Err(TextRefused::TooLong { max: 5 }));
        check("a\u{0}", Err(TextRefused::Control { code: 0 }));
        check("a\n", Err(TextRefused::Control { code: 10 }));
        check("a\u{202E}b", Err(TextRefused::Control { code: 0x202E }));
        check("a\u{200B}", Err(TextRefused::Control { code: 0x200B }));
    }
}
