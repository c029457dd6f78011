//! Why a server is not reached, in words that say what to do: where nobody listens, where TLS is not
//! agreed on, where something else is spoken. Not in here: what a server that is reached refuses, see
//! `refusal`.

use std::error::Error;
use std::io;
use std::path::Path;

use rustls::CertificateError;
use rustls::pki_types::ServerName;

use crate::end::Failure;

/// What was to be reached, and whom it would have been believed by.
#[derive(Clone, Copy)]
pub(super) struct Unreached<'a> {
    pub(super) url: &'a str,
    /// The host's name, without its port.
    pub(super) name: &'a str,
    pub(super) is_tls: bool,
    /// The file of authorities, if not the machine's are trusted.
    pub(super) ca: Option<&'a Path>,
}

impl Unreached<'_> {
    fn because(self, why: &str) -> Failure {
        Failure::cannot_run(format!("cannot reach {}: {why}", self.url))
    }

    /// Nobody knows where it is.
    pub(super) fn unknown(self, error: &io::Error) -> Failure {
        self.because(&format!("{} cannot be looked up: {error}", self.name))
    }

    /// Nobody takes the connection.
    pub(super) fn unconnected(self, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return self.because("nobody listens there; is `fintech serve` running?");
        }
        self.because(&error.to_string())
    }

    /// TLS is not agreed on.
    pub(super) fn not_agreed(self, error: &io::Error) -> Failure {
        let error: &(dyn Error + 'static) = match error.get_ref() {
            Some(inner) => inner,
            None => error,
        };
        let why = match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(error)) => self.certificate(error),
            Some(rustls::Error::InvalidMessage(_)) => {
                "it does not speak TLS; is its address http://…?".to_owned()
            }
            _ => format!("TLS is not agreed on: {error}"),
        };
        self.because(&why)
    }

    /// Its certificate is not believed.
    fn certificate(self, error: &CertificateError) -> String {
        if let CertificateError::NotValidForNameContext { expected, presented } = error {
            return other_name(expected, presented);
        }
        let is_expired =
            matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. });
        if is_expired {
            return "its certificate has expired: it needs a new one (or this machine's clock is \
                    wrong)"
                .to_owned();
        }
        let is_early = matches!(
            error,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }
        );
        if is_early {
            return "its certificate is not valid yet, or this machine's clock is wrong".to_owned();
        }
        if is_unvouched(error) {
            return self.unvouched();
        }
        let error = if let CertificateError::Other(other) = error {
            other.0.to_string()
        } else {
            format!("{error:?}")
        };
        if error == "CaUsedAsEndEntity" {
            return "its certificate is an authority's, which is believed of no server: make one \
                    with basicConstraints=critical,CA:FALSE"
                .to_owned();
        }
        format!("its certificate cannot be believed: {error}")
    }

    fn unvouched(self) -> String {
        match self.ca {
            None => {
                "no authority that this machine trusts vouches for its certificate: name a file \
                     with its authority's, or with its own, by --ca FILE"
                    .to_owned()
            }
            Some(file) => format!("no certificate in {} vouches for its own", file.display()),
        }
    }

    /// What is spoken there is no HTTP.
    pub(super) fn no_http(self, error: &hyper::Error) -> Failure {
        self.because(&broken(error, self.is_tls))
    }
}

/// Whether nobody who is trusted signed it; somebody who is may have the name of whoever did.
fn is_unvouched(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

fn other_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    // As rustls writes them: DnsName("localhost"), IpAddress(127.0.0.1).
    let plain = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    };
    let names: Vec<_> = presented.iter().map(plain).collect();
    let expected = expected.to_str();
    if names.is_empty() {
        return format!(
            "its certificate names nobody: make one with subjectAltName, for {expected}"
        );
    }
    let names = names.join(", ");
    format!(
        "its certificate is for {names}, not for {expected}: write such a name in --server, or make \
         one with subjectAltName, for {expected} too"
    )
}

/// Why no whole answer came.
pub(super) fn broken(error: &hyper::Error, is_tls: bool) -> String {
    if error.is_parse() || error.is_incomplete_message() {
        let instead = if is_tls { "" } else { "; is its address https://…?" };
        return format!("it ended without an answer in HTTP{instead}");
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{RootCertStore, ServerConfig};
    use tokio::io::AsyncWriteExt;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::https;

    /// A certificate of one's own for `localhost`, but for what is done to it.
    fn made(change: impl FnOnce(&mut CertificateParams)) -> (CertificateDer<'static>, KeyPair) {
        made_with(KeyPair::generate().unwrap(), change)
    }

    fn made_with(
        key: KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        (params.self_signed(&key).unwrap().der().clone(), key)
    }

    /// What is told where a server shows that certificate to who trusts this one.
    async fn told(shown: (CertificateDer<'static>, KeyPair), is_trusted: bool) -> String {
        let (certificate, key) = shown;
        let (other, _) = made(|_| {});
        let mut roots = RootCertStore::empty();
        roots.add(if is_trusted { certificate.clone() } else { other }).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let (here, there) = tokio::io::duplex(64 * 1024);
        let shaking = https::connector(roots).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let (agreed, _) = tokio::join!(shaking.connect(name, here), acceptor.accept(there));
        words(&agreed.err().unwrap())
    }

    fn words(error: &io::Error) -> String {
        let url = "https://localhost";
        let unreached = Unreached { url, name: "localhost", is_tls: true, ca: None };
        unreached.not_agreed(error).to_string()
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_believed_is_told_with_what_to_do() {
        let check = async |shown, is_trusted, expected: &str| {
            let told = told(shown, is_trusted).await;
            assert!(told.contains(expected), "{told}");
            assert!(told.starts_with("cannot reach https://localhost: "), "{told}");
            assert!(!told.contains("fintech serve"), "it runs: {told}");
        };
        check(made(|_| {}), false, "by --ca FILE").await;
        // By its name, as it is by all of these, an authority that is trusted might have signed it.
        let of_another_kind = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        check(made_with(of_another_kind, |_| {}), false, "by --ca FILE").await;
        let authority = made(|made| made.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        check(authority, true, "basicConstraints=critical,CA:FALSE").await;
        let old = made(|made| made.not_after = date_time_ymd(2020, 1, 1));
        check(old, true, "has expired").await;
        let early = made(|made| made.not_before = date_time_ymd(2090, 1, 1));
        check(early, true, "is not valid yet").await;
        let other = CertificateParams::new(vec!["bank.example".to_owned(), "10.0.0.7".to_owned()]);
        let elsewhere = "is for bank.example, 10.0.0.7, not for localhost";
        check(made(|made| *made = other.unwrap()), true, elsewhere).await;
    }

    #[tokio::test]
    async fn who_speaks_something_else_is_told_apart_from_who_is_not_there() {
        let (here, mut there) = tokio::io::duplex(1024);
        there.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let shaking = https::connector(RootCertStore::empty()).unwrap();
        let error = shaking.connect(name, here).await.err().unwrap();
        assert!(words(&error).contains("it does not speak TLS; is its address http://"), "{error}");
    }
}
