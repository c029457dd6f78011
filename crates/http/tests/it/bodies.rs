//! Every way in which a body can be malformed, and what counts as the same body.
//! Not in here: headers and query strings.

use kernel::{Id, PaymentId};
use proptest::prelude::*;

use crate::service::{Answer, Service};

/// `expected` is the status and the field that is named.
async fn check(body: &str, expected: &str) -> Answer {
    let answer = Service::new().post("/v1/echo", body).await;
    let found = match answer.status {
        201 => format!(
            "201 {} {}",
            answer.body["amount"].as_str().unwrap(),
            answer.body["currency"].as_str().unwrap()
        ),
        status => format!("{status} {}", answer.fields().join(" ")),
    };
    assert_eq!(found, expected, "{body} gave {}", answer.body);
    answer
}

#[tokio::test]
async fn amounts_are_taken_by_their_literal_text() {
    check(r#"{"amount": "25.50"}"#, "201 25.50 USD").await;
    check(r#"{"amount": 25.5}"#, "201 25.50 USD").await;
    check(r#"{"amount": 90071992547409.91}"#, "201 90071992547409.91 USD").await;
    check(r#"{"amount": "7", "currency": "JPY"}"#, "201 7 JPY").await;
    check(r#"{"amount": "\u0032\u0035"}"#, "201 25.00 USD").await;
    for amount in [
        "1000000000000000000000000000000",
        r#""1e3""#,
        "1e3",
        r#"" 5""#,
        r#""5.001""#,
        "5.001",
        r#""-0""#,
        "-0",
        "-5",
        r#""0""#,
        "0",
        r#""NaN""#,
        "true",
        "null",
        "[]",
        "{}",
        r#"["5"]"#,
        r#""""#,
        r#""5\u0000""#,
        r#""٥""#,
        r#""90071992547409.92""#,
    ] {
        check(&format!(r#"{{"amount": {amount}}}"#), "400 amount").await;
    }
    check(r#"{"amount": NaN}"#, "400 body").await;
    check(r#"{"amount": "5.5", "currency": "JPY"}"#, "400 amount").await;
    check(r#"{"amount": "5", "currency": "XXX"}"#, "400 currency").await;
    check(r#"{"amount": "5", "currency": "usd"}"#, "400 currency").await;
    check(r#"{"amount": "5", "currency": 840}"#, "400 currency").await;
    check(r#"{"amount": "5", "currency": null}"#, "400 currency").await;
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    for body in [
        "{",
        "}",
        "nonsense",
        "{\"amount\": \"5\"} x",
        "{\"amount\": \"5\"}{}",
        "{'amount': 5}",
        "{\"amount\": \"5\",}",
        "[]",
        "null",
        "5",
        "\"text\"",
        "[{\"amount\": \"5\"}]",
        "\u{feff}{}",
        "{\"amount\": \"\\ud800\"}",
        "{\"amount\": 05}",
        "\"",
        "{\"a\"}",
        "{\"amount\": \"5\n\"}",
    ] {
        let answer = Service::new().post("/v1/echo", body).await;
        assert_eq!((answer.status, answer.fields()), (400, vec!["body"]), "{body}");
    }
    let service = Service::new();
    let headers = [("x-test-caller", "alice"), ("content-type", "application/json")];
    let answer = service.send_as_nobody("POST /v1/echo", &headers, b"{\"amount\": \"\xff\"}").await;
    assert_eq!((answer.status, answer.fields()), (400, vec!["body"]));
}

#[tokio::test]
async fn mistakes_are_named_by_their_field() {
    check("{}", "400 amount").await;
    check("", "400 amount").await;
    check(r#"{"amount": "5", "colour": 1}"#, "400 colour").await;
    check(r#"{"amount": "5", "amount": "5"}"#, "400 amount").await;
    check(r#"{"amount": "5", "\u0061mount": "5"}"#, "400 amount").await;
    check(
        r#"{"amount": "5", "parts": [{"share": 1}, {"share": 1, "share": 2}]}"#,
        "400 parts[1].share",
    )
    .await;
    check(r#"{"amount": "5", "parts": [{"share": 1}, {}]}"#, "400 parts[1].share").await;
    check(r#"{"amount": "5", "parts": [{"share": true}]}"#, "400 parts[0].share").await;
    check(r#"{"amount": "5", "parts": [{"share": 1, "x": 2}]}"#, "400 parts[0].x").await;
    check(r#"{"amount": "5", "parts": [null]}"#, "400 parts[0]").await;
    check(r#"{"amount": "5", "parts": {}}"#, "400 parts").await;
    check(r#"{"amount": "5", "months": "12"}"#, "400 months").await;
    check(r#"{"amount": "5", "months": -1}"#, "400 months").await;
    check(r#"{"amount": "5", "months": 1.5}"#, "400 months").await;
    check(r#"{"amount": "5", "months": 99999999999}"#, "400 months").await;
    check(r#"{"amount": "5", "mode": "magic"}"#, "400 mode").await;
    check(r#"{"amount": "5", "mode": 1}"#, "400 mode").await;
    check(
        r#"{"amount": "5", "wallet_id": "pay_018f3f3e-0000-7000-8000-000000000001"}"#,
        "400 wallet_id",
    )
    .await;
    check(r#"{"amount": "5", "wallet_id": 5}"#, "400 wallet_id").await;
    check(r#"{"amount": "5", "reference": "a\u202eb"}"#, "400 reference").await;
    check(r#"{"amount": "5", "reference": "a\u0000"}"#, "400 reference").await;
    let long = "x".repeat(65);
    check(&format!(r#"{{"amount": "5", "reference": "{long}"}}"#), "400 reference").await;
    check(r#"{"amount": "5", "reference": "ايجار"}"#, "201 5.00 USD").await;
}

#[tokio::test]
async fn messages_say_what_to_do_and_nothing_of_the_inside() {
    let check = async |body: &str, expected: &str| {
        let answer = Service::new().post("/v1/echo", body).await;
        assert_eq!(answer.body["detail"], expected, "{body}");
    };
    check("{}", "`amount` is missing.").await;
    check(r#"{"amount": "5", "x": 1}"#, "`x` is unknown; leave it out.").await;
    check(r#"{"amount": "5", "amount": "5"}"#, "`amount` is there twice; give it once.").await;
    check(
        r#"{"amount": null}"#,
        "`amount` must not be null; give it a value, or leave it out where it is not required.",
    )
    .await;
    check(r#"{"amount": "5", "months": "1"}"#, "`months` must be a whole number.").await;
    check(r#"{"amount": "5", "mode": "x"}"#, "`mode` must be `automatic` or `manual`.").await;
    check(r#"{"amount": "5", "parts": ["x"]}"#, "`parts[0]` must be an object.").await;
    check("", "`amount` is missing.").await;
    check("{", "`body` is not JSON: EOF while parsing an object at line 1 column 1.").await;
}

#[tokio::test]
async fn nesting_has_a_bound() {
    let nested = |depth: usize| {
        format!(r#"{{"amount": "5", "x": {}1{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    check(&nested(14), "400 x").await;
    for depth in [15, 30_000] {
        let answer = Service::new().post("/v1/echo", &nested(depth)).await;
        let message = answer.body["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "is nested too deeply; at most 16 levels");
    }
}

#[tokio::test]
async fn long_names_come_back_short() {
    let key = "k".repeat(10_000);
    let answer = Service::new()
        .post("/v1/echo", &format!(r#"{{"amount": "5", "{key}": 1, "{key}": 2}}"#))
        .await;
    assert_eq!(answer.fields(), ["k".repeat(200)]);
    let answer =
        Service::new().post("/v1/echo", &format!(r#"{{"amount": "5", "{key}": 1}}"#)).await;
    assert_eq!(answer.fields(), ["k".repeat(200)]);
}

#[tokio::test]
async fn an_optional_amount_is_left_out_and_not_null() {
    let id = PaymentId::from_uuid(7);
    let path = format!("/v1/capture/{id}");
    let service = Service::new();
    assert_eq!(service.post(&path, "{}").await.body["amount"], serde_json::Value::Null);
    assert_eq!(service.post(&path, r#"{"amount": 5}"#).await.body["amount"], "5.00");
    let answer = service.post(&path, r#"{"amount": null}"#).await;
    assert_eq!((answer.status, answer.fields()), (400, vec!["amount"]));
    // Without a body and its media type it is as with an empty object.
    let absent = service.send(&format!("POST {path}"), &[], "").await;
    assert_eq!(absent.status, 200);
    assert_eq!(absent.body["hash"], service.post(&path, " {} ").await.body["hash"]);
}

#[tokio::test]
async fn the_hash_is_of_what_the_body_means() {
    let service = Service::new();
    let hash = async |body: &str| {
        let answer = service.post("/v1/echo", body).await;
        assert_eq!(answer.status, 201, "{body}");
        answer.body["hash"].as_str().unwrap().to_owned()
    };
    let one = hash(r#"{"amount":"5.00","reference":"é"}"#).await;
    for same in [
        r#"{ "reference" : "é", "amount" : "5.00" }"#,
        r#"{"amount":"\u0035.00","reference":"\u00e9"}"#,
        r#"{"\u0061mount":"5.00","reference":"é"}"#,
    ] {
        assert_eq!(hash(same).await, one, "{same}");
    }
    for other in [
        r#"{"amount":"5.0","reference":"é"}"#,
        r#"{"amount":5.00,"reference":"é"}"#,
        r#"{"amount":"5.00","reference":"e"}"#,
        r#"{"amount":"5.00"}"#,
        r#"{"amount":"5.00","reference":"é","parts":[]}"#,
    ] {
        assert_ne!(hash(other).await, one, "{other}");
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let check = async |headers: &[(&str, &str)], body: &str, expected: u16| {
        let answer = Service::new().send("POST /v1/echo", headers, body).await;
        assert_eq!(answer.status, expected, "{headers:?} {}", answer.body);
    };
    let body = r#"{"amount": "5"}"#;
    for right in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
    ] {
        check(&[("content-type", right)], body, 201).await;
    }
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "application/jsonx",
        "application/problem+json",
        "",
        "json",
    ] {
        check(&[("content-type", wrong)], body, 415).await;
    }
    check(&[], body, 415).await;
    check(&[("content-type", "application/json"), ("content-type", "text/plain")], body, 415).await;
    check(&[("content-type", "application/json"), ("content-encoding", "gzip")], body, 415).await;
    check(&[("content-type", "text/plain")], "", 415).await;
}

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let of = |length: usize| {
        let body = r#"{"amount": "5"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    assert_eq!(Service::new().post("/v1/echo", &of(65_536)).await.status, 201);
    for length in [65_537, 1_000_000] {
        let answer = Service::new().post("/v1/echo", &of(length)).await;
        assert_eq!((answer.status, answer.slug()), (413, "body-too-large"));
    }
    // What is announced is refused before it is read.
    let headers = [("content-type", "application/json"), ("content-length", "1000000")];
    assert_eq!(Service::new().send("POST /v1/echo", &headers, "{").await.status, 413);
}

/// Bodies that are nearly right: pieces of JSON in any order.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"amount\"",
        "\"5\"",
        "5",
        "1e9",
        "-",
        "null",
        "true",
        "\"",
        "\\",
        "\\u0000",
        "\"parts\"",
        "\"share\"",
        " ",
        "\"currency\"",
        "\"USD\"",
        "\u{202e}",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_body_breaks_anything(body in prop_oneof![
        nearly_json().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..200),
        ".{0,100}".prop_map(String::into_bytes),
        ".{0,60}".prop_map(|text| serde_json::json!({ "amount": text }).to_string().into_bytes()),
    ]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let headers = [("x-test-caller", "alice"), ("content-type", "application/json")];
        let service = Service::new();
        // Whether the answer is in order is asserted where it is received.
        let answer = runtime.block_on(service.send_as_nobody("POST /v1/echo", &headers, &body));
        prop_assert!([201, 400].contains(&answer.status), "{}", answer.status);
    }
}
