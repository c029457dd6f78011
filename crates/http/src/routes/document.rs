//! The OpenAPI document: what every operation has is added here, so that no route says it by hand.
//! Not in here: the schemas of bodies, which their types give.

use axum::routing::MethodRouter;
use kernel::manifest::{Method, Operation, Who};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::path::{Operation as Documented, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr};
use utoipa::openapi::{Required, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use super::BASE;
use super::route::{Described, Route};
use crate::pages::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::problem::Problem;

const BEARER: &str = "bearer";

/// The document of these handlers, with [`BASE`] before every path.
pub(super) fn of(handlers: impl Iterator<Item = Described>) -> OpenApi {
    let empty = OpenApiRouter::<()>::with_openapi(OpenApiBuilder::new().build());
    let handlers = handlers.map(|(schemas, paths)| (schemas, paths, MethodRouter::new()));
    let all = handlers.fold(empty, OpenApiRouter::routes);
    whole(OpenApiRouter::new().nest(BASE, all).into_openapi())
}

/// The document of all operations, with what belongs to none of them.
fn whole(mut openapi: OpenApi) -> OpenApi {
    let description = "Wallets, payments and loans. Amounts are decimal strings beside their \
        currency. Every failure is a problem document (RFC 9457), and every answer carries \
        `X-Request-Id`; only what is no HTTP request, or has too many or too long headers, is \
        refused before it is read, by 400 or 431 with an empty body. `x-who` says who may call an \
        operation: `everybody` without a token; an `owner` for what is his; an `operator`; \
        `service:…` a service with that scope.";
    openapi.info = InfoBuilder::new()
        .title("Fintech core")
        .version("1")
        .description(Some(description))
        .build();
    let components = openapi.components.take().unwrap_or_default();
    let mut schemas = components.schemas;
    schemas.insert("Problem".to_owned(), Problem::schema());
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = ComponentsBuilder::new().schemas_from_iter(schemas);
    openapi.components = Some(components.security_scheme(BEARER, bearer).build());
    openapi
}

/// Checks an operation's documentation against the manifest and adds what every operation has.
pub(super) fn complete(operation: &'static Operation, route: &mut Route) {
    let name = operation.name;
    let paths = &mut route.described.1.paths;
    assert_eq!(paths.len(), 1, "{name}: one handler is one route");
    let Some(item) = paths.get_mut(operation.path) else {
        let found: Vec<_> = paths.keys().collect();
        unreachable!("{name}: the handler's path {found:?} is not {}", operation.path);
    };
    add_to(operation, item);
    let (is_documented, is_read) = (reads_query(item), route.reads_query);
    assert_eq!(is_documented, is_read, "{name}: `with_query` is for what reads the query string");
}

fn add_to(operation: &'static Operation, item: &mut PathItem) {
    let name = operation.name;
    let all = [&item.get, &item.put, &item.post, &item.delete, &item.options, &item.head];
    let all = all.into_iter().chain([&item.patch, &item.trace]);
    assert_eq!(all.flatten().count(), 1, "{name}: one handler is one method");
    let documented = match operation.method {
        Method::Get => &mut item.get,
        Method::Post => &mut item.post,
        Method::Delete => &mut item.delete,
    };
    let Some(documented) = documented else {
        unreachable!("{name}: the handler is not for {}", operation.method.text());
    };
    assert_eq!(documented.operation_id.as_deref(), Some(name), "{name}: operation_id differs");

    let who: Vec<_> = operation.who.iter().map(|who| word(*who)).collect();
    let extensions = documented.extensions.get_or_insert_with(Extensions::default);
    extensions.insert("x-who".to_owned(), who.into());
    let token = (!is_for_everybody(operation)).then(|| SecurityRequirement::new(BEARER, [""; 0]));
    documented.security = Some(token.into_iter().collect());
    let more = parameters(operation, documented);
    if !more.is_empty() {
        documented.parameters.get_or_insert_with(Vec::new).extend(more.into_iter().map(RefOr::T));
    }
    let responses = &mut documented.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            words_for(status).clone_into(&mut response.description);
        }
    }
    responses.insert("default".to_owned(), RefOr::T(failure()));
}

/// Whether it is for whoever comes, signed in or not.
fn is_for_everybody(operation: &Operation) -> bool {
    operation.who.contains(&Who::Nobody)
}

/// How it stands in `x-who`.
fn word(who: Who) -> String {
    match who {
        Who::Nobody => "everybody".to_owned(),
        Who::Owner => "owner".to_owned(),
        Who::Operator => "operator".to_owned(),
        Who::Service(scope) => format!("service:{scope}"),
    }
}

/// Whether an operation, documented already, has parameters in its query string.
fn reads_query(item: &PathItem) -> bool {
    let documented = [&item.get, &item.post, &item.delete].into_iter().flatten();
    let parameters = documented.filter_map(|documented| documented.parameters.as_ref()).flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .any(|parameter| matches!(parameter.parameter_in, ParameterIn::Query))
}

/// The parameters that follow from what an operation is.
fn parameters(operation: &Operation, documented: &Documented) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let reads = operation.method == Method::Get;
    if reads && is_list(documented) {
        parameters.push(parameter(
            "limit",
            ParameterIn::Query,
            "How many items a page has at most.",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(LIMIT_MAX))
                .default(Some(LIMIT_DEFAULT.into())),
        ));
        parameters.push(parameter(
            "cursor",
            ParameterIn::Query,
            "`next_cursor` of the page before.",
            ObjectBuilder::new().schema_type(Type::String),
        ));
    }
    // A key is a caller's: where nobody is known yet there is none.
    if !reads && !operation.writes.is_empty() && !is_for_everybody(operation) {
        let pattern = Some("^[\\x21-\\x7e]{1,255}$");
        parameters.push(parameter(
            "Idempotency-Key",
            ParameterIn::Header,
            "The same key and body give the first success again; another body is refused.",
            ObjectBuilder::new().schema_type(Type::String).pattern(pattern),
        ));
    }
    if documented.responses.responses.contains_key("202") {
        parameters.push(parameter(
            "Prefer",
            ParameterIn::Header,
            "`wait=N`: answer with the end of the saga if it comes within N seconds, at most 10.",
            ObjectBuilder::new().schema_type(Type::String).pattern(Some("^wait=[0-9]+$")),
        ));
    }
    parameters
}

fn parameter(name: &str, place: ParameterIn, words: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(words))
        .schema(Some(Schema::Object(schema.build())))
        .build()
}

/// Whether it answers with a [`Page`](crate::Page).
fn is_list(documented: &Documented) -> bool {
    let Some(RefOr::T(response)) = documented.responses.responses.get("200") else { return false };
    let Some(content) = response.content.get("application/json") else { return false };
    let RefOr::T(content) = content else { return false };
    match &content.schema {
        Some(RefOr::Ref(page)) => page.ref_location.starts_with("#/components/schemas/Page_"),
        Some(RefOr::T(_)) | None => false,
    }
}

/// What an answer of a status is, where the handler says nothing more.
fn words_for(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        "202" => "It was begun; `Location` says where to read how it goes.",
        "204" | "304" => "Nothing comes back.",
        _ => "It was done.",
    }
}

fn failure() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description("A problem; `type` says which, `detail` what to do.")
        .content("application/problem+json", content)
        .build()
}
