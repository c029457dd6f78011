//! Who may call what: every kind of caller against every kind of declaration.
//! Not in here: whose a record is.

use crate::notes::all_routes;
use crate::service::Service;

async fn check(line: &str, caller: Option<&str>, expected: &str) {
    let headers: Vec<_> = caller.iter().map(|caller| ("x-test-caller", *caller)).collect();
    let answer = Service::new().send_as_nobody(line, &headers, b"").await;
    let found = match answer.status {
        200 => "200".to_owned(),
        status => format!("{status} {}", answer.body["detail"].as_str().unwrap()),
    };
    assert_eq!(found, expected, "{line} {caller:?}");
}

const SEND: &str = "401 Send a valid bearer token in `Authorization`.";

#[tokio::test]
async fn every_caller_against_every_declaration() {
    let (customer, operator) = (Some("alice"), Some("operator bob"));
    let (scoped, unscoped) = (Some("service shop payments"), Some("service shop reports"));

    check("GET /v1/open", None, "200").await;
    check("GET /v1/open", customer, "200").await;
    check("GET /v1/owners", None, SEND).await;
    for caller in [customer, operator, scoped, unscoped] {
        check("GET /v1/owners", caller, "200").await;
    }
    let operators = "403 `operators` is for operators only.";
    check("POST /v1/operators", None, SEND).await;
    check("POST /v1/operators", operator, "200").await;
    for caller in [customer, scoped, unscoped] {
        check("POST /v1/operators", caller, operators).await;
    }
    let services = "403 `services` is for operators and services with the scope `payments` only.";
    check("POST /v1/services", None, SEND).await;
    check("POST /v1/services", operator, "200").await;
    check("POST /v1/services", scoped, "200").await;
    check("POST /v1/services", customer, services).await;
    check("POST /v1/services", unscoped, services).await;
}

#[tokio::test]
async fn a_bad_token_is_refused_but_where_everybody_may_come() {
    let liar = Some("liar");
    check("GET /v1/owners", liar, "401 The token is not valid; log in again.").await;
    // Where everybody may come nobody is asked who he is.
    check("GET /v1/open", liar, "200").await;
    check("GET /healthz", liar, "200").await;
    check(
        "GET /v1/nowhere",
        liar,
        "404 There is no path `/v1/nowhere`; /docs lists those that there are.",
    )
    .await;
}

#[tokio::test]
async fn the_check_comes_before_anything_is_read() {
    let headers = [("content-type", "text/plain")];
    let answer = Service::new().send_as_nobody("POST /v1/echo", &headers, b"nonsense").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn every_operation_is_behind_the_check() {
    for operation in all_routes().operations() {
        let path = operation.path.replace("{id}", "x").replace("{a}", "x").replace("{b}", "x");
        let line = format!("{} /v1{path}", operation.method.text());
        let answer = Service::new().send_as_nobody(&line, &[], b"").await;
        assert_eq!(answer.status == 401, operation.name != "open", "{line}");
    }
}
