//! What a caller asks of a list: how many, from where on, and which filter.
//! Not in here: reading the records, see `read`.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Page;
use super::cursor::{Position, Seal};
use crate::deployment::App;
use crate::problem::Problem;
use crate::query::{self, Pair};

/// How many items a page has if the caller does not say.
pub const LIMIT_DEFAULT: usize = 20;

/// How many items a page has at most.
pub const LIMIT_MAX: usize = 100;

/// The query string of a list: `limit`, `cursor`, and the list's own filter `T`, a struct as for
/// [`Filter`](crate::Filter) without those two.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// The list's own parameters.
    pub filter: T,
    /// At most so many items, 1 to 100.
    pub limit: usize,
    pub(super) position: Option<Position>,
    pub(super) seal: Seal,
}

/// The filter of a list that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct NoFilter {}

impl<T> List<T> {
    /// After which number the caller wants to go on, in a list by numbers.
    ///
    /// # Errors
    /// 400 naming `cursor`, when it is of a list of another form.
    pub fn after_number(&self) -> Result<Option<u64>, Problem> {
        match &self.position {
            None => Ok(None),
            Some(Position::Number(number)) => Ok(Some(*number)),
            Some(Position::After(_) | Position::Name(_)) => Err(bad_cursor()),
        }
    }

    /// A page of a list by numbers. `items` are those after [`after_number`](Self::after_number), at
    /// best one more than `limit`, which tells that there is a next page; `number` is an item's own.
    pub fn page_by_number<I>(&self, items: Vec<I>, number: impl Fn(&I) -> u64) -> Page<I> {
        self.page_by(items, |item| Position::Number(number(item)))
    }

    /// After which name the caller wants to go on, in a list by names.
    ///
    /// # Errors
    /// 400 naming `cursor`, when it is of a list of another form.
    pub fn after_name(&self) -> Result<Option<&str>, Problem> {
        match &self.position {
            None => Ok(None),
            Some(Position::Name(name)) => Ok(Some(name)),
            Some(Position::After(_) | Position::Number(_)) => Err(bad_cursor()),
        }
    }

    /// A page of a list by names, as [`page_by_number`](Self::page_by_number).
    pub fn page_by_name<I>(&self, items: Vec<I>, name: impl Fn(&I) -> String) -> Page<I> {
        self.page_by(items, |item| Position::Name(name(item)))
    }

    /// A page that goes on after `next`, as [`after_name`](Self::after_name) will give it; the last one
    /// if that is none.
    pub fn page_to<I>(&self, items: Vec<I>, next: Option<String>) -> Page<I> {
        let next_cursor = next.map(|next| self.seal.write(&Position::Name(next)));
        Page { items, next_cursor }
    }

    fn page_by<I>(&self, mut items: Vec<I>, position: impl Fn(&I) -> Position) -> Page<I> {
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| has_more);
        let next_cursor = last.map(|last| self.seal.write(&position(last)));
        Page { items, next_cursor }
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for List<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Below `/v1` the path is cut; the original one names the list.
        let original = parts.extensions.get::<OriginalUri>().map(|uri| &uri.0);
        let path = original.unwrap_or(&parts.uri).path();
        let mut limit = None;
        let mut cursor = None;
        let mut own = Vec::new();
        for (name, value) in query::pairs(parts.uri.query())? {
            match &*name {
                "limit" => limit = Some(value),
                "cursor" => cursor = Some(value),
                _ => own.push((name, value)),
            }
        }
        let seal = Seal::new(app.settings.cursor_key, name_of(path, &own));
        let position = cursor.map(|text| seal.read(&text).ok_or_else(bad_cursor)).transpose()?;
        let limit = limit.map_or(Ok(LIMIT_DEFAULT), |text| read_limit(&text))?;
        Ok(Self { filter: query::parse(own)?, limit, position, seal })
    }
}

fn read_limit(text: &str) -> Result<usize, Problem> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|limit| is_plain && (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Problem::bad_field("limit", "must be a whole number from 1 to 100"))
}

pub(super) fn bad_cursor() -> Problem {
    let message = "is not one that this list gave with this filter; start without it";
    Problem::bad_field("cursor", message)
}

/// The list's path and filter, in a form in which the order of parameters makes no difference.
fn name_of(path: &str, own: &[Pair<'_>]) -> String {
    let mut own: Vec<_> = own.iter().collect();
    own.sort();
    format!("{path}?{own:?}")
}
