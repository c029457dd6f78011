//! The query string, read strictly: a parameter that is unknown, malformed or there twice is 400, by
//! name. Not in here: `limit` and `cursor` of lists, see `pages`.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::body::{refused, shown};
use crate::problem::Problem;

/// The query string as `T`: a struct of `Option`s (and required fields) that stand in text: times,
/// ids, words, numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filter<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parse(pairs(parts.uri.query())?)?))
    }
}

/// A parameter's name and value, decoded.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The parameters, in the order in which they stand; none twice.
pub(crate) fn pairs(query: Option<&str>) -> Result<Vec<Pair<'_>>, Problem> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name).ok_or_else(|| Problem::bad_field("query", "is not UTF-8"))?;
        if name.is_empty() {
            return Err(Problem::bad_field("query", "has a parameter without a name"));
        }
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(Problem::bad_field(shown(&name), "is there twice; give it once"));
        }
        let value =
            decode(value).ok_or_else(|| Problem::bad_field(shown(&name), "is not UTF-8"))?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Whether nothing stands in the query string.
///
/// # Errors
/// 400 naming the first parameter.
pub(crate) fn expect_none(query: Option<&str>) -> Result<(), Problem> {
    match pairs(query)?.first() {
        None => Ok(()),
        Some((name, _)) => Err(Problem::bad_field(shown(name), "is unknown; leave it out")),
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode_str(&spaced)
            .decode_utf8()
            .ok()
            .map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decode_str(text).decode_utf8().ok()
}

/// Parameters as `T`.
pub(crate) fn parse<T: DeserializeOwned>(pairs: Vec<Pair<'_>>) -> Result<T, Problem> {
    let pairs = pairs.into_iter().map(|(name, value)| (name, Value(value)));
    let reader = MapDeserializer::<_, serde::de::value::Error>::new(pairs);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        // A single point is the path to the whole.
        let path = if path == "." { "" } else { &path };
        refused(path, &error.inner().to_string())
    })
}

/// A parameter's value, which takes whatever form the field wants.
struct Value<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de, serde::de::value::Error> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Fields that are read from the text of a parameter.
macro_rules! parsed {
    ($($method:ident $visit:ident $words:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Self::Error::custom($words)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    /// Asked for where the struct has no such field and does not refuse it by itself.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("is unknown; leave it out"))
    }

    parsed! {
        deserialize_bool visit_bool "must be true or false";
        deserialize_i64 visit_i64 "must be a whole number";
        deserialize_u8 visit_u8 "must be a whole number from 0 to 255";
        deserialize_u16 visit_u16 "must be a whole number from 0 to 65535";
        deserialize_u32 visit_u32 "must be a whole number, not negative";
        deserialize_u64 visit_u64 "must be a whole number, not negative";
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}
