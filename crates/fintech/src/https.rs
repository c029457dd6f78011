//! TLS to others, and a small document fetched over it, for what a provider of sign-in publishes. Trusts
//! whom the machine trusts, so that an authority of one's own house counts; `SSL_CERT_FILE` names others.
//! Not in here: what is in the document, and when it is fetched.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokens::Source;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::end::Failure;

/// How long one document may take, from the name's look-up to the last byte.
const FETCH_TIME: Duration = Duration::from_secs(10);

/// Fetches documents.
pub(crate) struct Https(TlsConnector);

impl Https {
    /// With the authorities that the machine trusts.
    ///
    /// # Errors
    /// When it names none that can be read.
    pub(crate) fn new() -> Result<Self, Failure> {
        connector(trusted_here()?).map(Self)
    }

    async fn get(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let uri: Uri = url.parse().map_err(told)?;
        let host = uri.host().ok_or("is no URL with a host")?;
        let is_plain = uri.scheme_str() == Some("http");
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((name, port)).await.map_err(told)?;
        if is_plain {
            return exchange(stream, &uri, bytes_max).await;
        }
        let name = ServerName::try_from(name.to_owned()).map_err(told)?;
        let stream = self.0.connect(name, stream).await.map_err(told)?;
        exchange(stream, &uri, bytes_max).await
    }
}

/// The authorities that the machine trusts.
///
/// # Errors
/// When it names none that can be read.
pub(crate) fn trusted_here() -> Result<RootCertStore, Failure> {
    let mut trusted = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (_, unread) = trusted.add_parsable_certificates(found.certs);
    if unread > 0 || !found.errors.is_empty() {
        tracing::debug!(unread, errors = ?found.errors, "certificates that cannot be read");
    }
    if trusted.is_empty() {
        return Err(Failure::cannot_run(
            "this machine trusts no certificate authority: install its `ca-certificates`, or name \
             a file of certificates in SSL_CERT_FILE",
        ));
    }
    Ok(trusted)
}

/// The authorities in a PEM file, and no others.
///
/// # Errors
/// When it cannot be read, or there is none in it.
pub(crate) fn trusted_in(file: &Path) -> Result<RootCertStore, Failure> {
    let wrong =
        |why: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {why}", file.display()));
    let mut trusted = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        trusted.add(certificate).map_err(|error| wrong(&error))?;
    }
    if trusted.is_empty() {
        return Err(wrong(&"there is no certificate in PEM form in it"));
    }
    Ok(trusted)
}

/// Connects over TLS to whom one of these authorities vouches for.
///
/// # Errors
/// When the cryptography cannot.
pub(crate) fn connector(trusted: RootCertStore) -> Result<TlsConnector, Failure> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Failure::cannot_run)?;
    let config = config.with_root_certificates(trusted).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Source for Https {
    fn fetch(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let getting = async {
            let got = tokio::time::timeout(FETCH_TIME, self.get(url, bytes_max)).await;
            got.unwrap_or_else(|_| Err("it does not answer in time".to_owned()))
        };
        runtime.map_err(told)?.block_on(getting)
    }
}

/// Asks on a connection that is used for nothing else.
async fn exchange<S>(stream: S, uri: &Uri, bytes_max: usize) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(HOST, authority)
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(told)?;
    let asking = async {
        let answer = sender.send_request(request).await.map_err(told)?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), bytes_max).collect().await.map_err(told)?;
        Ok(body.to_bytes().to_vec())
    };
    tokio::select! {
        asked = asking => asked,
        // The connection is what moves the answer; it ends first only where it breaks.
        ended = connection => Err(ended.err().map_or("it hung up".to_owned(), told)),
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
