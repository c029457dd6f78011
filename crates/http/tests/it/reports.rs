//! What is logged and counted of requests, and what is not. Not in here: where it goes.

use std::io::Write;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use parking_lot::Mutex;
use tracing::Level;

use crate::service::Service;

/// Lines that are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged at a level while a request is answered, whose id is `Order-7`.
async fn logged(level: Level, line: &str, body: &str) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With one subscriber alone, a place in the code that another test's thread comes to first would
    // be silent for good: it asks that thread's subscriber, and there is none.
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer secret-token"),
        ("idempotency-key", "secret-key"),
        ("x-request-id", "Order-7"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    Service::new().send(line, &headers, body).await;
    drop((guard, second));
    let bytes = lines.0.lock().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_line_has_ids_and_no_secrets() {
    let body = r#"{"amount": "31415.92", "reference": "secret-words"}"#;
    let lines = logged(Level::TRACE, "POST /v1/echo?", body).await;
    for there in ["Order-7", "correlation_id=", "4bf92f3577b34da6a3ce929d0e0e4736", "echo", "201"] {
        assert!(lines.contains(there), "{there} is not in {lines}");
    }
    for secret in ["secret", "31415", "Bearer"] {
        assert!(!lines.contains(secret), "{secret} is in {lines}");
    }
    let lines = logged(Level::TRACE, "POST /v1/echo", r#"{"amount": "31415.926"}"#).await;
    assert!(!lines.contains("31415"), "{lines}");
}

#[tokio::test]
async fn only_what_a_person_must_see_is_an_error() {
    let body = r#"{"amount": "5"}"#;
    assert_eq!(logged(Level::INFO, "POST /v1/echo", body).await, "");
    assert_eq!(logged(Level::INFO, "POST /v1/echo", "nonsense").await, "");
    assert_eq!(logged(Level::INFO, "GET /v1/nowhere", "").await, "");
    let lines = logged(Level::INFO, "GET /v1/breaks", "").await;
    for there in ["ERROR", "Order-7", "the secret of the house", "internal"] {
        assert!(lines.contains(there), "{there} is not in {lines}");
    }
}

#[test]
fn requests_are_counted_by_operation_and_status() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let service = Service::new();
            for path in ["/v1/at", "/v1/at?months=x", "/v1/at", "/v1/nowhere/wal_1", "/healthz"] {
                service.get(path).await;
            }
            service.send("HEAD /v1/at", &[], "").await;
            service.send("DELETE /v1/at", &[], "").await;
        });
    });
    let counted = recorder.handle().render();
    for there in [
        r#"http_requests_total{operation="at",status="200"} 3"#,
        r#"http_requests_total{operation="at",status="400"} 1"#,
        r#"http_requests_total{operation="none",status="404"} 1"#,
        r#"http_requests_total{operation="none",status="405"} 1"#,
        r#"http_requests_total{operation="none",status="200"} 1"#,
        r#"http_request_duration_seconds_count{operation="at"} 4"#,
    ] {
        assert!(counted.contains(there), "{there} is not in {counted}");
    }
    assert!(!counted.contains("wal_1"), "{counted}");
}
