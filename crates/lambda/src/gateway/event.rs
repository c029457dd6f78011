//! The gateway's event, read and turned into a request. Header names come in lower case, headers and
//! query values that were sent several times come joined by commas; so the query is taken from
//! `rawQueryString`. Not in here: who calls; what the gateway's authorizer says of that is not read.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::ClientAddress;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;

use crate::failure::Failure;

/// The payload's version that is read.
const VERSION: &str = "2.0";

/// The stage that leaves no mark in the path.
const DEFAULT_STAGE: &str = "$default";

/// What may not stand in a path as it is. The percent sign may: it was there before.
const IN_PATH: &AsciiSet = &IN_QUERY.add(b'?').add(b'`').add(b'{').add(b'}');

/// What may not stand in a query as it is.
const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'|');

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    version: String,
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct RequestContext {
    http: Http,
    stage: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

/// The request that an event stands for.
///
/// # Errors
/// When it is no such event.
pub(super) fn read(payload: &str) -> Result<Request<Body>, Failure> {
    let event: Event = serde_json::from_str(payload).map_err(|error| Failure::malformed(&error))?;
    if event.version != VERSION {
        let version = event.version;
        let why = format!("its version is {version:?}; the gateway must send {VERSION:?}");
        return Err(Failure::Malformed(why));
    }
    let uri = uri(&event)?;
    let method = Method::from_bytes(event.request_context.http.method.as_bytes());
    let method = method.map_err(|error| Failure::Malformed(error.to_string()))?;
    let body = match (event.body, event.is_base64_encoded) {
        (None, _) => Body::empty(),
        (Some(text), false) => Body::from(text),
        (Some(text), true) => {
            let bytes = STANDARD.decode(text);
            Body::from(bytes.map_err(|error| Failure::Malformed(error.to_string()))?)
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers(event.headers, &event.cookies)?;
    // The gateway writes who connected to it. Where it is no address, there is none.
    let address = event.request_context.http.source_ip.and_then(|text| text.parse().ok());
    if let Some(address) = address.map(ClientAddress::new) {
        request.extensions_mut().insert(address);
    }
    Ok(request)
}

fn uri(event: &Event) -> Result<Uri, Failure> {
    let stage = event.request_context.stage.as_str();
    let below = event.raw_path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    let path = match below {
        Some(below) if stage != DEFAULT_STAGE && below.starts_with('/') => below,
        Some("") if stage != DEFAULT_STAGE => "/",
        _ if event.raw_path.is_empty() => "/",
        _ => event.raw_path.as_str(),
    };
    let mut text = utf8_percent_encode(path, IN_PATH).to_string();
    if !event.raw_query_string.is_empty() {
        text.push('?');
        text.extend(utf8_percent_encode(&event.raw_query_string, IN_QUERY));
    }
    text.parse().map_err(|error| Failure::Malformed(format!("no path can be made of it: {error}")))
}

fn headers(sent: BTreeMap<String, String>, cookies: &[String]) -> Result<HeaderMap, Failure> {
    let malformed = |name: &str| Failure::Malformed(format!("the header {name:?} is none"));
    let mut headers = HeaderMap::with_capacity(sent.len().saturating_add(1));
    for (name, value) in sent {
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed(&name))?;
        let value = HeaderValue::try_from(value).map_err(|_| malformed(&name))?;
        headers.insert(known, value);
    }
    if !cookies.is_empty() {
        let value = HeaderValue::try_from(cookies.join("; "));
        headers.insert(COOKIE, value.map_err(|_| malformed("cookie"))?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(source_ip: &str, expected: Option<&str>) {
        let event = json!({ "version": "2.0", "rawPath": "/v1/me",
            "headers": { "x-forwarded-for": "192.0.2.66" },
            "requestContext": { "stage": "$default",
                "http": { "method": "GET", "sourceIp": source_ip } } });
        let request = read(&event.to_string()).unwrap();
        let address = request.extensions().get::<ClientAddress>().map(ToString::to_string);
        assert_eq!(address.as_deref(), expected, "{source_ip}");
    }

    #[test]
    fn a_request_came_from_where_the_gateway_says_and_not_the_caller() {
        check("203.0.113.7", Some("203.0.113.7"));
        check("2001:db8::7", Some("2001:db8::7"));
        check("::ffff:203.0.113.7", Some("203.0.113.7"));
        check("", None);
        check("test-invoke-source-ip", None);
    }
}
