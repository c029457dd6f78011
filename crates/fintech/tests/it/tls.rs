//! TLS by certificate files: who connects, with what, and what a new certificate changes.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::program::{Server, command, ended, run, text};

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a new certificate for this machine, and gives it back.
    fn certify(&self) -> CertificateDer<'static> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(self.path("site.key"), made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(self.path("site.key"), Permissions::from_mode(0o600)).unwrap();
        fs::write(self.path("site.crt"), made.cert.pem()).unwrap();
        made.cert.der().clone()
    }

    fn options(&self) -> [String; 4] {
        let file = |name: &str| text(&self.path(name)).to_owned();
        ["--tls-cert".to_owned(), file("site.crt"), "--tls-key".to_owned(), file("site.key")]
    }

    fn serve(&self) -> Server {
        Server::start_with(&self.path("data"), &self.options().each_ref().map(String::as_str))
    }
}

/// The answer to a request over TLS of that version, from whom the certificate is of.
fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.address())?);
    let host = server.address();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}

#[test]
fn requests_come_over_tls_and_not_without() {
    let site = Site::new();
    let certificate = site.certify();
    let server = site.serve();
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    for version in [&TLS12, &TLS13] {
        let reply = ask(&server, &certificate, version).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        // The name of this machine is everybody's: a browser is not told to remember it.
        assert!(!reply.contains("strict-transport-security"), "{reply}");
    }
    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    drop(plain.read_to_end(&mut reply));
    assert!(!reply.starts_with(b"HTTP"), "{reply:?}");
    server.stop();
}

/// Its own TLS, for proxies that hand requests on: the name by which a browser comes is its own.
#[test]
fn a_browser_is_told_to_come_by_tls_alone() {
    let site = Site::new();
    let certificate = site.certify();
    let options = site.options();
    let options = [&options.each_ref().map(String::as_str)[..], &["--behind-proxy", "127.0.0.1"]];
    let server = Server::with_accounts(&site.path("data"), &options.concat());
    let reply = ask(&server, &certificate, &TLS13).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains("strict-transport-security: max-age=31536000\r\n"), "{reply}");
}

#[test]
fn commands_that_ask_a_server_trust_whom_they_are_told() {
    let site = Site::new();
    site.certify();
    let server = site.serve();
    let letters = ["dead-letters", "list", "--server", &server.url];
    let certificate = text(&site.path("site.crt")).to_owned();
    run(&[&letters[..], &["--ca", &certificate]].concat()).expect(0);
    let mut distrustful = command(&letters);
    distrustful.env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    let refused = ended(&mut distrustful).expect(3);
    assert!(
        refused.err.contains("by --ca FILE") || refused.err.contains("trusts no"),
        "{refused:?}"
    );
    let demo = run(&["demo", "--server", &server.url, "--ca", &certificate]).expect(0);
    assert!(demo.out.contains(&format!("{}/docs", server.url)), "{demo:?}");
}

#[test]
fn a_certificate_that_changes_is_taken_and_one_that_cannot_be_is_not() {
    let site = Site::new();
    let first = site.certify();
    let mut server = site.serve();
    server.log_until("ready");
    ask(&server, &first, &TLS13).unwrap();

    fs::write(site.path("site.crt"), "none").unwrap();
    let line = server.log_line();
    assert!(line.contains("ERROR") && line.contains("the former one is shown on"), "{line}");
    ask(&server, &first, &TLS13).unwrap();

    let second = site.certify();
    // Between the two files it may have looked, and found that they do not belong together.
    server.log_until("the new certificate is shown");
    ask(&server, &second, &TLS13).unwrap();
    ask(&server, &first, &TLS13).unwrap_err();
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let site = Site::new();
    site.certify();
    fs::set_permissions(site.path("site.key"), Permissions::from_mode(0o644)).unwrap();
    let options = site.options();
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--data"];
    let data = site.path("data");
    arguments.push(text(&data));
    arguments.extend(options.iter().map(String::as_str));
    let refused = run(&arguments).expect(2);
    assert!(refused.err.contains("chmod"), "{refused:?}");
}
