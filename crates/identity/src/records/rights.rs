//! The rights of users: which there are for whom, and those that somebody has. What a right lets its
//! holder do is not here, but in the manifests.

use std::fmt;

use kernel::record::{Column, ColumnType};
use kernel::rights::OPERATORS;
use kernel::{Scope, Value};
use serde::{Deserialize, Deserializer};

use super::user::UserKind;
use super::words::is_word;

/// The rights that there are for such a user. What is not among them gives nothing, so nobody is given
/// it; older programs gave any word, and it can be taken back.
fn there_are(kind: UserKind) -> Vec<&'static str> {
    match kind {
        UserKind::Person => vec![OPERATORS],
        UserKind::Service => Scope::ALL.map(Scope::text).to_vec(),
    }
}

/// The same as words.
fn listed(kind: UserKind) -> String {
    format!("`{}`", there_are(kind).join("` and `"))
}

/// A person's group, or a service's scope: 1 to 32 of `a-z`, `0-9`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right(Box<str>);

/// The text is no right, or not for him, or there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRight {
    /// Of other characters, or too long.
    #[error("must be 1 to 32 of a-z, 0-9, `-` and `_`, and begin with a letter")]
    Word,
    /// More than one may have.
    #[error("must be at most 16")]
    TooMany,
    /// There is none of that name, or none that such a user can have.
    #[error(
        "is none that he can have: people can have {}, services {}",
        listed(UserKind::Person),
        listed(UserKind::Service)
    )]
    Unknown,
}

impl Right {
    /// From its text.
    ///
    /// # Errors
    /// When it is none that could be.
    pub fn new(text: &str) -> Result<Self, BadRight> {
        is_word(text, 32).then(|| Self(text.into())).ok_or(BadRight::Word)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether such a user can have it.
    pub fn is_for(&self, kind: UserKind) -> bool {
        there_are(kind).contains(&self.as_str())
    }
}

impl<'de> Deserialize<'de> for Right {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// The rights of somebody, each once, in the order of their letters. In a column with blanks between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(Vec<Box<str>>);

impl Rights {
    /// How many one may have: they all stand in each token.
    const MAX: usize = 16;

    /// These.
    ///
    /// # Errors
    /// When they are too many.
    pub fn new(rights: &[Right]) -> Result<Self, BadRight> {
        let none = Ok(Self::default());
        rights.iter().fold(none, |known, right| known.and_then(|known| known.with(right)))
    }

    /// With one more.
    ///
    /// # Errors
    /// When they are too many.
    pub fn with(&self, right: &Right) -> Result<Self, BadRight> {
        let mut all = self.without(right).0;
        all.push(right.0.clone());
        all.sort();
        if all.len() > Self::MAX { Err(BadRight::TooMany) } else { Ok(Self(all)) }
    }

    /// Without that one.
    #[must_use]
    pub fn without(&self, right: &Right) -> Self {
        Self(self.0.iter().filter(|known| **known != right.0).cloned().collect())
    }

    /// Whether such a user can have them all.
    pub fn are_for(&self, kind: UserKind) -> bool {
        self.0.iter().all(|right| there_are(kind).contains(&&**right))
    }

    /// Whether it is one of them.
    pub fn has(&self, right: &str) -> bool {
        self.0.iter().any(|known| &**known == right)
    }

    /// Their texts.
    pub fn texts(&self) -> &[Box<str>] {
        &self.0
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(" "))
    }
}

impl Column for Rights {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::Text(self.to_string().into())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        let text = String::from_value(value)?;
        let rights = text.split_ascii_whitespace().map(Right::new);
        Self::new(&rights.collect::<Result<Vec<_>, _>>().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_few_and_each_is_there_once() {
        let right = |text: &str| Right::new(text).unwrap();
        let rights = Rights::new(&[right("payments"), right("metrics"), right("payments")]);
        let rights = rights.unwrap();
        assert_eq!(rights.texts().join(" "), "metrics payments");
        assert_eq!(Rights::from_value(&rights.to_value()), Some(rights.clone()));
        assert_eq!(rights.without(&right("metrics")).texts().join(" "), "payments");
        assert_eq!(Rights::from_value(&Value::from("")), Some(Rights::default()));
        assert_eq!(Rights::from_value(&Value::from("A")), None);
        let many: Vec<_> = (0..17).map(|number| right(&format!("r{number}"))).collect();
        assert!(Rights::new(&many[..16]).is_ok());
        assert_eq!(Rights::new(&many), Err(BadRight::TooMany));
        assert_eq!(Right::new("a b"), Err(BadRight::Word));
    }
}
