//! A client of a running server, for the commands that ask one: HTTP/1.1 over one connection, with TLS
//! where its address says so, and with a token where one is given. Not in here: what is asked.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::end::Failure;
use crate::https;

/// How long an answer may take: longer than a saga is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The most bytes of a file with a token.
const TOKEN_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Who asks a server, and whom TLS trusts.
#[derive(Debug, Args)]
pub(crate) struct AccessOptions {
    /// The bearer token to ask with. A command line can be read by everybody on this machine: better
    /// in the environment, or in a file
    #[arg(long, value_name = "TOKEN", env = "FINTECH_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// Read the bearer token from this file instead; - is standard input
    #[arg(long, value_name = "FILE", env = "FINTECH_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Trust the certificate authorities in this PEM file, not those that the machine trusts
    #[arg(long, value_name = "FILE", env = "FINTECH_CA")]
    ca: Option<PathBuf>,
    /// Ask over http:// a server that is not on this machine: whoever is between reads tokens,
    /// passwords and all else
    #[arg(long, env = "FINTECH_INSECURE_HTTP")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    insecure_http: bool,
}

/// A text that is shown to nobody.
#[derive(Clone)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl AccessOptions {
    /// The header by which the server knows who asks; none without a token.
    fn authorization(&self) -> Result<Option<HeaderValue>, Failure> {
        let token = match (&self.token_file, &self.token) {
            (Some(file), _) => Secret(read_token(file)?),
            (None, Some(token)) => token.clone(),
            (None, None) => return Ok(None),
        };
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.0.trim()));
        // Nothing of it is repeated.
        let mut bearer = bearer.map_err(|_| Failure::wrong_use("the token is no bearer token"))?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }
}

fn read_token(file: &Path) -> Result<String, Failure> {
    let mut token = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token)
    } else {
        std::fs::File::open(file)
            .and_then(|file| file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token))
    };
    read.map_err(|error| Failure::wrong_use(format!("{}: {error}", file.display())))?;
    Ok(token)
}

/// A connection to a server.
pub(crate) struct Client {
    /// `http://host:port`.
    url: String,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
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
    /// When that is no such address, nobody answers there, it is not whom it should be, or what is sent
    /// could be read on its way.
    pub(crate) async fn connect(url: &str, access: &AccessOptions) -> Result<Self, Failure> {
        let Address { is_tls, host } = address_of(url).map_err(Failure::wrong_use)?;
        let authorization = access.authorization()?;
        let gone = |error: &dyn fmt::Display| {
            Failure::cannot_run(format!("cannot reach {url}: {error}; is `fintech serve` running?"))
        };
        let (name, port) = parts(host, if is_tls { 443 } else { 80 });
        let found = tokio::net::lookup_host((name, port)).await.map_err(|error| gone(&error))?;
        let found: Vec<_> = found.collect();
        let stays_here = found.iter().all(|address| address.ip().to_canonical().is_loopback());
        if !is_tls && !stays_here && !access.insecure_http {
            return Err(Failure::wrong_use(format!(
                "{url} is not on this machine, and over http:// whoever is between reads tokens and \
                 passwords: use https://, or say --insecure-http"
            )));
        }
        let stream = TcpStream::connect(&*found).await.map_err(|error| gone(&error))?;
        let connection = if is_tls {
            let trusted = match &access.ca {
                Some(file) => https::trusted_in(file)?,
                None => https::trusted_here()?,
            };
            let name = ServerName::try_from(name.to_owned()).map_err(Failure::wrong_use)?;
            let stream = https::connector(trusted)?.connect(name, stream).await;
            shaken(stream.map_err(|error| gone(&error))?).await
        } else {
            shaken(stream).await
        };
        let connection = connection.map_err(|error| gone(&error))?;
        let url = url.trim_end_matches('/').to_owned();
        let host = HeaderValue::from_str(host).map_err(Failure::wrong_use)?;
        Ok(Self { url, host, authorization, connection })
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
            if let Some(authorization) = &self.authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
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

/// Where a server is.
#[derive(Debug, PartialEq, Eq)]
struct Address<'a> {
    is_tls: bool,
    /// Its name, with its port if that is said.
    host: &'a str,
}

fn address_of(url: &str) -> Result<Address<'_>, String> {
    let wrong =
        || format!("{url:?} is no server's address; write one such as http://127.0.0.1:8080");
    let (scheme, host) = url.split_once("://").ok_or_else(wrong)?;
    let is_tls = match scheme {
        "http" => false,
        "https" => true,
        _ => return Err(wrong()),
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_plain) {
        return Err(wrong());
    }
    Ok(Address { is_tls, host })
}

/// The name, without the brackets of IPv6, and the port.
fn parts(host: &str, usual_port: u16) -> (&str, u16) {
    let split = host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    let (name, port) = split.unwrap_or((host, usual_port));
    (name.trim_start_matches('[').trim_end_matches(']'), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(bool, &str, u16)>) {
        let found = address_of(url).ok().map(|Address { is_tls, host }| {
            let (name, port) = parts(host, if is_tls { 443 } else { 80 });
            (is_tls, name, port)
        });
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn every_way_an_address_is_written() {
        check("http://127.0.0.1:8080", Some((false, "127.0.0.1", 8080)));
        check("http://localhost/", Some((false, "localhost", 80)));
        check("http://[::1]:80", Some((false, "::1", 80)));
        check("http://[::1]", Some((false, "::1", 80)));
        check("https://bank.example", Some((true, "bank.example", 443)));
        check("https://bank.example:8443/", Some((true, "bank.example", 8443)));
        check("localhost:8080", None);
        check("http://", None);
        check("http://a/b", None);
        check("http://me@a", None);
        check("ftp://a", None);
    }

    #[test]
    fn a_token_is_read_and_shown_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "abc.def\n").unwrap();
        let options = |token: Option<&str>, token_file| AccessOptions {
            token: token.map(|token| Secret(token.to_owned())),
            token_file,
            ca: None,
            insecure_http: false,
        };
        let check = |options: AccessOptions, expected: Option<&str>| {
            let header = options.authorization().unwrap();
            assert_eq!(header.as_ref().map(|header| header.to_str().unwrap()), expected);
            assert!(!format!("{options:?} {header:?}").contains("abc"));
        };
        check(options(None, None), None);
        check(options(Some("abc"), None), Some("Bearer abc"));
        check(options(Some("abc"), Some(file)), Some("Bearer abc.def"));
        let refused = options(Some("a\nbc"), None).authorization().unwrap_err().to_string();
        assert!(!refused.contains("bc"), "{refused}");
        options(None, Some(folder.path().join("none"))).authorization().unwrap_err();
    }
}
