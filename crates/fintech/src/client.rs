//! A client of a running server, for the commands that ask one: plain HTTP/1.1 over one connection.
//! No TLS: it is for a server on this machine, or one behind a tunnel.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::end::Failure;

/// How long an answer may take: longer than a saga is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// A connection to a server.
pub(crate) struct Client {
    /// `http://host:port`.
    url: String,
    host: HeaderValue,
    connection: SendRequest<Full<Bytes>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its body; null where it is empty.
    pub(crate) body: Value,
}

impl Answer {
    /// A text in its body, by its place: `/wallet/balance`. Empty where there is none.
    pub(crate) fn text(&self, place: &str) -> &str {
        self.body.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }

    /// Why it is a failure, as the server says it.
    pub(crate) fn problem(&self) -> String {
        match self.text("/detail") {
            "" => format!("it answered {}", self.status),
            detail => format!("it answered {}: {detail}", self.status),
        }
    }
}

impl Client {
    /// Connects to the server at an address such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When that is no such address, or nobody answers there.
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let host = host_of(url).map_err(Failure::wrong_use)?;
        let gone = |error: &dyn std::fmt::Display| {
            Failure::cannot_run(format!("cannot reach {url}: {error}; is `fintech serve` running?"))
        };
        let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let stream = TcpStream::connect(&address).await.map_err(|error| gone(&error))?;
        let (connection, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| gone(&error))?;
        // It ends when the connection is dropped; what breaks it also breaks the request under way.
        tokio::spawn(driver);
        let url = url.trim_end_matches('/').to_owned();
        let host = HeaderValue::from_str(host).map_err(Failure::wrong_use)?;
        Ok(Self { url, host, connection })
    }

    /// Where it is connected to.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for what is at a path.
    ///
    /// # Errors
    /// When there is no answer, or one that is no success.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        let answer = self.send(Method::GET, path, None).await?;
        self.success(path, answer)
    }

    /// Sends a body to a path, and waits for the end of a saga.
    ///
    /// # Errors
    /// When there is no answer, or one that is no success.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let answer = self.send(Method::POST, path, Some(body)).await?;
        self.success(path, answer)
    }

    /// As [`post`](Self::post), whatever the answer is.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn try_post(&mut self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.send(Method::POST, path, Some(body)).await
    }

    fn success(&self, path: &str, answer: Answer) -> Result<Answer, Failure> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Failure::cannot_run(format!("{}{path}: {}", self.url, answer.problem())))
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let asking = async {
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, &self.host)
                .header("prefer", "wait=10");
            if body.is_some() {
                request = request.header(CONTENT_TYPE, "application/json");
            }
            let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
            let request = request.body(Full::from(bytes)).map_err(|error| error.to_string())?;
            self.connection.ready().await.map_err(|error| error.to_string())?;
            let sent = self.connection.send_request(request).await;
            let (head, body) = sent.map_err(|error| error.to_string())?.into_parts();
            let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            let body =
                if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
            let body = body.map_err(|error| format!("its answer is no JSON: {error}"))?;
            Ok(Answer { status: head.status, body })
        };
        let answered = tokio::time::timeout(ANSWER_WAIT, asking).await;
        let answered = answered.unwrap_or_else(|_| Err("it does not answer in time".to_owned()));
        answered.map_err(|why: String| Failure::cannot_run(format!("{}{path}: {why}", self.url)))
    }
}

/// The host and port of a server's address.
fn host_of(url: &str) -> Result<&str, String> {
    let wrong =
        || format!("{url:?} is no server's address; write one such as http://127.0.0.1:8080");
    if url.starts_with("https://") {
        return Err(format!(
            "{url:?} asks for https, which this program does not speak; name the server itself, such as \
             http://127.0.0.1:8080"
        ));
    }
    let host = url.strip_prefix("http://").ok_or_else(wrong)?;
    let host = host.strip_suffix('/').unwrap_or(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_plain) { Err(wrong()) } else { Ok(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<&str>) {
        assert_eq!(host_of(url).ok(), expected, "{url}");
    }

    #[test]
    fn every_way_an_address_is_written() {
        check("http://127.0.0.1:8080", Some("127.0.0.1:8080"));
        check("http://localhost:8080/", Some("localhost:8080"));
        check("http://[::1]:80", Some("[::1]:80"));
        check("https://localhost", None);
        check("localhost:8080", None);
        check("http://", None);
        check("http://a/b", None);
        check("http://me@a", None);
        assert!(host_of("https://a").unwrap_err().contains("does not speak"));
        assert!(host_of("ftp://a").unwrap_err().contains("no server's address"));
    }
}
