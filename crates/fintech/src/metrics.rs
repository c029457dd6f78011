//! Metrics in the text form of Prometheus, at `/metrics`. They tell how much business is done, so they
//! are for operators and for whoever watches over the program. What is counted is said where it happens.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use http_api::{App, Authenticator, Problem, access};
use kernel::Scope;
use kernel::manifest::Who;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use store_embedded::EmbeddedStore;

use crate::end::Failure;

/// The upper bounds of the classes into which times are counted, in seconds.
const SECONDS: [f64; 13] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 10.0];

/// Who may ask.
const WHO: &[Who] = &[Who::Operator, Who::Service(Scope::Metrics)];

/// What was counted so far.
#[derive(Clone)]
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    /// From now on is counted. Called once.
    ///
    /// # Errors
    /// When something else counts already.
    pub(crate) fn start() -> Result<Self, Failure> {
        let times = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(times, &SECONDS);
        let handle = builder.and_then(PrometheusBuilder::install_recorder);
        handle.map(Self).map_err(Failure::cannot_run)
    }

    /// Sorts in what was counted since the last time; to be called every few seconds, or memory grows.
    pub(crate) fn upkeep(&self) {
        self.0.run_upkeep();
    }

    /// The route.
    pub(crate) fn routes(
        &self,
        store: Arc<EmbeddedStore>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Router<App> {
        let handle = self.0.clone();
        let render = async move |headers: HeaderMap| {
            access::check_who("/metrics", WHO, authenticator.caller(&headers)?.as_ref())?;
            let waiting = u32::try_from(store.waiting()).unwrap_or(u32::MAX);
            metrics::gauge!("store_decisions_waiting").set(f64::from(waiting));
            metrics::counter!("store_journal_bytes_total").absolute(store.journal_bytes());
            let text = handle.render();
            Ok::<_, Problem>(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text))
        };
        Router::new().route("/metrics", get(render))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::services::{HERE_ALONE, SERVICES};

    /// A right that no route asks for would be given and do nothing.
    #[test]
    fn every_scope_that_there_is_opens_something() {
        let services = SERVICES.into_iter().chain([HERE_ALONE]);
        let operations = services.flat_map(|service| service.operations);
        let all = operations.flat_map(|operation| operation.who).chain(WHO);
        let asked = all.filter_map(|who| match *who {
            Who::Service(scope) => Some(scope),
            Who::Nobody | Who::Owner | Who::Operator => None,
        });
        assert_eq!(asked.collect::<HashSet<_>>(), HashSet::from(Scope::ALL));
    }
}
