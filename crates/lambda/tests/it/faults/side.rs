//! Functions over one way to the tables, each made when it is first asked for. What becomes of what they
//! ask for is not known here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http_api::Settings;
use kernel::{Store, Topic};
use lambda::{
    Base, Callers, Events, Function, Handler, LambdaSubscribers, Metrics, SERVICES, SnsPublisher,
};
use loan::rate::RateTable;
use store_dynamodb::tables::tables;
use store_dynamodb::{Aws, DynamoStore, Options, Reach, Waits};

use super::cloud::PREFIX;
use crate::functions::{HandClock, POOL, PublishedKeys, kept_keys};

/// See the file's comment.
pub(super) struct Side {
    base: Box<dyn Fn() -> Base>,
    pub(super) store: Store,
    functions: BTreeMap<String, Arc<Handler>>,
}

impl Side {
    pub(super) fn open(
        endpoint: &str,
        prefix: &str,
        (clock, waits): (&Arc<HandClock>, Waits),
        provider: &Arc<PublishedKeys>,
    ) -> Self {
        let reach = Reach::new(&Aws {
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            credentials: ["test", "test", ""].map(str::to_owned),
            authorities: None,
        });
        let reach = reach.unwrap();
        let config = reach.config().clone();
        let again_at_once = config.retry_config().cloned().unwrap();
        let again_at_once = again_at_once.with_initial_backoff(Duration::from_millis(1));
        let config = config.into_builder().retry_config(again_at_once).build();
        let options = Options {
            clock: Arc::<HandClock>::clone(clock),
            waits,
            ..Options::new(aws_sdk_dynamodb::Client::new(&config), prefix, tables(&SERVICES))
        };
        let store = Store::new(Arc::new(DynamoStore::new(options)));
        let given = store.clone();
        // Apart, so that reading them is no request that goes wrong.
        let callers = Callers::new(POOL.policy(), Store::new(Arc::new(kept_keys(&POOL))));
        let callers = Arc::new(callers);
        let provider = Arc::clone(provider);
        let base = move || {
            let topics =
                Topic::ALL.map(|topic| (topic, format!("arn:aws:sns:x:y:{}", topic.name())));
            let called = LambdaSubscribers::new(reach.clone(), PREFIX.to_owned());
            Base {
                store: given.clone(),
                events: Arc::new(Events::new(given.clone(), Arc::new(called))),
                prefix: PREFIX.to_owned(),
                publisher: Arc::new(SnsPublisher::new(reach.clone(), topics.to_vec())),
                callers: Arc::clone(&callers),
                keys: Arc::<PublishedKeys>::clone(&provider),
                metrics: Arc::new(Metrics::of(PREFIX)),
                settings: Settings { self_funding: true, ..Settings::new([7; 32]) },
                loan_rates: RateTable::default(),
                edge: None,
            }
        };
        Self { base: Box::new(base), store, functions: BTreeMap::new() }
    }

    pub(super) fn function(&mut self, name: &str) -> Arc<Handler> {
        let base = &self.base;
        let made = self.functions.entry(name.to_owned()).or_insert_with(|| {
            let function = Function::named(name).unwrap_or_else(|| panic!("no function {name}"));
            Arc::new(Handler::new(function, base()))
        });
        Arc::clone(made)
    }
}
