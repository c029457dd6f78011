//! Who is let in how often, as the installed gate says. Not in here: any number.

use axum::body::Body;
use axum::http::Request;
use http_api::ClientAddress;
use tower::ServiceExt;

use crate::service::Service;

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let service = Service::new();
    let refused = service.send_as_nobody("GET /v1/at", &[("x-test-caller", "eager")], b"").await;
    assert_eq!((refused.status, refused.slug()), (429, "too-many-requests"));
    assert_eq!(refused.header("retry-after"), Some("2"), "a part of a second is waited for too");
    let other = service.send_as_nobody("GET /v1/at", &[("x-test-caller", "alice")], b"").await;
    assert_eq!(other.status, 200);
}

/// Also what needs no caller, and before anything of the request is looked at.
#[tokio::test]
async fn an_address_that_asks_too_often_gets_nothing() {
    let status = async |from: Option<&str>, path: &str| {
        let mut request = Request::get(path).header("x-test-caller", "liar");
        if let Some(from) = from {
            request = request.extension(ClientAddress::new(from.parse().unwrap()));
        }
        let request = request.body(Body::empty()).unwrap();
        Service::new().router.oneshot(request).await.unwrap().status().as_u16()
    };
    for path in ["/healthz", "/v1/openapi.json", "/v1/at", "/v1/nowhere"] {
        assert_eq!(status(Some("192.0.2.66"), path).await, 429, "{path}");
    }
    assert_eq!(status(Some("192.0.2.67"), "/healthz").await, 200);
    assert_eq!(status(Some("192.0.2.67"), "/v1/at").await, 401);
    assert_eq!(status(None, "/v1/at").await, 401);
}
