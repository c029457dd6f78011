//! The OpenAPI document: a snapshot in `docs/openapi.json`, in agreement with the manifests, and true
//! of a run through every operation. Not in here: how a value is held against it, see `contract`.

use std::collections::BTreeSet;
use std::fs;

use kernel::manifest::{Operation, Who};
use serde_json::{Value, json};

use crate::contract::{Contract, operations, place_of};
use crate::samples::sample;
use crate::site::{Actor, Asked, Site};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_document_is_the_one_that_is_kept() {
    let mut text = serde_json::to_string_pretty(&Contract::new().document).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        return fs::write(SNAPSHOT, text).unwrap();
    }
    let kept = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).position(|(kept, now)| kept != now);
    let line = differs.map_or(kept.lines().count().min(text.lines().count()), |place| place) + 1;
    assert!(
        kept == text,
        "docs/openapi.json is not what the routes say, from line {line} on; if that is meant, run \
         UPDATE_SNAPSHOTS=1 cargo test -p fintech --test it openapi"
    );
}

fn words(who: &[Who]) -> Value {
    let word = |who: &Who| match who {
        Who::Nobody => "nobody".to_owned(),
        Who::Owner => "owner".to_owned(),
        Who::Operator => "operator".to_owned(),
        Who::Service(scope) => format!("service:{scope}"),
    };
    who.iter().map(word).collect()
}

#[test]
fn it_has_every_operation_and_who_may_call_it() {
    let document = Contract::new().document;
    assert_eq!(document["openapi"], "3.1.0");
    for operation in operations() {
        let found = document.pointer(&place_of(operation)).unwrap();
        let name = operation.name;
        assert_eq!(found["operationId"], name);
        assert_eq!(found["x-who"], words(operation.who), "{name}");
        let has_token = found["security"] == json!([{ "bearer": [] }]);
        assert_eq!(has_token, !operation.who.contains(&Who::Nobody), "{name}");
        assert!(
            found["summary"].as_str().is_some_and(|words| words.ends_with(['.', ':'])),
            "{name}"
        );
        let parameters = found["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let in_path: Vec<_> =
            in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let named: Vec<_> = operation.path.split('{').skip(1).collect();
        let named: Vec<_> = named.iter().map(|rest| rest.split('}').next().unwrap()).collect();
        assert_eq!(in_path, named, "{name}");
        if let Some(begun) = found["responses"].get("202") {
            assert!(begun["headers"].get("Location").is_some(), "{name} does not say Location");
        }
    }
    let methods = document["paths"].as_object().unwrap().values();
    let count: usize = methods.map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(count, operations().len(), "there is more in the document than is declared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_what_is_served() {
    let site = Site::new();
    let served = site.ask(Actor::Nobody, "GET /openapi.json", &Value::Null).await.expect(200);
    assert_eq!(served.json, site.contract.document);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_that_it_promises_is_given() {
    let site = Site::new();
    for operation in operations() {
        run_through(&site, operation).await;
    }
    // Every answer was held against the document on its way; what is left is what never came.
    let mut promised = BTreeSet::new();
    for operation in operations() {
        let responses = site.contract.document.pointer(&place_of(operation)).unwrap();
        let responses = responses["responses"].as_object().unwrap();
        promised.extend(responses.keys().map(|status| (operation.name, status.clone())));
    }
    let seen = site.contract.seen();
    let missing: Vec<_> = promised.difference(&seen).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

/// Asks for an operation in every way that changes the form of its answer.
async fn run_through(site: &Site, operation: &'static Operation) {
    let name = operation.name;
    let actor = if operation.who.contains(&Who::Owner) { Actor::Owner } else { Actor::Operator };
    let first = sample(site, operation).await;
    expect_body(&site.contract, operation, &first.body);
    let asked = Asked::of(actor, &first.asked(), &first.body);
    let answer = site.send(&asked).await;
    assert!(matches!(answer.status, 200 | 201), "{name}: {answer:?}");
    if let Some(tag) = answer.header("etag") {
        let same = site.send(&asked.clone().with("if-none-match", tag)).await;
        assert_eq!((same.status, &*same.text), (304, ""), "{name}");
    }
    let is_page = answer.json.get("next_cursor").is_some();
    expect_list(&site.contract, operation, is_page);
    if name == "get_statement" {
        let csv = site.send(&asked.clone().with("accept", "text/csv")).await.expect(200);
        assert!(csv.text.starts_with("type,transaction_id,"), "{csv:?}");
    }
    let again = sample(site, operation).await;
    let hasty = Asked::of(actor, &again.asked(), &again.body).without("prefer");
    let begun = site.send(&hasty).await;
    if begun.status == 202 {
        let location = begun.header("location").unwrap();
        let path = format!("GET {}", location.strip_prefix("/v1").unwrap());
        site.ask(Actor::Operator, &path, &Value::Null).await.expect(200);
    }
    site.ask(Actor::Nobody, &again.asked(), &again.body).await.expect(401);
}

/// The samples' bodies are as the document wants them.
fn expect_body(contract: &Contract, operation: &Operation, body: &Value) {
    let described = contract.document.pointer(&place_of(operation)).unwrap().get("requestBody");
    let Some(described) = described else {
        assert!(body.is_null() || *body == json!({}), "{}: {body}", operation.name);
        return;
    };
    let schema = &described["content"]["application/json"]["schema"];
    contract.hold(schema, body).unwrap_or_else(|wrong| panic!("{}: {wrong}", operation.name));
    let place = schema["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
    let fields = contract.document.pointer(place).unwrap()["properties"].as_object();
    let fields = fields.into_iter().flat_map(|fields| fields.keys());
    for field in fields {
        assert!(body.get(field).is_some(), "{}: its sample has no {field}", operation.name);
    }
}

/// A list, and nothing else, says `limit` and `cursor`.
fn expect_list(contract: &Contract, operation: &Operation, is_page: bool) {
    let described = contract.document.pointer(&place_of(operation)).unwrap();
    let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
    for name in ["limit", "cursor"] {
        let has = parameters.iter().any(|parameter| parameter["name"] == name);
        assert_eq!(has, is_page, "{}: {name}", operation.name);
    }
}
