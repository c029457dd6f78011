//! A stand-in of DynamoDB: every item that is asked for is the same payment, or the keys. With TLS it proves itself
//! by a certificate made for the occasion. Not in here: who asks.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::http;
use super::pool::KEYS;
use crate::failure::{Failure, doing};

/// The item of a payment, as its table holds it.
const PAYMENT: &str = include_str!("../../assets/payment-item.json");

/// What the certificate says: an end's own, not an authority's.
const CERTIFICATE: &str = "[req]
prompt = no
distinguished_name = name
x509_extensions = end
[name]
CN = 127.0.0.1
[end]
basicConstraints = critical, CA:FALSE
subjectAltName = IP:127.0.0.1
";

/// Where DynamoDB stands in for itself.
pub(super) struct Endpoint {
    address: SocketAddr,
    /// The certificate that it proves itself by, if it does.
    certificate: Option<PathBuf>,
}

impl Endpoint {
    /// Without TLS. `keys` is the item that has them.
    pub(super) fn plain(keys: &str) -> Result<Self, Failure> {
        Ok(Self { address: listen(None, keys.into())?, certificate: None })
    }

    /// With TLS; key and certificate are written to the folder. None where `openssl` is not there to
    /// make them.
    pub(super) fn tls(folder: &Path, keys: &str) -> Result<Option<Self>, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::SetUp(format!("TLS: {error}"));
        let (key_file, file) = (folder.join("key.pem"), folder.join("certificate.pem"));
        let settings = folder.join("certificate.cnf");
        fs::write(&settings, CERTIFICATE).map_err(doing(|| "writing to the folder"))?;
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-nodes", "-days", "2", "-config"])
            .arg(&settings)
            .arg("-keyout")
            .arg(&key_file)
            .arg("-out")
            .arg(&file)
            .stderr(Stdio::null())
            .status();
        match made {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(status) if status.success() => {}
            Ok(status) => return Err(refused(&format!("openssl ended with {status}"))),
            Err(error) => return Err(refused(&error)),
        }
        let key = PrivateKeyDer::from_pem_file(&key_file).map_err(|error| refused(&error))?;
        let certificate = CertificateDer::from_pem_file(&file).map_err(|error| refused(&error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![certificate], key)
            })
            .map_err(|error| refused(&error))?;
        let address = listen(Some(Arc::new(config)), keys.into())?;
        Ok(Some(Self { address, certificate: Some(file) }))
    }

    pub(super) fn name(&self) -> &'static str {
        if self.certificate.is_some() { "TLS endpoint" } else { "plain endpoint" }
    }

    /// What a function must be told to come here.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let mut all = vec![("AWS_ENDPOINT_URL", format!("{scheme}://{}", self.address))];
        all.extend(
            self.certificate.iter().map(|file| ("AWS_CA_BUNDLE", file.display().to_string())),
        );
        all
    }
}

/// Listens, and answers every connection from a thread of its own, until the program ends.
fn listen(tls: Option<Arc<ServerConfig>>, keys: Arc<str>) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(doing(|| "listening"))?;
    let address = listener.local_addr().map_err(doing(|| "listening"))?;
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let (tls, keys) = (tls.clone(), Arc::clone(&keys));
            // A connection ends when the function does; that is no failure.
            thread::spawn(move || drop(serve(stream, tls, &keys)));
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, keys: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => answer(stream, keys),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            answer(StreamOwned::new(connection, stream), keys)
        }
    }
}

fn answer(mut stream: impl Read + Write, keys: &str) -> io::Result<()> {
    let headers = "Content-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: 1\r\n";
    let mut buffer = Vec::new();
    while let Some(request) = http::read(&mut stream, &mut buffer)? {
        let is_known = request.target.ends_with(".GetItem") && !request.body.is_empty();
        let (status, body) = if is_known {
            let asks_for_keys = String::from_utf8_lossy(&request.body).contains(KEYS);
            ("200 OK", if asks_for_keys { keys } else { PAYMENT })
        } else {
            ("400 Bad Request", "{\"__type\":\"ValidationException\"}")
        };
        http::write(&mut stream, status, headers, body)?;
    }
    Ok(())
}
