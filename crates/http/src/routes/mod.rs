//! `Routes`: operations of the manifest and the handlers that serve them. The only way to add a
//! route, so that each is declared, documented and behind the access check.
//! Not in here: what lies around all routes, see `serve`.

mod document;
mod schemas;

use std::fmt;

use axum::Router;
use axum::http::Uri;
use kernel::manifest::Operation;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

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
    handlers: Vec<UtoipaMethodRouter<App>>,
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
    /// Asserts that the handler's `#[utoipa::path]` and the manifest agree on method, path (below
    /// `/v1`) and name (`operation_id`; the function's own name if it gives none).
    #[must_use]
    pub fn add(mut self, operation: &'static Operation, route: UtoipaMethodRouter<App>) -> Self {
        let name = operation.name;
        assert!(
            self.operations.iter().all(|other| other.name != name),
            "the operation {name} has two routes"
        );
        assert!(!operation.who.is_empty(), "{name}: nobody is declared who may call it");
        let (schemas, mut paths, methods) = route;
        assert_eq!(paths.paths.len(), 1, "{name}: one handler is one route");
        let Some(item) = paths.paths.get_mut(operation.path) else {
            let found: Vec<_> = paths.paths.keys().collect();
            unreachable!("{name}: the handler's path {found:?} is not {}", operation.path);
        };
        document::operation(operation, item);
        let reads_query = document::reads_query(item);
        let methods = methods.layer(AccessLayer { operation, reads_query });
        self.operations.push(operation);
        self.handlers.push((schemas, paths, methods));
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
    pub fn into_parts(self) -> (Router<App>, OpenApi) {
        let (router, openapi) = self.nested().split_for_parts();
        (with_fallbacks(router), schemas::strict(document::whole(openapi)))
    }

    /// The router alone, with `/v1` before every path.
    pub(crate) fn into_router(self) -> Router<App> {
        self.nested().split_for_parts().0
    }

    fn nested(self) -> OpenApiRouter<App> {
        let empty = OpenApiRouter::with_openapi(document::empty());
        let router = self.handlers.into_iter().fold(empty, OpenApiRouter::routes);
        OpenApiRouter::<App>::new().nest(BASE, router)
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
