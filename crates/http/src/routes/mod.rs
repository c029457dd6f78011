//! `Routes`: operations of the manifest and the handlers that serve them. The only way to add a
//! route, so that each is declared, documented and behind the access check.
//! Not in here: what lies around all routes, see `serve`.

#[cfg(feature = "document")]
mod document;
mod route;
#[cfg(feature = "document")]
mod schemas;

use std::fmt;

use axum::Router;
use axum::http::Uri;
use axum::routing::MethodFilter;
use kernel::manifest::{Method, Operation};
#[cfg(feature = "document")]
use utoipa::openapi::OpenApi;

pub use route::Route;

use crate::access::AccessLayer;
use crate::deployment::App;
use crate::problem::{Problem, ProblemKind};

/// Under which path all operations stand.
pub const BASE: &str = "/v1";

/// Operations and their handlers. They are put together when all are there, or the one that is wanted.
#[derive(Default)]
pub struct Routes {
    operations: Vec<&'static Operation>,
    /// One for each operation, in the same order.
    handlers: Vec<Route>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.operations.iter().map(|operation| operation.name)).finish()
    }
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation: `.add(&manifest::REQUEST_PAYMENT, routes!(request_payment))`.
    ///
    /// Asserts, where there is a document, that the handler's `#[utoipa::path]` and the manifest agree
    /// on method, path (below `/v1`) and name (`operation_id`; the function's own name if it gives
    /// none), and that a query string is read where one is documented.
    #[must_use]
    #[cfg_attr(not(feature = "document"), expect(unused_mut, reason = "the document is added to"))]
    pub fn add(mut self, operation: &'static Operation, mut route: Route) -> Self {
        let name = operation.name;
        assert!(
            self.operations.iter().all(|other| other.name != name),
            "the operation {name} has two routes"
        );
        assert!(!operation.who.is_empty(), "{name}: nobody is declared who may call it");
        #[cfg(feature = "document")]
        document::complete(operation, &mut route);
        self.operations.push(operation);
        self.handlers.push(route);
        self
    }

    /// With all of `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for operation in &other.operations {
            let name = operation.name;
            assert!(
                self.operations.iter().all(|known| known.name != name),
                "the operation {name} has two routes"
            );
        }
        self.operations.extend(other.operations);
        self.handlers.extend(other.handlers);
        self
    }

    /// With the operation of that name alone; empty if there is none.
    #[must_use]
    pub fn only(self, name: &str) -> Self {
        let both = self.operations.into_iter().zip(self.handlers);
        let (operations, handlers) = both.filter(|(operation, _)| operation.name == name).unzip();
        Self { operations, handlers }
    }

    /// The router and the document, both with `/v1` before every path. Asserts that the bodies of
    /// requests refuse unknown fields.
    #[cfg(feature = "document")]
    pub fn into_parts(self) -> (Router<App>, OpenApi) {
        let openapi = document::of(self.handlers.iter().map(|route| route.described.clone()));
        (with_fallbacks(self.into_router()), schemas::strict(openapi))
    }

    /// The router alone, with `/v1` before every path.
    pub(crate) fn into_router(self) -> Router<App> {
        let both = self.operations.into_iter().zip(self.handlers);
        let router = both.fold(Router::new(), |router, (operation, route)| {
            let method = match operation.method {
                Method::Get => MethodFilter::GET,
                Method::Post => MethodFilter::POST,
                Method::Delete => MethodFilter::DELETE,
            };
            let access = AccessLayer { operation, reads_query: route.reads_query };
            router.route(operation.path, route.mounted(method).layer(access))
        });
        Router::new().nest(BASE, router)
    }

    /// The operations, in the order in which they were added.
    pub fn operations(&self) -> &[&'static Operation] {
        &self.operations
    }
}

/// Answers with a problem where no route matches.
pub(crate) fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method)
}

async fn no_such_path(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    let detail = format!("There is no path `{path}`; /docs lists those that there are.");
    Problem::new(ProblemKind::NotFound, detail)
}

async fn no_such_method() -> Problem {
    Problem::new(ProblemKind::MethodNotAllowed, "Use one of the methods in `Allow`.")
}
