//! A function, put together and ready for its invocations. Which it is comes from its name; what it
//! stands on is given. Not in here: Lambda's runtime and the SDK.

use std::sync::Arc;

use axum::Router;
use http_api::{Deployment, Front, Hosts, OpenGate, Settings};
use kernel::manifest::{Due, ServiceManifest, Subscription};
use kernel::operators::EventsPort;
use kernel::time::System;
use kernel::{Store, StoreError, Time};
use loan::rate::RateTable;

use crate::callers::Callers;
use crate::failure::Failure;
use crate::function::{Function, routes};
use crate::gateway::{self, Edge};
use crate::keys::{self, KeySource};
use crate::metrics::Metrics;
use crate::relay::{self, Publisher};
use crate::{due, hear, ledger, letters};

/// What functions stand on.
pub struct Base {
    /// Where records are.
    pub store: Store,
    /// What operators see beside records.
    pub events: Arc<dyn EventsPort>,
    /// What stands before the name of every function: `<prefix>-create-wallet`.
    pub prefix: String,
    /// Where relays publish.
    pub publisher: Arc<dyn Publisher>,
    /// Who calls routes.
    pub callers: Arc<Callers>,
    /// Where the keys of the provider of sign-in come from.
    pub keys: Arc<dyn KeySource>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The settings of the routes.
    pub settings: Settings,
    /// The rates of loans.
    pub loan_rates: RateTable,
    /// The edge before the gateway, if there is one.
    pub edge: Option<Edge>,
}

/// A function that is ready.
pub struct Handler {
    store: Store,
    publisher: Arc<dyn Publisher>,
    metrics: Arc<Metrics>,
    callers: Arc<Callers>,
    work: Work,
}

enum Work {
    Answer { router: Router, edge: Option<Edge> },
    Hear(&'static Subscription),
    Relay(&'static ServiceManifest),
    Tick(&'static Due),
    Verify,
    KeepLetters { prefix: String },
    KeepKeys(Arc<dyn KeySource>),
}

impl Handler {
    /// Puts a function together.
    pub fn new(function: Function, base: Base) -> Self {
        let Base { store, events, prefix, publisher, callers, keys, metrics, .. } = base;
        let work = match function {
            Function::Operation(service, operation) => {
                let routes = routes(service, &base.loan_rates).only(operation.name);
                let settings = base.settings;
                let deployment = Deployment { store: store.clone(), events, settings };
                // The gateway answers to its own names alone.
                let front = Front {
                    authenticator: callers.authenticator(),
                    hosts: Hosts::Any,
                    gate: Arc::new(OpenGate),
                    ids: Arc::new(System),
                };
                let router = http_api::bare(routes, Arc::new(deployment), front);
                Work::Answer { router, edge: base.edge }
            }
            Function::Subscription(_, subscription) => Work::Hear(subscription),
            Function::Relay(service) => Work::Relay(service),
            Function::Due(due) => Work::Tick(due),
            Function::VerifyLedger => Work::Verify,
            Function::KeepDeadLetters => Work::KeepLetters { prefix },
            Function::KeepSigningKeys => Work::KeepKeys(keys),
        };
        Self { store, publisher, metrics, callers, work }
    }

    /// Handles one invocation; the answer is JSON. What is done page by page begins none after `until`.
    ///
    /// # Errors
    /// When the invocation failed: Lambda then tries again, or hands it to where the failed ones go.
    pub async fn handle(&self, payload: &str, until: Time) -> Result<String, Failure> {
        let answer = self.work(payload, until).await;
        self.metrics.tell_conflicts(|| self.store.now());
        answer
    }

    async fn work(&self, payload: &str, until: Time) -> Result<String, Failure> {
        match &self.work {
            Work::Answer { router, edge } => {
                // Where they cannot be read, those known stay.
                drop(self.has_new_keys().await);
                let answer = gateway::answer(router, edge.as_ref(), payload).await?;
                if !answer.is_unauthorized {
                    return Ok(answer.json);
                }
                // The token may be signed with a key that is kept since.
                match self.has_new_keys().await {
                    Ok(false) => Ok(answer.json),
                    Ok(true) => Ok(gateway::answer(router, edge.as_ref(), payload).await?.json),
                    Err(error) => gateway::refuse(error.into()).await,
                }
            }
            Work::Hear(subscription) => {
                let answered =
                    hear::hear(&self.store, &self.metrics, subscription, payload).await?;
                Ok(format!("{{\"answered\":{answered}}}"))
            }
            Work::Relay(service) => {
                relay::relay(&self.store, &*self.publisher, &self.metrics, service, payload).await
            }
            Work::Tick(due) => {
                let records = due::tick(&self.store, due, until).await?;
                Ok(format!("{{\"records\":{records}}}"))
            }
            Work::KeepLetters { prefix } => {
                letters::keep(&self.store, &self.metrics, prefix, payload).await
            }
            Work::KeepKeys(source) => {
                let is_new = keys::keep(&self.store, &self.callers, &**source).await?;
                Ok(format!("{{\"changed\":{is_new}}}"))
            }
            Work::Verify => {
                let report = ledger::check(&self.store, &self.metrics).await?;
                serde_json::to_string(&report).map_err(|error| Failure::malformed(&error))
            }
        }
    }

    /// Reads the keys that tokens are checked with, if it is time; whether it did.
    async fn has_new_keys(&self) -> Result<bool, StoreError> {
        self.callers.refresh().await.inspect_err(|error| {
            tracing::warn!(%error, "the keys that are kept cannot be read");
        })
    }
}
