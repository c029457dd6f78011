//! How AWS is reached: clients of the SDK, over one TLS stack, with what the environment says.
//! Nothing is looked for: no profile, no metadata, no certificates of the machine.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::config::{Region, SharedAsyncSleep, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use kernel::store::StorePort;
use kernel::{AnyId, Key, Kind, Store, StoreError, Topic};
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Observer, Options};

use crate::events::Events;
use crate::failure::Failure;
use crate::function::{Function, SERVICES};
use crate::handler::Base;
use crate::metrics::Conflicts;
use crate::relay::{NoTopics, Publisher, SnsPublisher};
use crate::settings::{Aws, Settings};

/// The longest that one attempt of one call may take; a call is tried three times.
const ATTEMPT_TIME: Duration = Duration::from_secs(3);

/// The longest that connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// The authorities that sign for AWS: Amazon Root CA 1 to 4 and Starfield Services Root CA G2. The
/// machine's own list has over a hundred, and reading it takes longer than all else at the start.
const AMAZON_ROOTS: &[u8] = include_bytes!("../assets/amazon-roots.pem");

/// A client of one of the SDK's crates; each has a configuration of its own, with the same methods.
macro_rules! client {
    ($reach:expr, $sdk:ident) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($reach.region.clone())
            .credentials_provider($reach.credentials.clone())
            .http_client($reach.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts());
        config.set_endpoint_url($reach.endpoint.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

/// What every client of the SDK is made with.
#[derive(Debug, Clone)]
pub struct Reach {
    region: Region,
    endpoint: Option<String>,
    credentials: Credentials,
    http: SharedHttpClient,
}

impl Reach {
    /// As the settings say.
    ///
    /// # Errors
    /// When certificates cannot be read.
    pub fn new(aws: &Aws) -> Result<Self, Failure> {
        let [key, secret, token] = aws.credentials.clone();
        // Emulators give an empty token.
        let token = (!token.is_empty()).then_some(token);
        let credentials = Credentials::new(key, secret, token, None, "environment");
        let region = Region::new(aws.region.clone());
        let http = http_client(aws)?;
        Ok(Self { region, endpoint: aws.endpoint.clone(), credentials, http })
    }

    /// A client of SNS.
    pub fn sns(&self) -> aws_sdk_sns::Client {
        client!(self, aws_sdk_sns)
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(self, aws_sdk_dynamodb)
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME)
        .operation_attempt_timeout(ATTEMPT_TIME)
        .build()
}

fn http_client(aws: &Aws) -> Result<SharedHttpClient, Failure> {
    let is_plain = aws.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    if is_plain {
        return Ok(Builder::new().build_http());
    }
    let mut trusted = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    if let Some(file) = &aws.authorities {
        let pem = std::fs::read(file).map_err(|error| {
            Failure::Start(format!("AWS_CA_BUNDLE: {file} cannot be read: {error}"))
        })?;
        trusted = trusted.with_pem_certificate(pem);
    }
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let context = context.map_err(|error| Failure::Start(format!("certificates: {error}")))?;
    let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    Ok(tls.tls_context(context).build_https())
}

/// What a function stands on: connected, and seen to be there by one cheap call.
///
/// # Errors
/// When something is missing or not allowed; it is named.
pub async fn base(function: Function, settings: Settings) -> Result<Base, Failure> {
    let reach = Reach::new(&settings.aws)?;
    let conflicts = Arc::new(Conflicts::default());
    let mut options = Options::new(reach.dynamodb(), &settings.table_prefix, tables(&SERVICES));
    let observer: Arc<dyn Observer> = Arc::<Conflicts>::clone(&conflicts);
    options.observer = Some(observer);
    let store: Arc<dyn StorePort> = Arc::new(DynamoStore::new(options));
    if let Some(kind) = touches(function) {
        warm(&*store, kind, &settings.table_prefix).await?;
    }
    let publisher = publisher(function, &settings, &reach).await?;
    Ok(Base {
        store: Store::new(store),
        events: Arc::new(Events::default()),
        publisher,
        conflicts,
        settings: settings.deployed,
        loan_rates: settings.loan_rates,
    })
}

/// The kind of record that a function reads by key, if it does.
fn touches(function: Function) -> Option<&'static Kind> {
    match function {
        Function::Operation(_, operation) => operation.reads.first(),
        Function::Subscription(_, subscription) => subscription.writes.first(),
        Function::Due(due) => Some(&due.kind),
        // The one reads whole tables, the other none.
        Function::VerifyLedger | Function::Relay(_) => None,
    }
    .copied()
}

/// Asks for a record that is not there: it opens the connection, and tells whether the table is there
/// and may be read.
async fn warm(store: &dyn StorePort, kind: &'static Kind, prefix: &str) -> Result<(), Failure> {
    let Some(prefix_of_id) = kind.prefixes.first() else { return Ok(()) };
    let id = AnyId { prefix: *prefix_of_id, uuid: 0 };
    let key = Key { id, sequence: kind.sort.map(|_| 0) };
    match store.get(kind, key).await {
        Ok(_) => Ok(()),
        Err(StoreError::Unavailable(why) | StoreError::Broken(why)) => {
            let service = kind.service;
            Err(Failure::Start(format!("the table {prefix}-{service} cannot be read: {why}")))
        }
        Err(error) => {
            // It may pass; the first invocation will see.
            tracing::warn!(%error, "the store did not answer at the start");
            Ok(())
        }
    }
}

/// A relay knows the topics of what its service says, and they are there. No other function even has
/// a client for them.
async fn publisher(
    function: Function,
    settings: &Settings,
    reach: &Reach,
) -> Result<Arc<dyn Publisher>, Failure> {
    let Function::Relay(service) = function else { return Ok(Arc::new(NoTopics)) };
    let mut topics = Vec::new();
    let is_said = |topic: &Topic| service.says.iter().any(|kind| kind.topic() == *topic);
    for topic in Topic::ALL.into_iter().filter(is_said) {
        topics.push((topic, settings.topic(topic)?.to_owned()));
    }
    let publisher = SnsPublisher::new(reach.sns(), topics);
    publisher.warm().await?;
    Ok(Arc::new(publisher))
}
