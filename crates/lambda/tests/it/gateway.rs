//! How the gateway's events become requests: paths, stages, queries, headers, bodies.

use lambda::Edge;
use serde_json::{Value, json};

use crate::functions::{Answer, Deployment, by_nobody, by_operator, request};
use crate::lost::applied;

/// The answer to an event that was changed so.
async fn changed(name: &str, event: Value, change: impl FnOnce(&mut Value)) -> Answer {
    let mut event = event;
    change(&mut event);
    Deployment::new().call(name, &event).await
}

fn opening() -> Value {
    request("POST", "/v1/wallet", Some(&json!({ "currency": "EUR" })))
}

fn list() -> Value {
    by_operator(request("GET", "/v1/audit", None))
}

#[tokio::test]
async fn a_body_comes_as_text_or_in_base64() {
    let plain = changed("create_wallet", opening(), |_| {}).await;
    assert_eq!((plain.status, &plain.body["currency"]), (201, &json!("EUR")), "{plain:?}");
    let encoded = changed("create_wallet", opening(), |event| {
        event["body"] = json!("eyJjdXJyZW5jeSI6ICJFVVIifQ==");
        event["isBase64Encoded"] = json!(true);
    });
    assert_eq!(encoded.await.body["currency"], "EUR");
}

/// A deployment behind an edge.
fn behind_an_edge(is_enforced: bool) -> Deployment {
    let mut deployment = Deployment::new();
    deployment.edge = Some(Edge { secret: "0f1e".to_owned(), is_enforced });
    deployment
}

/// What a request with that header is answered where there is an edge.
async fn check_edge(is_enforced: bool, sent: Option<&str>, expected: u64) {
    let deployment = behind_an_edge(is_enforced);
    let mut event = request("GET", "/v1/me", None);
    if let Some(sent) = sent {
        event["headers"]["x-origin-verify"] = json!(sent);
    }
    let answer = deployment.call("get_me", &event).await;
    assert_eq!(answer.status, expected, "{sent:?}");
    if expected == 421 {
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.body["type"], "https://fintech.example/problems/misdirected");
        assert!(answer.body["detail"].as_str().unwrap().contains("by its own name"));
    }
}

#[tokio::test]
async fn behind_an_edge_nobody_is_answered_who_comes_by_the_gateways_own_address() {
    for sent in [Some("0f1f"), Some("0f1"), Some(""), None] {
        check_edge(true, sent, 421).await;
        check_edge(false, sent, 200).await;
    }
    check_edge(true, Some("0f1e"), 200).await;
    check_edge(false, Some("0f1e"), 200).await;
}

/// From where an operator's act is booked to have come.
async fn check_from(deployment: Deployment, proof: &str, expected: &str) {
    let path = format!("/v1/loan/{}/reject", applied(&deployment).await);
    let mut act = by_operator(request("POST", &path, Some(&json!({}))));
    act["headers"]["x-origin-verify"] = json!(proof);
    let written = "192.0.2.66, 203.0.113.7, 198.51.100.9";
    act["headers"]["x-forwarded-for"] = json!(written);
    act["requestContext"]["http"]["sourceIp"] = json!("198.51.100.9");
    assert_eq!(deployment.call("reject_loan", &act).await.status, 200);
    let audit = deployment.call("list_audit", &list()).await.body;
    assert_eq!(audit["items"][0]["from_address"], expected, "{audit:#}");
}

#[tokio::test]
async fn the_audit_has_the_callers_address_from_the_edge_that_proved_itself() {
    check_from(behind_an_edge(false), "0f1e", "203.0.113.7").await;
    check_from(behind_an_edge(false), "guessed", "198.51.100.9").await;
    check_from(Deployment::new(), "0f1e", "198.51.100.9").await;
}

#[tokio::test]
async fn a_stage_leaves_no_mark() {
    let staged = |path: &'static str| {
        changed("create_wallet", opening(), move |event| {
            event["requestContext"]["stage"] = json!("live");
            event["rawPath"] = json!(path);
        })
    };
    assert_eq!(staged("/live/v1/wallet").await.status, 201);
    assert_eq!(staged("/v1/wallet").await.status, 201, "a domain name of one's own");
    assert_eq!(staged("/lively/v1/wallet").await.status, 404);
    assert_eq!(staged("/live").await.status, 404);
}

#[tokio::test]
async fn the_query_is_taken_as_it_was_sent() {
    let asked = |query: &'static str| {
        changed("list_audit", list(), move |event| event["rawQueryString"] = json!(query))
    };
    assert_eq!(asked("limit=5").await.status, 200);
    assert_eq!(asked("limit=5&limit=6").await.status, 400, "twice");
    let unknown = asked("a%20b=ä c").await;
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.body["errors"][0]["field"], "a b");
}

#[tokio::test]
async fn what_the_gateway_says_of_the_caller_is_not_believed() {
    let claims = json!({ "sub": "eve", "token_use": "access", "cognito:groups": "[operators]",
        "username": "eve" });
    let claim = |event: &mut Value| {
        event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims } });
    };
    let nobody = changed("list_audit", by_nobody(list()), claim).await;
    assert_eq!((nobody.status, &nobody.body["instance"]), (401, &json!("/v1/audit")));
    let customer = changed("list_audit", request("GET", "/v1/audit", None), claim).await;
    assert_eq!(customer.status, 403);
    let operator = changed("list_audit", list(), |event| {
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    });
    assert_eq!(operator.await.status, 200);
}

#[tokio::test]
async fn one_token_is_shown_and_no_more() {
    let shown = |change: fn(&str) -> Value| {
        changed("list_audit", list(), move |event| {
            let header = event["headers"]["authorization"].as_str().unwrap().to_owned();
            event["headers"]["authorization"] = change(&header);
        })
    };
    assert_eq!(shown(|header| json!(header)).await.status, 200);
    assert_eq!(shown(|header| json!(header.replace("Bearer", "bearer"))).await.status, 200);
    // The gateway joins headers that came twice.
    assert_eq!(shown(|header| json!(format!("{header},{header}"))).await.status, 401);
    // It takes a token by itself too, which the interface's description does not know.
    assert_eq!(shown(|header| json!(header.replace("Bearer ", ""))).await.status, 401);
    assert_eq!(shown(|_| json!("")).await.status, 401);
}

#[tokio::test]
async fn odd_paths_are_answered() {
    for path in ["/", "", "/v1/wallet/ä b", "/v1/wallet/a%2Fb", "/v1/wallet?x#y", "/v1//wallet"] {
        let answer = changed("get_wallet", request("GET", path, None), |_| {}).await;
        assert_eq!(answer.status, 404, "{path:?}: {answer:?}");
    }
}

#[tokio::test]
async fn the_callers_ids_come_back_and_go_on() {
    let answer = changed("create_wallet", opening(), |event| {
        event["headers"]["x-request-id"] = json!("mine-1");
    });
    assert_eq!(answer.await.headers["x-request-id"], "mine-1");
}

#[tokio::test]
async fn another_payload_fails_with_the_reason() {
    let deployment = Deployment::new();
    let mut older = opening();
    older["version"] = json!("1.0");
    for (payload, reason) in [(older, "\"1.0\""), (json!({ "Records": [] }), "missing field")] {
        let failure = deployment.invoke("create_wallet", &payload).await.unwrap_err();
        assert_eq!(failure.kind(), "MalformedPayload");
        assert!(failure.to_string().contains(reason), "{failure}");
    }
}
