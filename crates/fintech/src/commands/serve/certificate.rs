//! The certificate by which the program is known over TLS, and its key: two PEM files, read again when
//! they change. A pair that cannot be is told of, and the former one stays. Not in here: connections.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::end::Failure;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The most bytes of either file; a chain of certificates has a few thousand.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What the mode of a key's file may not have: anything for others than its owner and his group.
const OTHERS: u32 = 0o007;

/// The newest pair that could be used.
pub(super) struct Certificate {
    files: Files,
    provider: Arc<CryptoProvider>,
    shown: RwLock<Arc<CertifiedKey>>,
    /// What was read last, so that each change is tried, and told, once.
    tried: Mutex<Result<Pair, String>>,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What stands in the two files.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Certificate").field(&self.files.certificate).finish()
    }
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read, others may read the key, or they do not belong together.
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, Failure> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let provider = Arc::new(default_provider());
        let pair = files.read().map_err(Failure::wrong_use)?;
        let shown = files.certified(&pair, &provider).map_err(Failure::wrong_use)?;
        let (shown, tried) = (RwLock::new(Arc::new(shown)), Mutex::new(Ok(pair)));
        Ok(Arc::new(Self { files, provider, shown, tried }))
    }

    /// TLS 1.2 and 1.3 with it, for HTTP/1.1.
    ///
    /// # Errors
    /// When the cryptography knows neither.
    pub(super) fn tls(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Failure> {
        let config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(Failure::cannot_run)?;
        let resolver = Arc::<Self>::clone(self);
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Takes what changes in the files, for ever.
    pub(super) async fn keep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looking = Arc::clone(&self);
            // The disk may be slow, and another machine's.
            drop(tokio::task::spawn_blocking(move || looking.look()).await);
        }
    }

    /// Takes the files' new pair, if they have one that can be used.
    fn look(&self) {
        let mut tried = self.tried.lock();
        let read = self.files.read();
        if read == *tried {
            return;
        }
        let certified = read.clone().and_then(|pair| self.files.certified(&pair, &self.provider));
        let file = self.files.certificate.display();
        match certified {
            Ok(certified) => {
                *self.shown.write() = Arc::new(certified);
                tracing::info!(%file, "the new certificate is shown from now on");
            }
            Err(why) => {
                tracing::error!(%why, "the new certificate cannot be used; the former one is shown on");
            }
        }
        *tried = read;
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read()))
    }
}

impl Files {
    fn read(&self) -> Result<Pair, String> {
        let mode = fs::metadata(&self.key).map_err(|error| said(&self.key, &error))?.mode();
        if mode & OTHERS != 0 {
            let why = "others than its owner and his group may use it; `chmod o= FILE` forbids it";
            return Err(said(&self.key, &why));
        }
        Ok(Pair { certificate: bytes(&self.certificate)?, key: bytes(&self.key)? })
    }

    fn certified(&self, pair: &Pair, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pair.certificate).collect();
        let chain = chain.map_err(|error| said(&self.certificate, &error))?;
        if chain.is_empty() {
            return Err(said(&self.certificate, &"there is no certificate in PEM form in it"));
        }
        // What is wrong with a key is not told further than that.
        let no_key = |_| said(&self.key, &"there is no private key in PEM form in it");
        let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(no_key)?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| {
            let both = format!("{} and {}", self.certificate.display(), self.key.display());
            format!("{both} do not belong together: {error}")
        })
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|error| said(path, &error))?;
    Ok(bytes)
}

fn said(path: &Path, why: &dyn fmt::Display) -> String {
    format!("{}: {why}", path.display())
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// TLS with a new certificate, and that certificate.
    pub(in super::super) fn tls() -> (Arc<ServerConfig>, CertificateDer<'static>) {
        let site = Site::new();
        let (certificate, key) = made();
        site.write(&certificate, &key);
        let tls = site.read().unwrap().tls().unwrap();
        (tls, CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap())
    }

    /// A certificate and its key, in PEM form.
    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    struct Site {
        folder: tempfile::TempDir,
    }

    impl Site {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn certificate(&self) -> PathBuf {
            self.folder.path().join("site.crt")
        }

        fn key(&self) -> PathBuf {
            self.folder.path().join("site.key")
        }

        fn write(&self, certificate: &str, key: &str) {
            fs::write(self.certificate(), certificate).unwrap();
            fs::write(self.key(), key).unwrap();
            self.allow(0o600);
        }

        fn allow(&self, mode: u32) {
            fs::set_permissions(self.key(), fs::Permissions::from_mode(mode)).unwrap();
        }

        fn read(&self) -> Result<Arc<Certificate>, Failure> {
            Certificate::read(&self.certificate(), &self.key())
        }
    }

    fn shown(certificate: &Certificate) -> Vec<u8> {
        certificate.shown.read().cert[0].to_vec()
    }

    fn der(pem: &str) -> Vec<u8> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn files_that_cannot_be_are_refused() {
        let site = Site::new();
        let ((certificate, key), (_, other_key)) = (made(), made());
        let check = |certificate: &str, key: &str, mode: u32, expected: &str| {
            site.write(certificate, key);
            site.allow(mode);
            let refused = site.read().unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
            assert!(!refused.contains("PRIVATE"), "{refused}");
        };
        assert!(site.read().unwrap_err().to_string().contains("No such file"));
        check(&certificate, &other_key, 0o600, "do not belong together");
        check(&certificate, &certificate, 0o600, "no private key");
        check(&key, &key, 0o600, "no certificate");
        check("", &key, 0o600, "no certificate");
        check(&certificate, "", 0o600, "no private key");
        check(&certificate, &key, 0o604, "others");
        check(&certificate, &key, 0o602, "others");
        site.allow(0o640);
        site.read().unwrap();
    }

    #[test]
    fn a_new_pair_is_taken_and_a_bad_one_is_not() {
        let site = Site::new();
        let ((first, first_key), (second, second_key)) = (made(), made());
        site.write(&first, &first_key);
        let certificate = site.read().unwrap();
        assert_eq!(shown(&certificate), der(&first));

        for (bad, bad_key) in [(&second, &first_key), (&"".to_owned(), &second_key)] {
            site.write(bad, bad_key);
            certificate.look();
            assert_eq!(shown(&certificate), der(&first));
        }
        fs::remove_file(site.key()).unwrap();
        certificate.look();
        assert_eq!(shown(&certificate), der(&first));

        site.write(&second, &second_key);
        certificate.look();
        assert_eq!(shown(&certificate), der(&second));
    }
}
