//! The keys that tokens are checked with: how they are kept, and what routes do before there are any,
//! when they change, and when their provider is down.

use std::time::Duration;

use kernel::{Context, CorrelationId, Time};
use lambda::Handler;
use operations::keys::KeepKeys;
use operations::records::SigningKeys;
use serde_json::{Value, json};

use crate::functions::{Deployment, POOL, request, with_token};

/// The pool's keys, under other names where `name` is one.
fn keys(name: Option<&str>) -> Vec<u8> {
    let mut set: Value = serde_json::from_slice(&POOL.forge.jwks()).unwrap();
    if let Some(name) = name {
        set["keys"][0]["kid"] = json!(name);
    }
    set.to_string().into_bytes()
}

/// The record, if there is one.
fn kept(deployment: &Deployment) -> Option<SigningKeys> {
    let all = deployment.memory.records::<SigningKeys>();
    assert!(all.len() <= 1, "{all:?}");
    all.first().map(|kept| SigningKeys::clone(kept))
}

/// What `keep_signing_keys` says when the provider publishes that.
async fn keep(deployment: &Deployment, published: Option<Vec<u8>>) -> String {
    *deployment.keys.0.lock() = published;
    let schedule: Value = serde_json::from_str(include_str!("../events/schedule.json")).unwrap();
    match deployment.invoke("keep_signing_keys", &schedule).await {
        Ok(answer) => answer.to_string(),
        Err(failure) => format!("{}: {failure}", failure.kind()),
    }
}

#[tokio::test]
async fn keys_are_kept_when_they_change_and_stay_when_there_are_none() {
    let deployment = Deployment::without_keys();
    let down = keep(&deployment, None).await;
    assert!(down.starts_with("KeysUnavailable: https://sso.example: it is down"), "{down}");
    assert_eq!(kept(&deployment), None);

    assert_eq!(keep(&deployment, Some(keys(None))).await, r#"{"changed":true}"#);
    let first = kept(&deployment).unwrap();
    assert_eq!(first.issuer, "https://sso.example");
    assert_eq!(first.keys.as_bytes(), keys(None));
    assert_eq!(keep(&deployment, Some(keys(None))).await, r#"{"changed":false}"#);

    for bad in [b"".to_vec(), b"{}".to_vec(), b"<html>".to_vec(), br#"{"keys":[]}"#.to_vec()] {
        let told = keep(&deployment, Some(bad)).await;
        assert!(told.starts_with("KeysUnavailable"), "{told}");
    }
    assert!(keep(&deployment, None).await.starts_with("KeysUnavailable"));
    assert_eq!(kept(&deployment).unwrap(), first);

    assert_eq!(keep(&deployment, Some(keys(Some("new")))).await, r#"{"changed":true}"#);
    assert!(kept(&deployment).unwrap().changed_at > first.changed_at);
}

/// The status of a request to a function that goes on running.
async fn ask(handler: &Handler, token: &str) -> u64 {
    let event = with_token(token, request("GET", "/v1/me", None)).to_string();
    let answer = handler.handle(&event, Time::MAX).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    if answer["statusCode"] == 503 {
        let wait: u64 = answer["headers"]["retry-after"].as_str().unwrap().parse().unwrap();
        assert!((1..=5).contains(&wait), "{answer}");
    }
    answer["statusCode"].as_u64().unwrap()
}

const SECONDS: Duration = Duration::from_secs(10);
const MINUTES: Duration = Duration::from_secs(5 * 60);

/// The token of a person, signed with the key of that name.
fn token(key: &str) -> String {
    let now = Time::micros(kernel::Clock::now(&kernel::time::System)) / 1_000_000;
    let claims = json!({ "iss": "https://sso.example", "sub": "ada", "username": "ada",
        "client_id": "bank", "token_use": "access", "iat": now - 60, "exp": now + 3600 });
    POOL.forge.signed(&json!({ "alg": "RS256", "kid": key }), &claims)
}

#[tokio::test]
async fn nobody_is_let_in_before_there_are_keys() {
    let deployment = Deployment::without_keys();
    let handler = deployment.handler("get_me");
    assert_eq!(ask(&handler, &token("rsa-1")).await, 503);
    keep(&deployment, Some(keys(None))).await;
    assert_eq!(ask(&handler, &token("rsa-1")).await, 503, "they are not read for each request");
    deployment.pass(SECONDS);
    assert_eq!(ask(&handler, &token("rsa-1")).await, 200);
}

#[tokio::test]
async fn keys_that_change_are_read_soon_and_old_ones_are_forgotten() {
    let deployment = Deployment::new();
    let handler = deployment.handler("get_me");
    assert_eq!(ask(&handler, &token("rsa-1")).await, 200);
    keep(&deployment, Some(keys(Some("rsa-2")))).await;
    assert_eq!(ask(&handler, &token("rsa-2")).await, 401);
    deployment.pass(SECONDS);
    assert_eq!(ask(&handler, &token("rsa-2")).await, 200);
    assert_eq!(ask(&handler, &token("rsa-1")).await, 401, "it was good, and its key is gone");

    keep(&deployment, Some(keys(None))).await;
    deployment.pass(SECONDS);
    // Somebody asked with a key that was not there, so that they are read again.
    assert_eq!(ask(&handler, &token("rsa-2")).await, 401);
}

#[tokio::test]
async fn the_first_token_of_a_new_key_is_good_at_once() {
    let deployment = Deployment::new();
    let handler = deployment.handler("get_me");
    assert_eq!(ask(&handler, &token("rsa-1")).await, 200);
    deployment.pass(SECONDS);
    keep(&deployment, Some(keys(Some("rsa-2")))).await;
    assert_eq!(ask(&handler, &token("rsa-2")).await, 200);

    // However many tokens name what is not there, keys are not read again within seconds.
    deployment.pass(SECONDS);
    assert_eq!(ask(&handler, &token("none")).await, 401);
    keep(&deployment, Some(keys(Some("rsa-3")))).await;
    assert_eq!(ask(&handler, &token("none")).await, 401);
    assert_eq!(ask(&handler, &token("rsa-3")).await, 401);
    deployment.pass(SECONDS);
    assert_eq!(ask(&handler, &token("rsa-3")).await, 200);
}

#[tokio::test]
async fn nobody_is_told_that_his_token_is_bad_while_keys_cannot_be_read() {
    let deployment = Deployment::new();
    let handler = deployment.handler("get_me");
    assert_eq!(ask(&handler, &token("rsa-1")).await, 200);
    deployment.pass(SECONDS);
    keep(&deployment, Some(keys(Some("rsa-2")))).await;
    deployment.memory.go_down();
    assert_eq!(ask(&handler, &token("rsa-1")).await, 200, "its key is known");
    assert_eq!(ask(&handler, &token("rsa-2")).await, 503, "its key may be a new one");
    deployment.memory.come_back();
    assert_eq!(ask(&handler, &token("rsa-2")).await, 200, "without waiting for ten seconds");
}

#[tokio::test]
async fn a_key_that_is_taken_back_is_believed_for_minutes() {
    let deployment = Deployment::new();
    let handler = deployment.handler("get_me");
    let token = token("rsa-1");
    assert_eq!(ask(&handler, &token).await, 200);
    keep(&deployment, Some(keys(Some("rsa-2")))).await;
    deployment.pass(SECONDS);
    assert_eq!(ask(&handler, &token).await, 200);
    deployment.pass(MINUTES);
    assert_eq!(ask(&handler, &token).await, 401);
}

#[tokio::test]
async fn keys_of_another_issuer_and_such_as_cannot_be_used_are_not() {
    let good = String::from_utf8(keys(None)).unwrap();
    for (issuer, keys) in [("https://sso.example.evil", &*good), ("https://sso.example", "{}")] {
        let deployment = Deployment::without_keys();
        let keys = KeepKeys { issuer: issuer.to_owned(), keys: keys.to_owned() };
        deployment.memory.run(&keys, Context::request(CorrelationId(1), None)).unwrap();
        assert_eq!(ask(&deployment.handler("get_me"), &token("rsa-1")).await, 503, "{keys:?}");
    }
}
