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

/// Operations and their handlers.
pub struct Routes {
    router: OpenApiRouter<App>,
    operations: Vec<&'static Operation>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.operations.iter().map(|operation| operation.name)).finish()
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        let router = OpenApiRouter::with_openapi(document::empty());
        Self { router, operations: Vec::new() }
    }

    /// Adds an operation: `.add(&manifest::REQUEST_PAYMENT, routes!(request_payment))`.
    ///
    /// Asserts that the handler's `#[utoipa::path]` and the manifest agree on method, path (below
    /// `/v1`) and name (`operation_id`; the function's own name if it gives none).
    #[must_use]
    pub fn add(self, operation: &'static Operation, route: UtoipaMethodRouter<App>) -> Self {
        let Self { router, mut operations } = self;
        let name = operation.name;
        assert!(
            operations.iter().all(|other| other.name != name),
            "the operation {name} has two routes"
        );
        assert!(!operation.who.is_empty(), "{name}: nobody is declared who may call it");
        operations.push(operation);
        let (schemas, mut paths, methods) = route;
        assert_eq!(paths.paths.len(), 1, "{name}: one handler is one route");
        let Some(item) = paths.paths.get_mut(operation.path) else {
            let found: Vec<_> = paths.paths.keys().collect();
            unreachable!("{name}: the handler's path {found:?} is not {}", operation.path);
        };
        document::operation(operation, item);
        let reads_query = document::reads_query(item);
        let methods = methods.layer(AccessLayer { operation, reads_query });
        Self { router: router.routes((schemas, paths, methods)), operations }
    }

    /// With all of `other`.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let Self { router, mut operations } = self;
        for operation in &other.operations {
            let name = operation.name;
            assert!(
                operations.iter().all(|known| known.name != name),
                "the operation {name} has two routes"
            );
        }
        operations.extend(other.operations);
        Self { router: router.merge(other.router), operations }
    }

    /// The router and the document, both with `/v1` before every path. Asserts that the bodies of
    /// requests refuse unknown fields.
    pub fn into_parts(self) -> (Router<App>, OpenApi) {
        let nested = OpenApiRouter::<App>::new().nest(BASE, self.router);
        let (router, openapi) = nested.split_for_parts();
        (with_fallbacks(router), schemas::strict(document::whole(openapi)))
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
