//! Lists: `{"items": […], "next_cursor": …}`, with `?limit=` and `?cursor=`. Cursors are opaque,
//! signed, and good for the list and filter that gave them.
//! Not in here: which records a list shows; services hand in a query.

mod cursor;
mod list;
mod read;

use serde::Serialize;
use utoipa::ToSchema;

pub use list::{LIMIT_DEFAULT, LIMIT_MAX, List, NoFilter};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// To be sent as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// With each item in another form, such as a record as an answer shows it.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(form).collect(), next_cursor: self.next_cursor }
    }
}
