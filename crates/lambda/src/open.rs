//! What a function stands on, made of its settings: the tables, and for a relay the topics. Each is
//! seen to be there before the first invocation. How AWS is reached stands in `store-dynamodb`.

use std::sync::Arc;

use kernel::store::StorePort;
use kernel::{AnyId, Key, Kind, Record, Store, StoreError, Topic};
use operations::manifest::REDRIVE_DEAD_LETTER;
use operations::records::{DeadLetter, SigningKeys};
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Observer, Options, Reach};

use crate::callers::Callers;
use crate::events::Events;
use crate::failure::Failure;
use crate::function::{Function, SERVICES};
use crate::handler::Base;
use crate::keys::{CognitoKeys, KeySource, NoKeys};
use crate::letters::{LambdaSubscribers, NoSubscribers, Subscribers};
use crate::metrics::Metrics;
use crate::relay::{NoTopics, Publisher, SnsPublisher};
use crate::settings::Settings;

/// What a function stands on: connected, and seen to be there by one cheap call.
///
/// # Errors
/// When something is missing or not allowed; it is named.
pub async fn base(function: Function, settings: Settings) -> Result<Base, Failure> {
    let reach = Reach::new(&settings.aws).map_err(|error| Failure::Start(error.to_string()))?;
    let metrics = Arc::new(Metrics::of(&settings.table_prefix));
    let mut options = Options::new(reach.dynamodb(), &settings.table_prefix, tables(&SERVICES));
    let observer: Arc<dyn Observer> = Arc::<Metrics>::clone(&metrics);
    options.observer = Some(observer);
    let store: Arc<dyn StorePort> = Arc::new(DynamoStore::new(options));
    if let Some(kind) = touches(function) {
        warm(&*store, kind, &settings.table_prefix).await?;
    }
    let subscribers = subscribers(function, &settings, &reach);
    let publisher = publisher(function, &settings, &reach).await?;
    let keys = key_source(function, &settings, &reach);
    let store = Store::new(store);
    let callers = Callers::new(settings.policy, store.clone());
    if matches!(function, Function::Operation(..)) {
        let read = callers.refresh().await;
        expect_there(read, SigningKeys::KIND, &settings.table_prefix)?;
    }
    Ok(Base {
        events: Arc::new(Events::new(store.clone(), subscribers)),
        store,
        prefix: settings.table_prefix,
        publisher,
        callers: Arc::new(callers),
        keys,
        metrics,
        settings: settings.deployed,
        loan_rates: settings.loan_rates,
        edge: settings.edge,
    })
}

/// The kind of record that a function reads by key, if it does.
fn touches(function: Function) -> Option<&'static Kind> {
    match function {
        Function::Operation(_, operation) => operation.reads.first(),
        Function::Subscription(_, subscription) => subscription.writes.first(),
        Function::Due(due) => Some(&due.kind),
        Function::KeepDeadLetters => Some(&DeadLetter::KIND),
        Function::KeepSigningKeys => Some(&SigningKeys::KIND),
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
    expect_there(store.get(kind, key).await, kind, prefix)
}

/// A table that cannot be read at the start is not there, or may not be read.
fn expect_there<T>(read: Result<T, StoreError>, kind: &Kind, prefix: &str) -> Result<(), Failure> {
    match read {
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

/// A relay knows the topics of what its service says, and they are there.
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
    let publisher = SnsPublisher::new(reach.clone(), topics);
    publisher.warm().await?;
    Ok(Arc::new(publisher))
}

/// Where keys come from, for the function that keeps them.
fn key_source(function: Function, settings: &Settings, reach: &Reach) -> Arc<dyn KeySource> {
    if !matches!(function, Function::KeepSigningKeys) {
        return Arc::new(NoKeys);
    }
    let endpoint = settings.aws.endpoint.as_deref();
    Arc::new(CognitoKeys::new(reach.clone(), settings.policy.issuer(), endpoint))
}

/// What redrives dead letters calls those who hear them. No other function calls any.
fn subscribers(function: Function, settings: &Settings, reach: &Reach) -> Arc<dyn Subscribers> {
    if let Function::Operation(_, operation) = function
        && operation.name == REDRIVE_DEAD_LETTER.name
    {
        return Arc::new(LambdaSubscribers::new(reach.clone(), settings.table_prefix.clone()));
    }
    Arc::new(NoSubscribers)
}
