//! An answer in the gateway's form: headers of one name joined, cookies apart, a body that is text as
//! it is and any other in base64. Not in here: what is answered.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, SET_COOKIE};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::failure::Failure;

/// More than Lambda hands back, so that it is Lambda that says so.
const BODY_MAX: usize = 8 * 1024 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

/// The answer as JSON.
///
/// # Errors
/// When the body does not come to its end or is longer than any answer may be.
pub(super) async fn write(response: Response) -> Result<String, Failure> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, BODY_MAX).await;
    let bytes = bytes.map_err(|error| Failure::Malformed(format!("the answer's body: {error}")))?;
    let (body, is_base64_encoded) = match std::str::from_utf8(&bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&bytes), true),
    };
    let (headers, cookies) = headers(&parts.headers);
    let status_code = parts.status.as_u16();
    let answer = Answer { status_code, headers, cookies, body, is_base64_encoded };
    serde_json::to_string(&answer).map_err(|error| Failure::malformed(&error))
}

fn headers(all: &HeaderMap) -> (BTreeMap<&str, String>, Vec<String>) {
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in all {
        let value = String::from_utf8_lossy(value.as_bytes());
        // The gateway counts the body itself.
        if name == CONTENT_LENGTH {
            continue;
        }
        if name == SET_COOKIE {
            cookies.push(value.into_owned());
            continue;
        }
        match joined.get_mut(name.as_str()) {
            Some(former) => {
                former.push_str(", ");
                former.push_str(&value);
            }
            None => drop(joined.insert(name.as_str(), value.into_owned())),
        }
    }
    (joined, cookies)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn headers_are_joined_and_bytes_are_base64() {
        let response = Response::builder()
            .status(206)
            .header("vary", "accept")
            .header("vary", "origin")
            .header("content-length", "3")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2, c")
            .body(Body::from(vec![0xff, 0x00, 0xfe]))
            .unwrap();
        let answer: Value = serde_json::from_str(&write(response).await.unwrap()).unwrap();
        let expected = json!({
            "statusCode": 206,
            "headers": { "vary": "accept, origin" },
            "cookies": ["a=1", "b=2, c"],
            "body": "/wD+",
            "isBase64Encoded": true,
        });
        assert_eq!(answer, expected);
    }

    #[tokio::test]
    async fn text_stays_text() {
        let response = Response::new(Body::from("{\"a\":\"ä\"}"));
        let answer: Value = serde_json::from_str(&write(response).await.unwrap()).unwrap();
        let body = "{\"a\":\"ä\"}";
        let expected =
            json!({ "statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": false });
        assert_eq!(answer, expected);
    }
}
