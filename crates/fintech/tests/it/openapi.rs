//! The OpenAPI document: a snapshot in `docs/openapi.json`, in agreement with the manifests, and what is
//! served. Not in here: whether it is true of what is answered, see `promised`.

use std::fs;

use kernel::manifest::Who;
use serde_json::{Value, json};

use crate::contract::{Contract, place_of, served};
use crate::site::{Actor, Site};

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
        Who::Nobody => "everybody".to_owned(),
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
    for operation in served() {
        let found = document.pointer(&place_of(operation)).unwrap();
        let name = operation.name;
        assert_eq!(found["operationId"], name);
        assert_eq!(found["x-who"], words(operation.who), "{name}");
        let is_open = operation.who.contains(&Who::Nobody);
        let needs = if is_open { json!([]) } else { json!([{ "bearer": [] }]) };
        assert_eq!(found["security"], needs, "{name}");
        assert!(
            found["summary"].as_str().is_some_and(|words| words.ends_with(['.', ':'])),
            "{name}"
        );
        let parameters = found["parameters"].as_array().cloned().unwrap_or_default();
        let is_keyed = parameters.iter().any(|one| one["name"] == "Idempotency-Key");
        assert!(!is_open || !is_keyed, "{name}: a key is a caller's, and nobody is known there");
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
    assert_eq!(count, served().len(), "there is more in the document than is declared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_what_is_served() {
    let site = Site::new();
    let served = site.ask(Actor::Nobody, "GET /openapi.json", &Value::Null).await.expect(200);
    assert_eq!(served.json, site.contract.document);
}
