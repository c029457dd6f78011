//! How AWS is reached: with what the environment says, over one TLS stack. Nothing is looked for: no
//! profile, no metadata, no certificates of the machine. Not in here: what is asked of AWS.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use hyper::Request;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::wire::Wire;

/// The longest that one attempt of one call may take; a call is tried three times.
const ATTEMPT_TIME: Duration = Duration::from_secs(3);

/// The longest that connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// The authorities that sign for AWS: Amazon Root CA 1 to 4 and Starfield Services Root CA G2. The
/// machine's own list has over a hundred, and reading it takes longer than all else at the start.
const AMAZON_ROOTS: &[u8] = include_bytes!("../assets/amazon-roots.pem");

/// What the environment says of AWS.
pub struct Aws {
    /// The region.
    pub region: String,
    /// Where to, if not to where the region says.
    pub endpoint: Option<String>,
    /// Access key, secret and session token. A token that is empty is none.
    pub credentials: [String; 3],
    /// A file of certificates, in PEM, of authorities that are trusted beside Amazon's.
    pub authorities: Option<String>,
}

/// AWS cannot be reached with what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// What must be in the environment is not.
    #[error("missing in the environment: {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// Certificates that are to be trusted cannot be.
    #[error("certificates: {0}")]
    Certificates(String),
}

impl Aws {
    /// Takes it from where `lookup` finds a variable's value by its name.
    ///
    /// # Errors
    /// Names everything that is missing. An empty variable is as if it were not there.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ReachError> {
        let optional = |name| lookup(name).filter(|value| !value.is_empty());
        let mut missing = Vec::new();
        let mut required = |name, found: Option<String>| {
            found.unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let region = optional("AWS_REGION").or_else(|| optional("AWS_DEFAULT_REGION"));
        let aws = Self {
            region: required("AWS_REGION", region),
            endpoint: optional("AWS_ENDPOINT_URL"),
            credentials: [
                required("AWS_ACCESS_KEY_ID", optional("AWS_ACCESS_KEY_ID")),
                required("AWS_SECRET_ACCESS_KEY", optional("AWS_SECRET_ACCESS_KEY")),
                optional("AWS_SESSION_TOKEN").unwrap_or_default(),
            ],
            authorities: optional("AWS_CA_BUNDLE"),
        };
        if missing.is_empty() { Ok(aws) } else { Err(ReachError::Missing(missing)) }
    }
}

/// What every client of the SDK is made with.
#[derive(Debug, Clone)]
pub struct Reach {
    config: SdkConfig,
    wire: Wire,
    pub(crate) credentials: Credentials,
}

impl Reach {
    /// As the environment says.
    ///
    /// # Errors
    /// When certificates cannot be read.
    pub fn new(aws: &Aws) -> Result<Self, ReachError> {
        let [key, secret, token] = aws.credentials.clone();
        // Emulators give an empty token.
        let token = (!token.is_empty()).then_some(token);
        let credentials = Credentials::new(key, secret, token, None, "environment");
        let wire = wire(aws)?;
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(aws.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .http_client(SharedHttpClient::new(wire.clone()))
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts());
        config.set_endpoint_url(aws.endpoint.clone());
        Ok(Self { config: config.build(), wire, credentials })
    }

    /// For a client of any of the SDK's crates.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> Client {
        Client::new(&self.config)
    }

    /// The body of a 200 at that URL, which nobody signs for, of at most so many bytes and within the
    /// time of one attempt. No redirect is followed.
    ///
    /// # Errors
    /// Why there is none, for the log.
    pub async fn get(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let request = Request::get(url).body(SdkBody::empty()).map_err(|bad| bad.to_string())?;
        match self.ask(request, bytes_max).await? {
            (200, body) => Ok(body),
            (status, _) => Err(format!("it answered {status}")),
        }
    }

    /// Within the time of one attempt.
    pub(crate) async fn ask(
        &self,
        request: Request<SdkBody>,
        bytes_max: usize,
    ) -> Result<(u16, Vec<u8>), String> {
        let asked = tokio::time::timeout(ATTEMPT_TIME, self.wire.ask(request, bytes_max)).await;
        asked.unwrap_or_else(|_| Err("it does not answer in time".to_owned()))
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME)
        .operation_attempt_timeout(ATTEMPT_TIME)
        .build()
}

fn wire(aws: &Aws) -> Result<Wire, ReachError> {
    let is_plain = aws.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let tls = if is_plain { None } else { Some(Arc::new(tls(aws.authorities.as_deref())?)) };
    Ok(Wire::new(tls))
}

/// Trusts Amazon's authorities, and those in the file.
fn tls(file: Option<&str>) -> Result<ClientConfig, ReachError> {
    let refused = |error: &dyn std::fmt::Display| ReachError::Certificates(error.to_string());
    let mut trusted = RootCertStore::empty();
    let mut trust = |pem: &[u8]| -> Result<(), ReachError> {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| refused(&error))?;
            trusted.add(certificate).map_err(|error| refused(&error))?;
        }
        Ok(())
    };
    trust(AMAZON_ROOTS)?;
    if let Some(file) = file {
        let pem = std::fs::read(file).map_err(|error| {
            ReachError::Certificates(format!("AWS_CA_BUNDLE: {file} cannot be read: {error}"))
        })?;
        trust(&pem)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error))?;
    Ok(config.with_root_certificates(trusted).with_no_client_auth())
}

#[cfg(test)]
mod trust;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of these variables: the region and the endpoint, or why not.
    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: &str) {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(of, _)| *of == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let told = match Aws::read(&lookup) {
            Ok(aws) => format!("{} {:?}", aws.region, aws.endpoint),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected, "{variables:?}");
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let all = "AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY";
        check(&[], &format!("missing in the environment: {all}"));
        check(&KEYS, "missing in the environment: AWS_REGION");
        let both = "AWS_REGION, AWS_SECRET_ACCESS_KEY";
        let empty = [&KEYS[..1], &[("AWS_REGION", "")]].concat();
        check(&empty, &format!("missing in the environment: {both}"));
    }

    #[test]
    fn the_region_has_two_names_and_the_endpoint_may_be_left_out() {
        let with = |more: &[(&'static str, &'static str)]| [&KEYS[..], more].concat();
        check(&with(&[("AWS_REGION", "eu-west-1")]), "eu-west-1 None");
        check(&with(&[("AWS_DEFAULT_REGION", "eu-west-2")]), "eu-west-2 None");
        let both = [("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-2")];
        check(&with(&both), "eu-west-1 None");
        let local = [("AWS_REGION", "x"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:8000")];
        check(&with(&local), "x Some(\"http://127.0.0.1:8000\")");
    }

    #[test]
    fn certificates_that_are_not_there_are_told() {
        let aws = Aws {
            region: "x".to_owned(),
            endpoint: None,
            credentials: ["k", "s", ""].map(str::to_owned),
            authorities: Some("/nowhere/ca.pem".to_owned()),
        };
        let refused = Reach::new(&aws).unwrap_err().to_string();
        assert!(refused.contains("AWS_CA_BUNDLE: /nowhere/ca.pem cannot be read"), "{refused}");
    }
}
