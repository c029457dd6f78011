//! A client of a running server, for the commands that ask one: HTTP/1.1 over one connection, with TLS
//! where its address says so, and with a token where one is given. Not in here: what is asked; what a
//! server's no means to whoever ran a command, see `refusal`, and that it is not reached, `unreached`.

mod access;
mod address;
mod refusal;
mod unreached;

use std::time::Duration;

use bytes::Bytes;
use http_api::ProblemKind;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(crate) use self::access::{AccessOptions, TrustOptions};
use self::address::Address;
use self::refusal::Asked;
use self::unreached::Unreached;
use crate::end::Failure;
use crate::https;
use crate::this_machine::is_this_machine;

/// Where a server is if nothing is said.
pub(crate) const USUAL: &str = "http://127.0.0.1:8080";

/// How a command says that it means that server; nothing where it is the usual one.
pub(crate) fn at(url: &str) -> String {
    if url == USUAL { String::new() } else { format!(" --server {url}") }
}

/// How long an answer may take: longer than a saga is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// A connection to a server.
pub(crate) struct Client {
    /// `http://host:port`.
    url: String,
    is_tls: bool,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
    connection: SendRequest<Full<Bytes>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// How many seconds to wait before it is asked again, where it says so.
    retry_after: Option<u64>,
    /// Its body; null where it is empty or no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// A text in its body, by its place: `/wallet/balance`. Empty where there is none.
    pub(crate) fn text(&self, place: &str) -> &str {
        self.body.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it tells of such a problem.
    pub(crate) fn is_problem(&self, kind: ProblemKind) -> bool {
        refusal::kind_of(self) == Some(kind)
    }
}

impl Client {
    /// Connects to the server at an address such as `http://127.0.0.1:8080`, as somebody.
    ///
    /// # Errors
    /// When that is no such address, nobody answers there, it is not whom it should be, or what is sent
    /// could be read on its way.
    pub(crate) async fn connect(url: &str, access: &AccessOptions) -> Result<Self, Failure> {
        let authorization = access.authorization()?;
        let client = Self::connect_as_nobody(url, &access.trust).await?;
        Ok(Self { authorization, ..client })
    }

    /// The same without a token.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub(crate) async fn connect_as_nobody(
        url: &str,
        trust: &TrustOptions,
    ) -> Result<Self, Failure> {
        let address = Address::read(url).map_err(Failure::wrong_use)?;
        let (name, port) = address.parts();
        let unreached = Unreached { url, name, is_tls: address.is_tls, ca: trust.ca.as_deref() };
        let found = tokio::net::lookup_host((name, port)).await;
        let found: Vec<_> = found.map_err(|error| unreached.unknown(&error))?.collect();
        let stays_here = found.iter().all(|address| is_this_machine(address.ip()));
        if !address.is_tls && !stays_here && !trust.insecure_http {
            return Err(Failure::wrong_use(format!(
                "{url} is not on this machine, and over http:// whoever is between reads tokens and \
                 passwords: use https://, or say --insecure-http"
            )));
        }
        let stream = TcpStream::connect(&*found).await;
        let stream = stream.map_err(|error| unreached.unconnected(&error))?;
        let connection = if address.is_tls {
            let trusted = match &trust.ca {
                Some(file) => https::trusted_in(file)?,
                None => https::trusted_here()?,
            };
            let name = ServerName::try_from(name.to_owned()).map_err(Failure::wrong_use)?;
            let stream = https::connector(trusted)?.connect(name, stream).await;
            shaken(stream.map_err(|error| unreached.not_agreed(&error))?).await
        } else {
            shaken(stream).await
        };
        let connection = connection.map_err(|error| unreached.no_http(&error))?;
        let host = HeaderValue::from_str(address.host).map_err(Failure::wrong_use)?;
        let (url, is_tls) = (url.trim_end_matches('/').to_owned(), address.is_tls);
        Ok(Self { url, is_tls, host, authorization: None, connection })
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
        if answer.status.is_success() { Ok(answer) } else { Err(self.failure(path, &answer)) }
    }

    /// How a command ends by an answer from a path that is no success.
    pub(crate) fn failure(&self, path: &str, answer: &Answer) -> Failure {
        self.asked(path).failure(answer)
    }

    /// Why an answer from a path is no success, and what to do.
    pub(crate) fn told(&self, path: &str, answer: &Answer) -> String {
        self.asked(path).told(answer)
    }

    fn asked<'a>(&'a self, path: &'a str) -> Asked<'a> {
        Asked { url: &self.url, path, has_token: self.authorization.is_some() }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let answered = tokio::time::timeout(ANSWER_WAIT, self.exchange(method, path, body)).await;
        let answered = answered.unwrap_or_else(|_| Err("it does not answer in time".to_owned()));
        answered.map_err(|why| Failure::cannot_run(format!("{}: {why}", self.url)))
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let is_tls = self.is_tls;
        let broken = |error: hyper::Error| unreached::broken(&error, is_tls);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header("prefer", "wait=10");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let request = request.body(Full::from(bytes)).map_err(|error| error.to_string())?;
        self.connection.ready().await.map_err(broken)?;
        let sent = self.connection.send_request(request).await;
        let (head, body) = sent.map_err(broken)?.into_parts();
        let bytes = body.collect().await.map_err(broken)?.to_bytes();
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
        let body = serde_json::from_slice(&bytes);
        if head.status.is_success() && !bytes.is_empty() && body.is_err() {
            return Err("it is no `fintech serve`: its answer is no JSON".to_owned());
        }
        Ok(Answer { status: head.status, retry_after, body: body.unwrap_or_default() })
    }
}

/// Speaks HTTP on a stream, until the connection is dropped; what breaks it also breaks the request
/// under way.
async fn shaken<S>(stream: S) -> hyper::Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    Ok(connection)
}
