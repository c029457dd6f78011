//! `Route`: a handler that is not yet mounted, with what the OpenAPI document says of it. Where no
//! document is served (the feature `document` is off), nothing of it is made or even linked.
//! Not in here: which operation it serves.

use std::convert::Infallible;
use std::fmt;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter};
use tower::{Layer, Service};
#[cfg(feature = "document")]
use utoipa::openapi::{Paths, RefOr, Schema};
#[cfg(feature = "document")]
use utoipa_axum::router::UtoipaMethodRouter;

use crate::deployment::App;

/// What the document says of a handler: its schemas and its path.
#[cfg(feature = "document")]
pub(super) type Described = (Vec<(String, RefOr<Schema>)>, Paths);

/// A handler, made by [`routes!`](crate::routes).
pub struct Route {
    mount: Box<dyn FnOnce(MethodFilter) -> MethodRouter<App> + Send>,
    pub(super) reads_query: bool,
    #[cfg(feature = "document")]
    pub(super) described: Described,
}

impl fmt::Debug for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Route").field("reads_query", &self.reads_query).finish_non_exhaustive()
    }
}

impl Route {
    /// What `#[utoipa::path]` says of the handler comes with it.
    #[cfg(feature = "document")]
    pub fn new<H: Handler<T, App>, T: 'static>(
        handler: H,
        (schemas, paths, _): UtoipaMethodRouter<App>,
    ) -> Self {
        Self { mount: mount(handler), reads_query: false, described: (schemas, paths) }
    }

    /// The handler alone.
    #[cfg(not(feature = "document"))]
    pub fn new<H: Handler<T, App>, T: 'static>(handler: H) -> Self {
        Self { mount: mount(handler), reads_query: false }
    }

    /// For a handler that reads the query string, by [`List`](crate::List) or
    /// [`Filter`](crate::Filter); without this, nothing may stand in it.
    #[must_use]
    pub fn with_query(self) -> Self {
        Self { reads_query: true, ..self }
    }

    /// With a layer around the handler.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        let inner = self.mount;
        Self { mount: Box::new(move |method| inner(method).layer(layer)), ..self }
    }

    /// The handler, answering that method.
    pub(super) fn mounted(self, method: MethodFilter) -> MethodRouter<App> {
        (self.mount)(method)
    }
}

fn mount<H: Handler<T, App>, T: 'static>(
    handler: H,
) -> Box<dyn FnOnce(MethodFilter) -> MethodRouter<App> + Send> {
    Box::new(|method| MethodRouter::new().on(method, handler))
}

/// A [`Route`] from a handler that has `#[utoipa::path]`.
#[cfg(feature = "document")]
#[macro_export]
macro_rules! routes {
    ($handler:path) => {
        $crate::Route::new($handler, $crate::described!($handler))
    };
}

/// A [`Route`] from a handler.
#[cfg(not(feature = "document"))]
#[macro_export]
macro_rules! routes {
    ($handler:path) => {
        $crate::Route::new($handler)
    };
}
