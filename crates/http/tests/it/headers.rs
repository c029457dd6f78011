//! Headers that change an answer: ids, keys, tags, hosts. Not in here: `Prefer`, see `waits`.

use axum::http::HeaderValue;
use http_api::Hosts;
use kernel::{Id, PaymentId, Time, WalletId};

use crate::notes::Note;
use crate::service::Service;

const BODY: &str = r#"{"amount": "5"}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn the_request_id_is_the_callers_if_it_is_plain() {
    let of = async |id: &str| {
        let answer = Service::new().send("GET /v1/at", &[("x-request-id", id)], "").await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    for kept in ["a", "Order-7._x", &"x".repeat(128)] {
        assert_eq!(of(kept).await, kept);
    }
    for replaced in ["", "a b", "a/b", "é", &"x".repeat(129), "<script>"] {
        let id = of(replaced).await;
        assert!(uuid_like(&id), "{replaced:?} gave {id}");
    }
    let service = Service::new();
    let (one, two) = (service.get("/v1/at").await, service.get("/v1/at").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

fn uuid_like(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[tokio::test]
async fn the_trace_is_passed_on_if_it_is_one() {
    let of = async |trace: &str| {
        let headers = [JSON, ("traceparent", trace)];
        let answer = Service::new().send("POST /v1/echo", &headers, BODY).await;
        assert!(uuid_like(answer.body["correlation"].as_str().unwrap()));
        answer.body["traceparent"].clone()
    };
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(of(trace).await, trace);
    assert_eq!(of("00-nonsense").await, serde_json::Value::Null);
}

#[tokio::test]
async fn an_idempotency_key_is_short_and_visible() {
    let service = Service::new();
    let send = async |keys: &[&str], body: &str| {
        let mut headers = vec![JSON];
        headers.extend(keys.iter().map(|key| ("idempotency-key", *key)));
        service.send("POST /v1/echo", &headers, body).await
    };
    let key = async |key: &str| send(&[key], BODY).await.body["key"].clone();
    assert_eq!(send(&[], BODY).await.body["key"], serde_json::Value::Null);
    assert_eq!(key("a").await, key("a").await);
    assert_ne!(key("a").await, key("b").await);
    assert_eq!(key("a").await, send(&["a"], r#"{"amount": "6"}"#).await.body["key"]);
    assert_eq!(send(&[&"~".repeat(255)], BODY).await.status, 201);
    for wrong in ["", " ", "a b", "é", "a\tb", &"x".repeat(256)] {
        let answer = send(&[wrong], BODY).await;
        assert_eq!((answer.status, answer.fields()), (400, vec!["Idempotency-Key"]), "{wrong:?}");
    }
    assert_eq!(send(&["a", "a"], BODY).await.status, 400);
    // Another caller's key is another key.
    let headers = [("x-test-caller", "alice"), JSON, ("idempotency-key", "a")];
    let alices = service.send_as_nobody("POST /v1/echo", &headers, BODY.as_bytes()).await;
    assert_ne!(alices.body["key"], key("a").await);
    // Where nothing changes, a key is without meaning.
    assert_eq!(service.send("GET /v1/owners", &[("idempotency-key", "a b")], "").await.status, 200);
}

#[tokio::test]
async fn a_tag_that_is_known_saves_the_body() {
    let service = Service::new();
    let id = PaymentId::from_uuid(7);
    let note = Note {
        note_id: id,
        wallet_id: WalletId::from_uuid(1),
        shard: kernel::record::Shard::of(id),
        created_at: Time::from_micros(0),
        done: 0,
    };
    service.put(note.clone()).await;
    let line = format!("GET /v1/note/{id}");
    let first = service.send(&line, &[], "").await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    let other = "\"other\"";
    for (named, expected) in [
        (tag.as_str(), 304),
        (&format!("W/{tag}"), 304),
        (&format!("{other}, {tag}"), 304),
        ("*", 304),
        (other, 200),
        (tag.trim_matches('"'), 200),
    ] {
        let answer = service.send(&line, &[("if-none-match", named)], "").await;
        assert_eq!(answer.status, expected, "{named}");
        assert_eq!(answer.header("etag"), Some(&*tag));
        assert_eq!(answer.body == "", expected == 304);
    }
    service.put(Note { done: 1, ..note }).await;
    let changed = service.send(&line, &[("if-none-match", &tag)], "").await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn a_foreign_host_is_misdirected() {
    let service = Service::behind(Hosts::of_listener("127.0.0.1:8080".parse().unwrap()));
    let six = Service::behind(Hosts::of_listener("[::1]:8080".parse().unwrap()));
    let check = async |service: &Service, hosts: &[&str], expected: u16| {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let answer = service.send("GET /v1/at", &headers, "").await;
        assert_eq!(answer.status, expected, "{hosts:?}");
    };
    for right in ["localhost", "localhost:8080", "LocalHost", "127.0.0.1:8080", "127.0.0.1"] {
        check(&service, &[right], 200).await;
    }
    for wrong in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost:x",
        "evil.example:localhost",
        "127.0.0.2",
        "[::1]:8080",
        "",
        ":8080",
    ] {
        check(&service, &[wrong], 421).await;
    }
    check(&service, &[], 400).await;
    check(&service, &["localhost", "localhost"], 400).await;
    check(&six, &["[::1]:8080"], 200).await;
    check(&six, &["[::1]"], 200).await;
    check(&six, &["localhost:8080"], 200).await;
    check(&six, &["127.0.0.1:8080"], 421).await;
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let named = HeaderValue::from_static("https://app.example");
    let here = Hosts::of_listener("127.0.0.1:8080".parse().unwrap());
    for (hosts, host) in [(here, "localhost:8080"), (Hosts::AnyName([].into()), "bank.example")] {
        let service = Service::behind(hosts.and_pages_of(std::slice::from_ref(&named)));
        let check = async |method: &str, headers: &[(&str, &str)], expected: u16| {
            let mut all = vec![("host", host)];
            all.extend_from_slice(headers);
            let path = if method == "GET" { "owners" } else { "operators" };
            let answer = service.send(&format!("{method} /v1/{path}"), &all, "").await;
            assert_eq!(answer.status, expected, "{host}: {method} {headers:?}");
        };
        let own = format!("https://{host}");
        let evil = ("origin", "https://evil.example");
        check("POST", &[], 200).await;
        check("POST", &[("origin", &own)], 200).await;
        check("POST", &[("origin", &own), ("sec-fetch-site", "same-origin")], 200).await;
        // A proxy may call it by another name than the browser did.
        check(
            "POST",
            &[("origin", "https://outside.example"), ("sec-fetch-site", "same-origin")],
            200,
        )
        .await;
        check("POST", &[("sec-fetch-site", "none")], 200).await;
        check("POST", &[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")], 200)
            .await;
        check("POST", &[evil], 403).await;
        check("POST", &[("origin", "null")], 403).await;
        check("POST", &[("origin", &format!("{own}:1"))], 403).await;
        check("POST", &[("origin", &own), evil], 403).await;
        check("POST", &[("origin", "https://app.example"), evil], 403).await;
        check("POST", &[("sec-fetch-site", "cross-site")], 403).await;
        check("POST", &[("origin", &own), ("sec-fetch-site", "same-site")], 403).await;
        check("GET", &[evil, ("sec-fetch-site", "cross-site")], 200).await;
    }
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there() {
    let service = Service::new();
    let answer = service.send("DELETE /v1/echo", &[], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = service.send("POST /v1/at", &[], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")));
    assert_eq!(service.send("POST /healthz", &[], "").await.status, 405);
    for nowhere in ["/", "/v1", "/v1/", "/v1/echo/", "/v2/echo", "/v1//echo", "/echo"] {
        assert_eq!(service.get(nowhere).await.status, 404, "{nowhere}");
    }
    let answer = service.send("HEAD /v1/at", &[], "").await;
    assert_eq!((answer.status, answer.body == ""), (200, true));
    assert_eq!(answer.headers["content-type"], HeaderValue::from_static("application/json"));
}
