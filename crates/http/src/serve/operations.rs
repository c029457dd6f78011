//! Finds the operation of a request from the route that matched it. Not in here: the routing.

use std::collections::HashMap;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use kernel::manifest::{self, Operation};

use crate::routes::BASE;

/// The operations by their whole path.
pub(super) struct Operations(HashMap<String, Vec<(Method, &'static Operation)>>);

impl Operations {
    pub(super) fn new(operations: &[&'static Operation]) -> Self {
        let mut by_path: HashMap<String, Vec<_>> = HashMap::new();
        for operation in operations {
            let of_path = by_path.entry(format!("{BASE}{}", operation.path)).or_default();
            of_path.push((method(operation.method), *operation));
        }
        Self(by_path)
    }

    /// The operation; none where no route matched, or one that is no operation.
    pub(super) fn of(&self, request: &Request) -> Option<&'static Operation> {
        let path = request.extensions().get::<MatchedPath>()?;
        let of_path = self.0.get(path.as_str())?;
        // HEAD is answered by what answers GET.
        let asked = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
        of_path.iter().find(|(method, _)| method == asked).map(|(_, operation)| *operation)
    }
}

fn method(method: manifest::Method) -> Method {
    match method {
        manifest::Method::Get => Method::GET,
        manifest::Method::Post => Method::POST,
        manifest::Method::Delete => Method::DELETE,
    }
}
