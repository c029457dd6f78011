//! An answer in the gateway's form: headers of one name joined, cookies apart, a body that is text as
//! it is and any other in base64. Not in here: what is answered.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::http::header::{CONTENT_LENGTH, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::{Problem, ProblemKind};
use serde::Serialize;

use crate::failure::Failure;

/// What Lambda hands back at most, in bytes of JSON, in which a body has grown by what must be escaped.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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

/// The answer as JSON; where that is more than Lambda hands back, a problem that says what to do.
///
/// # Errors
/// When the body does not come to its end.
pub(super) async fn write(response: Response) -> Result<String, Failure> {
    let request_id = response.headers().get(REQUEST_ID).cloned();
    let answer = as_json(response).await?;
    if answer.len() <= ANSWER_BYTES_MAX {
        return Ok(answer);
    }
    tracing::warn!(bytes = answer.len(), "an answer is more than Lambda hands back");
    let detail = "The answer is more than 6 MB, which is the most that can be handed over here: ask for a \
                  shorter period with `from` and `to`, or for fewer items with `limit`.";
    let mut problem = Problem::new(ProblemKind::AnswerTooLarge, detail).into_response();
    problem.headers_mut().extend(request_id.map(|id| (REQUEST_ID, id)));
    as_json(problem).await
}

async fn as_json(response: Response) -> Result<String, Failure> {
    let (parts, body) = response.into_parts();
    // It was made in memory.
    let bytes = to_bytes(body, usize::MAX).await;
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

    /// The status and the kind of problem, if any, of an answer whose body is so often this text.
    async fn check(text: &str, times: usize, expected: (u16, Option<&str>)) {
        let builder = Response::builder().header("x-request-id", "r-1");
        let response = builder.body(Body::from(text.repeat(times))).unwrap();
        let written = write(response).await.unwrap();
        assert!(written.len() <= ANSWER_BYTES_MAX, "{}", written.len());
        let answer: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(answer["headers"]["x-request-id"], "r-1");
        let problem: Value =
            serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default();
        let kind = problem["type"].as_str().and_then(|kind| kind.rsplit('/').next());
        assert_eq!((answer["statusCode"].as_u64().unwrap(), kind), (expected.0.into(), expected.1));
    }

    #[tokio::test]
    async fn what_lambda_does_not_hand_back_is_a_problem_that_says_what_to_do() {
        let too_large = (422, Some("answer-too-large"));
        check("x", 6_000_000, (200, None)).await;
        check("x", 6_300_000, too_large).await;
        // Each is two bytes when it is escaped.
        check("\"", 3_000_000, (200, None)).await;
        check("\"", 3_200_000, too_large).await;
        check("x", 20_000_000, too_large).await;
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
