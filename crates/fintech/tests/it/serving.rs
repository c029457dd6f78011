//! `fintech serve` as those see it who run it: the ready line, logs, health, metrics, who is let in.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::program::Server;

#[test]
fn one_line_on_standard_output_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    // Everybody is let in, which is the first thing that is said.
    assert!(server.log_line().contains("there is no sign-in"));
    server.log_until("ready");
    assert_eq!(server.get("/healthz").expect(200).json(), json!({ "status": "alive" }));
    assert_eq!(server.get("/readyz").expect(200).json(), json!({ "status": "ready" }));
    let signpost = server.get("/").expect(200);
    assert_eq!(
        (signpost.text("/docs"), signpost.text("/openapi")),
        ("/docs".into(), "/v1/openapi.json".into())
    );
    let browser = server.send("GET", "/", &["accept: text/html,*/*;q=0.8"], "").expect(303);
    assert!(browser.head.contains("location: /docs"), "{browser:?}");
    assert!(server.get("/docs").expect(200).body.contains("<html"));
    assert_eq!(server.get("/v1/openapi.json").expect(200).text("/openapi"), "3.1.0");
    server.get("/.well-known/anything").expect(404);
    let log = server.stop();
    assert!(log.trim_end().ends_with("stopped"), "{log}");
}

/// As the page of problems says: these alone have no problem document.
#[test]
fn what_is_refused_before_it_is_read_has_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    for (request, status) in [
        ("no request\r\n\r\n".to_owned(), "400"),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431"),
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(!head.to_lowercase().contains("x-request-id"), "{reply}");
        assert_eq!(body, "");
    }
}

#[test]
fn metrics_count_requests_by_operation() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    server.post("/v1/wallet", &json!({})).expect(201);
    server.post("/v1/wallet", &json!({ "currency": "XXX" })).expect(400);
    let metrics = server.get("/metrics").expect(200).body;
    for line in [
        r#"http_requests_total{operation="create_wallet",status="201"} 1"#,
        r#"http_requests_total{operation="create_wallet",status="400"} 1"#,
        r#"http_request_duration_seconds_count{operation="create_wallet"} 2"#,
        "store_decisions_waiting 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[test]
fn logs_in_json_have_the_ids_of_request_correlation_and_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut server =
        Server::start_with(folder.path(), &["--log-format", "json", "--log-level", "debug"]);
    let warned: Value = serde_json::from_str(&server.log_line()).unwrap();
    assert_eq!((&warned["level"], &warned["insecure_no_auth"]), (&json!("WARN"), &json!(true)));
    let ready: Value = serde_json::from_str(&server.log_line()).unwrap();
    assert_eq!((&ready["level"], &ready["message"]), (&json!("INFO"), &json!("ready")));
    assert_eq!(ready["insecure_no_auth"], true);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [
        "content-type: application/json",
        "x-request-id: my-request",
        &format!("traceparent: {trace}"),
    ];
    server.send("POST", "/v1/wallet", &headers, "{}").expect(201);
    let log = server.stop();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(answered["request_id"], "my-request");
    assert_eq!(answered["operation"], "create_wallet");
    assert_eq!(answered["traceparent"], trace);
    assert_eq!(answered["from"], "127.0.0.1");
    assert_eq!(answered["correlation_id"].as_str().map(str::len), Some(36));
}

#[test]
fn on_loopback_a_foreign_host_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let port = server.address().rsplit_once(':').unwrap().1;
    server.send("GET", "/v1/wallet", &[&format!("host: localhost:{port}")], "").expect(200);
    for host in ["evil.example", "127.0.0.2", "localhost.evil.example"] {
        let reply = server.send("GET", "/v1/wallet", &[&format!("host: {host}")], "").expect(421);
        assert_eq!(reply.json()["status"], 421);
    }
}

#[test]
fn where_everybody_is_let_in_every_line_of_the_start_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    for _ in 0..2 {
        let line = server.log_line();
        assert!(line.contains("insecure_no_auth=true"), "{line}");
    }
    server.stop();
}

#[test]
fn self_funding_can_be_turned_off_for_customers_and_operators_still_credit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--self-funding", "false"]);
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    let path = format!("/v1/wallet/{wallet_id}/credit");
    server.post(&path, &json!({ "amount": "1.00" })).expect(200);
}

#[test]
fn cursors_are_taken_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    for _ in 0..3 {
        server.post("/v1/wallet", &json!({})).expect(201);
    }
    let first = server.get("/v1/wallet?limit=2").expect(200);
    server.stop();
    let server = Server::start(folder.path());
    let next = format!("/v1/wallet?limit=2&cursor={}", first.text("/next_cursor"));
    let items = server.get(&next).expect(200).json()["items"].as_array().map(Vec::len);
    assert_eq!(items, Some(1));
}

/// What is for trying it out is only where nobody else comes.
#[test]
fn behind_a_proxy_customers_neither_credit_themselves_nor_sign_up_unasked() {
    let seen = |more: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::with_accounts(folder.path(), more);
        let body = json!({ "email": "ada@example.org", "password": "correct horse battery" });
        let signed_up = server.post("/v1/auth/signup", &body).status;
        (server.log_until("ready").contains("self_funding=true"), signed_up)
    };
    assert_eq!(seen(&[]), (true, 201));
    assert_eq!(seen(&["--behind-proxy", "127.0.0.1"]), (false, 403));
}
