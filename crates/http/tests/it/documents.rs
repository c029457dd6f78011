//! The OpenAPI document, the page that shows it, and the agreement of routes with the manifest.
//! Not in here: what the routes do.

use http_api::{Routes, routes};
use kernel::manifest::{Method, Operation, Who};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::notes::all_routes;
use crate::service::Service;

#[tokio::test]
async fn the_document_says_what_every_operation_has() {
    let service = Service::new();
    let document = service.send_as_nobody("GET /v1/openapi.json", &[], b"").await.body;
    assert_eq!(document["openapi"], "3.1.0");
    for operation in all_routes().operations() {
        let path = format!("/v1{}", operation.path);
        let found = &document["paths"][&path][operation.method.text().to_lowercase()];
        assert_eq!(found["operationId"], operation.name, "{path}");
        let who = found["x-who"].as_array().unwrap();
        assert_eq!(who.len(), operation.who.len(), "{path}");
        let default = &found["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(default["schema"]["$ref"], "#/components/schemas/Problem");
        for (status, response) in found["responses"].as_object().unwrap() {
            assert!(
                response["description"].as_str().is_some_and(|words| words.ends_with('.')),
                "{path} {status}"
            );
        }
        let is_open = operation.who.contains(&Who::Nobody);
        let needs = if is_open { json!([]) } else { json!([{ "bearer": [] }]) };
        assert_eq!(found["security"], needs, "{path}");
    }
    let echo = &document["paths"]["/v1/echo"]["post"];
    assert_eq!(echo["x-who"], json!(["owner", "operator", "service:metrics"]));
    assert_eq!(echo["summary"], "Says what was understood.");
    assert_eq!(names(echo), ["Idempotency-Key"]);
    assert_eq!(
        names(&document["paths"]["/v1/start/{id}"]["post"]),
        ["id", "Idempotency-Key", "Prefer"]
    );
    assert_eq!(names(&document["paths"]["/v1/notes"]["get"]), ["done", "limit", "cursor"]);
    assert_eq!(names(&document["paths"]["/v1/at"]["get"]), ["at", "kind", "months"]);
}

fn names(operation: &Value) -> Vec<&str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn bodies_of_requests_are_described_as_they_are_read() {
    let document = Service::new().get("/v1/openapi.json").await.body;
    let schemas = &document["components"]["schemas"];
    let echo = &schemas["Echo"];
    assert_eq!(echo["additionalProperties"], false);
    assert_eq!(echo["required"], json!(["amount"]));
    assert_eq!(echo["properties"]["reference"]["type"], "string");
    assert_eq!(echo["properties"]["months"]["type"], "integer");
    assert_eq!(echo["properties"]["currency"]["$ref"], "#/components/schemas/CurrencyText");
    assert_eq!(echo["properties"]["parts"]["type"], "array");
    assert_eq!(schemas["EchoPart"]["additionalProperties"], false);
    assert_eq!(schemas["MoneyText"]["type"], "string");
    assert!(schemas["MoneyText"]["pattern"].is_string());
    // A body of which every field may be left out may be left out itself.
    let required = |path: &str| &document["paths"][path]["post"]["requestBody"]["required"];
    assert_eq!((required("/v1/echo"), required("/v1/capture/{id}")), (&json!(true), &json!(false)));
    // In answers null may stand.
    assert_eq!(schemas["Echoed"]["properties"]["key"]["type"], json!(["string", "null"]));
    assert!(!echo.to_string().contains("null"), "{echo}");
}

#[tokio::test]
async fn the_page_needs_nothing_from_another_host() {
    let service = Service::new();
    for path in ["/docs", "/docs/docs.js", "/docs/docs.css"] {
        let answer = service.send_as_nobody(&format!("GET {path}"), &[], b"").await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self'; img-src data:;"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        let text = answer.body.as_str().unwrap();
        assert!(!text.contains("://"), "{path} names another host");
        assert!(text.len() > 500, "{path} is empty");
    }
}

#[derive(Debug, Deserialize, ToSchema)]
struct Open {
    #[allow(dead_code)]
    name: Option<String>,
}

/// Takes a body that lets unknown fields pass.
#[utoipa::path(post, path = "/lax", request_body = Open, responses((status = 200)))]
async fn lax() {}

/// A route.
#[utoipa::path(get, path = "/there", responses((status = 200)))]
async fn there() {}

const THERE: Operation = Operation {
    name: "there",
    method: Method::Get,
    path: "/there",
    who: &[Who::Nobody],
    reads: &[],
    writes: &[],
    lists: &[],
    events_of: &[],
};

fn check(operation: Operation, expected: Option<&str>) {
    let operation: &'static Operation = Box::leak(Box::new(operation));
    let added = std::panic::catch_unwind(|| drop(Routes::new().add(operation, routes!(there))));
    let found = added.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone());
    match (&found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
        _ => panic!("{found:?}, not {expected:?}"),
    }
}

#[test]
fn a_route_that_differs_from_its_declaration_is_not_added() {
    check(THERE, None);
    check(Operation { name: "elsewhere", ..THERE }, Some("elsewhere: operation_id differs"));
    check(Operation { path: "/elsewhere", ..THERE }, Some("there: the handler's path"));
    check(Operation { method: Method::Post, ..THERE }, Some("there: the handler is not for POST"));
    check(Operation { who: &[], ..THERE }, Some("there: nobody is declared who may call it"));
}

#[test]
#[should_panic(expected = "the operation there has two routes")]
fn an_operation_has_one_route() {
    static ONE: Operation = THERE;
    let routes = || Routes::new().add(&ONE, routes!(there));
    drop(routes().merge(routes()));
}

#[test]
#[should_panic(expected = "Open: a request's body must say #[serde(deny_unknown_fields)]")]
fn a_body_that_lets_unknown_fields_pass_is_not_served() {
    static LAX: Operation = Operation { name: "lax", method: Method::Post, path: "/lax", ..THERE };
    drop(Routes::new().add(&LAX, routes!(lax)).into_parts());
}

#[test]
#[should_panic(expected = "there: `with_query` is for what reads the query string")]
fn a_query_string_is_read_where_it_is_documented() {
    static ONE: Operation = THERE;
    drop(Routes::new().add(&ONE, routes!(there).with_query()));
}
