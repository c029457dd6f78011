//! Who is believed to be AWS: whoever shows a certificate for the name that was called, of now, that an
//! authority signed which is trusted; nobody else.

use std::io::Write as _;
use std::sync::Arc;

use aws_sdk_dynamodb::error::DisplayErrorContext;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Aws, Reach};

/// An authority, and the file in which it stands.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(own.pem().as_bytes()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// Serves what DynamoDB answers where there is no table, with a certificate for that name that was
    /// good until that year. Gives back the port.
    async fn serve(&self, name: &str, until_year: i32) -> u16 {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Who does not trust it hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut read = vec![0; 4096];
                let Ok(1..) = stream.read(&mut read).await else { continue };
                let body = "{\"TableNames\":[]}";
                let length = body.len();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0";
                let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        port
    }
}

/// What comes of asking `localhost` at that port, trusting that authority.
async fn check(port: u16, trusted: &Authority, expected: &str) {
    let aws = Aws {
        region: "us-east-1".to_owned(),
        endpoint: Some(format!("https://localhost:{port}")),
        credentials: ["k", "s", ""].map(str::to_owned),
        authorities: Some(trusted.file.path().to_str().unwrap().to_owned()),
    };
    let asked = Reach::new(&aws).unwrap().dynamodb().list_tables().send().await;
    let told = match asked {
        Ok(answer) => format!("{} tables", answer.table_names().len()),
        Err(error) => DisplayErrorContext(&error).to_string(),
    };
    assert!(told.contains(expected), "{told}");
}

#[tokio::test]
async fn nobody_is_believed_who_is_not_vouched_for_now_and_by_name() {
    let [ours, theirs, namesake] = ["ours", "theirs", "ours"].map(Authority::named);
    check(ours.serve("localhost", 2100).await, &ours, "0 tables").await;
    check(theirs.serve("localhost", 2100).await, &ours, "UnknownIssuer").await;
    check(namesake.serve("localhost", 2100).await, &ours, "BadSignature").await;
    check(ours.serve("dynamodb.us-east-1.amazonaws.com", 2100).await, &ours, "NotValidForName")
        .await;
    check(ours.serve("localhost", 2020).await, &ours, "Expired").await;
}
