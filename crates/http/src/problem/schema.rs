//! How a problem stands in the OpenAPI document. Not in here: the document itself.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};

use super::Problem;

impl Problem {
    /// The schema of every problem.
    pub(crate) fn schema() -> RefOr<Schema> {
        let text = |words: &str| {
            ObjectBuilder::new().schema_type(Type::String).description(Some(words)).build()
        };
        let error = ObjectBuilder::new()
            .property("field", text("The field, parameter or header."))
            .property("message", text("What is wrong with it; goes on after its name."))
            .required("field")
            .required("message");
        let status = ObjectBuilder::new().schema_type(Type::Integer).build();
        let problem = ObjectBuilder::new()
            .description(Some("RFC 9457. `docs/problems.md` lists every kind."))
            .property("type", text("A stable URI for each kind."))
            .property("title", text("The same words for every problem of the kind."))
            .property("status", status)
            .property("detail", text("What to do."))
            .property("instance", text("The path of the request."))
            .property("request_id", text("As in X-Request-Id."))
            .property("errors", ArrayBuilder::new().items(error.build()).build());
        let required = ["type", "title", "status", "detail", "instance", "request_id"];
        required.into_iter().fold(problem, |problem, name| problem.required(name)).into()
    }
}
