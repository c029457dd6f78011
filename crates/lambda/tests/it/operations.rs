//! Every operation by its function: the route is its own and no other, and who may call it is asked.

use kernel::manifest::{Operation, Who};
use lambda::Function;
use serde_json::json;

use crate::functions::{Deployment, by_nobody, by_operator, request};

fn operations() -> Vec<&'static Operation> {
    let all = Function::all().filter_map(|function| {
        let Function::Operation(_, operation) = function else { return None };
        Some(operation)
    });
    all.collect()
}

/// The path of an operation with ids that nothing has.
fn path(operation: &Operation) -> String {
    let id = "00000000-0000-7000-8000-000000000001";
    let path = operation.path.replace("{wallet_id}", &format!("wal_{id}"));
    let path = path.replace("{loan_id}", &format!("loan_{id}"));
    let payment = if operation.path.starts_with("/payment") { "pay" } else { "trf" };
    let path = path.replace("{transaction_id}", &format!("{payment}_{id}"));
    let path = path.replace("{refund_id}", &format!("ref_{id}"));
    let path = path.replace("{dead_letter_id}", "1");
    assert!(!path.contains('{'), "{path} has an id that this test does not know");
    format!("/v1{path}")
}

#[tokio::test]
async fn every_operation_is_served_by_its_function_and_asks_who_calls() {
    for operation in operations() {
        let deployment = Deployment::new();
        let method = operation.method.text();
        let body = (method == "POST").then(|| json!({}));
        let event = request(method, &path(operation), body.as_ref());
        let name = operation.name;

        let nobody = deployment.call(name, &by_nobody(event.clone())).await;
        assert_eq!(nobody.status, 401, "{name}: {nobody:?}");

        let customer = deployment.call(name, &event).await;
        let for_owners = operation.who.contains(&Who::Owner);
        assert_eq!(customer.status == 403, !for_owners, "{name}: {customer:?}");

        let operator = deployment.call(name, &by_operator(event)).await;
        assert!(![401, 403, 405].contains(&operator.status), "{name}: {operator:?}");
        let detail = operator.body["detail"].as_str().unwrap_or_default();
        assert!(operator.status < 500 && !detail.contains("no path"), "{name}: {operator:?}");
        assert!(operator.headers["x-request-id"].is_string(), "{name}: {operator:?}");
    }
}

#[tokio::test]
async fn a_function_serves_no_route_but_its_own() {
    let deployment = Deployment::new();
    for operation in operations() {
        let event = by_operator(request(operation.method.text(), &path(operation), None));
        let other = if operation.name == "get_me" { "list_sagas" } else { "get_me" };
        let answer = deployment.call(other, &event).await;
        assert_eq!(answer.status, 404, "{other} serves {}: {answer:?}", operation.name);
    }
}

#[test]
fn the_manifest_names_these_functions_and_no_others() {
    let manifest = include_str!("../../../../terraform/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    let declared = manifest["functions"].as_object().unwrap().keys().cloned();
    let declared: std::collections::BTreeSet<_> = declared.collect();
    let known: std::collections::BTreeSet<_> = Function::all().map(Function::name).collect();
    assert_eq!(known, declared);
}
