//! What AWS does around the functions, as it is documented: a stream's batches go to the relay, and
//! come again from where it failed; topics hand on what a filter policy matches; an asynchronous call
//! is tried three times and then lies in the function's queue, from where it becomes a dead letter.
//! What is asked of the functions is not known here.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_api::Settings;
use kernel::{Store, Time, Topic};
use lambda::{Base, Callers, Events, Function, Handler, LambdaSubscribers, SERVICES, SnsPublisher};
use loan::rate::RateTable;
use serde_json::{Value, json};
use store_dynamodb::emulator::{Emulator, Stream, create, streams};
use store_dynamodb::tables::{SAYS, Table, tables};
use store_dynamodb::{Aws, DynamoStore, Options, Reach, Waits};
use store_embedded::policy::{Attributes, FilterPolicy};

use super::fault::{Fault, Rival};
use super::proxy::{Proxy, Signal};
use super::topics::Published;
use crate::functions::{HandClock, POOL, PublishedKeys, kept_keys, notification};
use crate::wired::image;

/// What stands before the names of tables and functions.
const PREFIX: &str = "fintech";

/// How often an asynchronous call is tried.
const ATTEMPTS: usize = 3;

/// How often something is asked again that must come to its end.
const AGAIN_MAX: usize = 10;

/// Calls give up soon: whoever asked asks again.
pub(super) const SOON: Waits = Waits {
    first: Duration::from_millis(1),
    longest: Duration::from_millis(8),
    deadline: Duration::from_millis(40),
};

/// Calls go on until they are done, however busy the machine is.
pub(super) const NEVER: Waits = Waits { deadline: Duration::from_secs(60 * 60), ..SOON };

/// What goes wrong between the functions, once in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// Nothing.
    None,
    /// A stream's batch goes to the relay twice.
    RelayedTwice,
    /// When all is done the streams are read from their beginnings once more.
    RelayedAgain,
    /// What was published last comes first.
    Backwards,
    /// Everything that was published comes twice.
    HeardTwice,
}

impl Mishap {
    pub(super) const ALL: [Self; 4] =
        [Self::RelayedTwice, Self::RelayedAgain, Self::Backwards, Self::HeardTwice];
}

/// See the file's comment.
pub(super) struct Cloud {
    pub(super) proxy: Proxy,
    pub(super) clock: Arc<HandClock>,
    /// Through the proxy, and past its faults.
    faulty: Side,
    calm: Side,
    streams: Vec<(Table, Stream)>,
    /// Every record that a stream has shown, with its service.
    shown: Vec<(&'static str, Value)>,
    pub(super) mishap: Mishap,
    /// Which request of each invocation goes wrong, and how.
    pub(super) fault: Option<(Fault, usize)>,
    /// What the invocations asked for, each.
    asked: Vec<Vec<String>>,
    /// The function that fails whenever it is called.
    pub(super) down: Option<&'static str>,
    /// What lies in functions' queues.
    pub(super) dead: Vec<Value>,
    /// Everything that was published.
    pub(super) said: Vec<Published>,
    /// What somebody else does who comes first.
    pub(super) rival: Vec<(&'static str, Value)>,
}

/// Functions over one way to the tables.
struct Side {
    base: Box<dyn Fn() -> Base>,
    pub(super) store: Store,
    functions: BTreeMap<String, Arc<Handler>>,
}

impl Cloud {
    pub(super) async fn open(emulator: &Emulator, waits: Waits) -> Self {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::SeqCst);
        // Another process may use the same emulator.
        let prefix = format!("faults{}n{number}", std::process::id());
        let tables = tables(&SERVICES);
        create(&emulator.client(), &prefix, &tables).await.unwrap();
        let streams = streams(emulator, &prefix, &tables).await.unwrap();
        let proxy = Proxy::before(emulator.endpoint()).await;
        let clock = Arc::new(HandClock::default());
        let side = |endpoint: &str| Side::open(endpoint, &prefix, &clock, waits);
        Self {
            faulty: side(&proxy.endpoint),
            calm: side(&proxy.calm),
            proxy,
            clock,
            streams: tables.into_iter().zip(streams).collect(),
            shown: Vec::new(),
            mishap: Mishap::None,
            fault: None,
            asked: Vec::new(),
            down: None,
            dead: Vec::new(),
            said: Vec::new(),
            rival: Vec::new(),
        }
    }

    /// A new run begins: nothing goes wrong, nothing was said.
    pub(super) fn begin(&mut self) {
        (self.fault, self.mishap, self.down) = (None, Mishap::None, None);
        self.shown.clear();
        self.said.clear();
        self.dead.clear();
        self.rival.clear();
    }

    /// What each invocation asked for since this was last called.
    pub(super) fn asked(&mut self) -> Vec<Vec<String>> {
        self.asked.push(self.proxy.begin(None));
        std::mem::take(&mut self.asked)
    }

    /// The store, past all faults.
    pub(super) fn store(&self) -> Store {
        self.calm.store.clone()
    }

    /// Invokes a function once. One of its requests goes wrong, if that is set; should it be tried again,
    /// none does.
    pub(super) async fn invoke(
        &mut self,
        name: &str,
        payload: &Value,
        attempt: usize,
    ) -> Result<Value, String> {
        if self.down == Some(name) {
            return Err("it is down".to_owned());
        }
        let before = self.proxy.begin(self.fault.filter(|_| attempt == 0));
        self.asked.push(before);
        let payload = payload.to_string();
        let handler = self.faulty.function(name);
        let running = handler.handle(&payload, Time::MAX);
        tokio::pin!(running);
        loop {
            let signal = tokio::select! {
                biased;
                signal = self.proxy.signal() => signal,
                done = &mut running => {
                    let answer = done.map_err(|failure| failure.to_string())?;
                    return Ok(serde_json::from_str(&answer).unwrap());
                }
            };
            match signal {
                Signal::Ends => return Err("it ended".to_owned()),
                Signal::Overtaken(rival) => {
                    match rival {
                        // Whether it succeeds is told by the end.
                        Rival::Itself => {
                            drop(self.calm.function(name).handle(&payload, Time::MAX).await);
                        }
                        Rival::Another => {
                            for (name, payload) in self.rival.clone() {
                                let answer = self.invoke_calmly(name, &payload).await;
                                // What could not be taken out is not put in again.
                                if answer["statusCode"] != 200 {
                                    break;
                                }
                            }
                        }
                    }
                    self.proxy.go_on();
                }
            }
        }
    }

    /// Invokes a function past all faults.
    pub(super) async fn invoke_calmly(&mut self, name: &str, payload: &Value) -> Value {
        let handled = self.calm.function(name).handle(&payload.to_string(), Time::MAX).await;
        serde_json::from_str(&handled.unwrap()).unwrap()
    }

    /// A function over the faults, for who calls it many times at once.
    pub(super) fn handler(&mut self, name: &str) -> Arc<Handler> {
        self.faulty.function(name)
    }

    /// Asks a function until it has done it: a schedule that comes again, a queue.
    pub(super) async fn insist(&mut self, name: &str, payload: &Value) -> Value {
        let mut answers = Vec::new();
        for attempt in 0..AGAIN_MAX {
            let answer = self.invoke(name, payload, attempt).await;
            match answer {
                Ok(answer) if answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty) => {
                    return answer;
                }
                Ok(_) | Err(_) => answers.push(answer),
            }
        }
        panic!("{name} does not come to an end: {answers:?}");
    }

    /// Until no stream shows anything more that is said, and everybody has heard it.
    pub(super) async fn settle(&mut self) {
        loop {
            for (function, payload) in self.proxy.topics.take_called() {
                let name =
                    function.trim_start_matches(PREFIX).trim_start_matches('-').replace('-', "_");
                self.call(&name, &serde_json::from_str(&payload).unwrap()).await;
            }
            let mut is_quiet = true;
            for place in 0..self.streams.len() {
                let (table, stream) = &mut self.streams[place];
                let service = table.service;
                let items = stream.read().await.unwrap();
                let saying = items.iter().filter(|item| item.contains_key(SAYS)).map(image);
                let records: Vec<_> = saying.collect();
                is_quiet &= records.is_empty();
                self.shown.extend(records.iter().map(|record| (service, record.clone())));
                self.relay(service, &records).await;
                if self.mishap == Mishap::RelayedTwice {
                    self.relay(service, &records).await;
                }
            }
            self.deliver().await;
            if is_quiet {
                return;
            }
        }
    }

    /// What streams have not yet shown is never shown.
    pub(super) async fn forget(&mut self) {
        for (_, stream) in &mut self.streams {
            stream.read().await.unwrap();
        }
    }

    /// Everything that was ever shown goes to the relays again, and what comes of it settles.
    pub(super) async fn relay_again(&mut self) {
        for (service, record) in self.shown.clone() {
            self.relay(service, &[record]).await;
        }
        self.deliver().await;
        self.settle().await;
    }

    /// A batch of a stream. What the relay names comes again with all after it; a batch that fails as a
    /// whole is halved.
    async fn relay(&mut self, service: &str, records: &[Value]) {
        let name = format!("relay_{service}");
        let mut batches = VecDeque::from([(0, records.len())]);
        let mut attempt = 0;
        while let Some((from, to)) = batches.pop_front() {
            if from == to {
                continue;
            }
            assert!(attempt < AGAIN_MAX, "{name} does not come to an end");
            let answer = self.invoke(&name, &stream(from, &records[from..to]), attempt).await;
            attempt += 1;
            match answer {
                Ok(answer) => {
                    if let Some(failed) = answer["batchItemFailures"][0]["itemIdentifier"].as_str()
                    {
                        batches.push_front((failed.parse().unwrap(), to));
                    }
                }
                Err(_) => {
                    let middle = from + (to - from).div_ceil(2);
                    batches.push_front((middle, to));
                    batches.push_front((from, middle));
                }
            }
        }
    }

    /// What was published goes to everybody whose policy it matches.
    async fn deliver(&mut self) {
        let mut published = self.proxy.topics.take_published();
        self.said.extend(published.iter().cloned());
        match self.mishap {
            Mishap::Backwards => published.reverse(),
            Mishap::HeardTwice => {
                let twice = published.iter().flat_map(|one| [one.clone(), one.clone()]);
                published = twice.collect();
            }
            Mishap::None | Mishap::RelayedTwice | Mishap::RelayedAgain => {}
        }
        for Published { topic, body, attributes } in published {
            let attributes = Attributes::from_json(&attributes).unwrap();
            for function in Function::all() {
                let Function::Subscription(_, subscription) = function else { continue };
                let policy = FilterPolicy::from_json(&subscription.filter_policy()).unwrap();
                if topic == subscription.topic.name() && policy.matches(&attributes) {
                    self.call(subscription.name, &notification(&body)).await;
                }
            }
        }
    }

    /// An asynchronous call: tried as often as Lambda does it, then it lies in the function's queue.
    async fn call(&mut self, name: &str, payload: &Value) {
        for attempt in 0..ATTEMPTS {
            if self.invoke(name, payload, attempt).await.is_ok() {
                return;
            }
        }
        let mut record: Value =
            serde_json::from_str(include_str!("../../events/failed.json")).unwrap();
        record["requestPayload"] = payload.clone();
        let mut letter: Value =
            serde_json::from_str(include_str!("../../events/sqs.json")).unwrap();
        let queue = format!("{PREFIX}-{}-failed", name.replace('_', "-"));
        letter["Records"][0]["eventSourceARN"] =
            json!(format!("arn:aws:sqs:us-east-1:123456789012:{queue}"));
        letter["Records"][0]["body"] = json!(record.to_string());
        self.dead.push(letter);
    }

    /// How many events were said, each counted once.
    pub(super) fn said(&self) -> Vec<Value> {
        let mut seen = HashSet::new();
        let events = self.said.iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
        events.filter(|event| seen.insert(event["id"].as_str().unwrap().to_owned())).collect()
    }
}

impl Side {
    fn open(endpoint: &str, prefix: &str, clock: &Arc<HandClock>, waits: Waits) -> Self {
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
        let base = move || {
            let topics =
                Topic::ALL.map(|topic| (topic, format!("arn:aws:sns:x:y:{}", topic.name())));
            let sns = aws_sdk_sns::Client::new(&config);
            let called = LambdaSubscribers::new(reach.clone(), PREFIX.to_owned());
            Base {
                store: given.clone(),
                events: Arc::new(Events::new(given.clone(), Arc::new(called))),
                prefix: PREFIX.to_owned(),
                publisher: Arc::new(SnsPublisher::new(sns, topics.to_vec())),
                callers: Arc::clone(&callers),
                keys: Arc::new(PublishedKeys::default()),
                conflicts: Arc::default(),
                settings: Settings { self_funding: true, ..Settings::new([7; 32]) },
                loan_rates: RateTable::default(),
                edge: None,
            }
        };
        Self { base: Box::new(base), store, functions: BTreeMap::new() }
    }

    fn function(&mut self, name: &str) -> Arc<Handler> {
        let base = &self.base;
        let made = self.functions.entry(name.to_owned()).or_insert_with(|| {
            let function = Function::named(name).unwrap_or_else(|| panic!("no function {name}"));
            Arc::new(Handler::new(function, base()))
        });
        Arc::clone(made)
    }
}

/// An invocation of a relay with these records, whose sequence numbers begin with `from`.
fn stream(from: usize, images: &[Value]) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../../events/stream.json")).unwrap();
    let record = event["Records"][0].clone();
    let records = images.iter().enumerate().map(|(place, image)| {
        let mut record = record.clone();
        record["dynamodb"]["NewImage"] = image.clone();
        record["dynamodb"]["SequenceNumber"] = json!((from + place).to_string());
        record
    });
    event["Records"] = Value::Array(records.collect());
    event
}
