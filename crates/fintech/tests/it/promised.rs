//! A run through every operation: the OpenAPI document is true of each answer, and each that it promises
//! is given. Not in here: how a value is held against it, see `contract`.

use std::collections::BTreeSet;

use kernel::manifest::{Operation, Who};
use serde_json::{Value, json};

use crate::contract::{Contract, operations, place_of};
use crate::samples::sample;
use crate::site::{Actor, Asked, Site};

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
    // What is begun can be looked at; and where it is said that something can, it is there.
    assert!(begun.status != 202 || begun.header("location").is_some(), "{begun:?}");
    if let Some(location) = begun.header("location") {
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
