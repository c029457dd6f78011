//! The texts of users: names by which they sign in, and what proves who they are. They are shown by no
//! `Debug`, so that none gets into a log. Not in here: how a proof is made; rights.

use std::fmt;
use std::sync::Arc;

use kernel::record::{Column, ColumnType};
use kernel::{Id, LoginNameId, Value};

/// The most characters of an e-mail address (RFC 5321, section 4.5.3.1.3, less the brackets).
const EMAIL_LENGTH_MAX: usize = 254;
/// The most characters before its `@` (section 4.5.3.1.1).
const LOCAL_PART_LENGTH_MAX: usize = 64;

/// A name by which somebody signs in: a person's e-mail address in lower case, or a service's name.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName(Arc<str>);

/// The text is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Of a person.
    #[error(
        "must be an e-mail address of at most 254 characters of ASCII, such as ada@example.org; a \
         domain in other letters is written as its `xn--` form"
    )]
    Email,
    /// Of a service.
    #[error("must be 1 to 64 of a-z, 0-9, `-` and `_`, and begin with a letter")]
    Service,
    /// Of a service, where a user's id would pass for it.
    #[error("must not begin with `usr_`, as the ids of users do")]
    Id,
}

impl LoginName {
    /// A person's. Letters become small ones: providers take both for the same. Of other letters than
    /// ASCII's many look alike, or like nothing, so that one could pass for another: an address has none,
    /// and its domain is written as the DNS has it (RFC 5321, section 4.1.2; RFC 5890, section 2.3.2.1).
    ///
    /// # Errors
    /// When it is no e-mail address that could be.
    pub fn email(text: &str) -> Result<Self, BadName> {
        let text = text.to_ascii_lowercase();
        let is_plain =
            |character: char| character.is_ascii_graphic() && !"<>()[],;:\\\"".contains(character);
        let (local, domain) = text.rsplit_once('@').ok_or(BadName::Email)?;
        let is_sized = text.chars().count() <= EMAIL_LENGTH_MAX
            && (1..=LOCAL_PART_LENGTH_MAX).contains(&local.chars().count());
        let is_whole = !local.contains('@')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-')
            });
        if is_sized && is_whole && text.chars().all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(BadName::Email)
        }
    }

    /// A service's. It has no `@`, so it is nobody's e-mail address, and is nobody's id.
    ///
    /// # Errors
    /// When it is none that could be.
    pub fn service(text: &str) -> Result<Self, BadName> {
        if text.starts_with("usr_") {
            return Err(BadName::Id);
        }
        is_word(text, 64).then(|| Self(text.into())).ok_or(BadName::Service)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By what it is found, and of which there can be one.
    pub fn id(&self) -> LoginNameId {
        LoginNameId::named(&["login-name", &self.0])
    }
}

/// Small letters, digits, `-` and `_`, a letter first.
pub(super) fn is_word(text: &str, max: usize) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    text.len() <= max
        && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(is_plain)
}

/// What proves who somebody is: argon2id of a person's password, or SHA-256 of a service's secret, as
/// a PHC string. Never the password itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof(Arc<str>);

impl Proof {
    /// From a PHC string.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose choice a password was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofState {
    /// Its holder's, or a service's secret.
    Chosen,
    /// Made by us and told once: good for nothing but to choose another.
    OneTime,
}

kernel::word_column!(ProofState { Chosen = "CHOSEN", OneTime = "ONE_TIME" });

/// Texts that no `Debug` shows.
macro_rules! hidden_texts {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("…")
            }
        }

        impl Column for $name {
            const TYPE: ColumnType = ColumnType::Text;

            fn to_value(&self) -> Value<'_> {
                Value::Text(std::borrow::Cow::Borrowed(&self.0))
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                String::from_value(value).map(|text| Self(text.into()))
            }
        }
    )*};
}

hidden_texts!(LoginName, Proof);

#[cfg(test)]
mod tests {
    use kernel::SubId;

    use super::*;

    #[test]
    fn every_way_a_name_is_written() {
        let check = |text: &str, expected: Option<&str>| {
            let name = LoginName::email(text).ok();
            assert_eq!(name.as_ref().map(LoginName::as_str), expected, "{text}");
        };
        check("Ada@Example.ORG", Some("ada@example.org"));
        check("ada+bank@mail.example.co.uk", Some("ada+bank@mail.example.co.uk"));
        check("operator@localhost", Some("operator@localhost"));
        check("ada@xn--bcher-kva.example", Some("ada@xn--bcher-kva.example"));
        for wrong in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a@b@c",
            "a b@c",
            "ada@example..org",
            "<a@b>",
            "ada@exa mple",
            "ada@\n",
            "\"a\"@b",
            "ada@a_b",
            // What looks like another, or like nothing.
            "jürgen@example.org",
            "ada@bücher.example",
            "\u{430}da@example.org",
            "ada\u{200b}@example.org",
            "ada\u{e0041}@example.org",
            "\u{202e}gro.x@ada",
            "\u{ff41}da@example.org",
        ] {
            check(wrong, None);
        }
        check(&format!("{}@b", "a".repeat(65)), None);
        check(&format!("a@{}", "b".repeat(253)), None);
        let same = LoginName::email("ADA@example.org").unwrap().id();
        assert_eq!(LoginName::email("ada@EXAMPLE.org").unwrap().id(), same);
        assert!(LoginName::service("web-shop_2").is_ok());
        for wrong in ["", "2shop", "Shop", "a@b", &"a".repeat(65)] {
            assert_eq!(LoginName::service(wrong), Err(BadName::Service), "{wrong}");
        }
        let id = SubId::from_uuid(1).to_string();
        for id in [&*id, "usr_", "usr_shop"] {
            assert_eq!(LoginName::service(id), Err(BadName::Id), "{id}");
        }
        // Of an older program.
        let older = LoginName::from_value(&Value::from(&*id)).unwrap();
        assert_eq!(older.as_str(), id);
    }

    #[test]
    fn no_debug_shows_a_name_or_a_proof() {
        let shown = format!("{:?} {:?}", LoginName::email("a@b").unwrap(), Proof::new("$argon2"));
        assert_eq!(shown, "… …");
    }
}
