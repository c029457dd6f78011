//! A deployment over the emulator's tables, in which everything travels as on AWS: requests as the
//! gateway's events, what records say through their tables' streams to the relays, messages to whoever
//! hears them. What it took is counted. Not in here: tests.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::Settings;
use kernel::{Clock, Context, CorrelationId, Envelope, Store, Time};
use lambda::{Base, Callers, Function, Handler, Metrics, SERVICES};
use loan::rate::RateTable;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use store_dynamodb::emulator::{Emulator, NOT_BUILT, Stream, create, size, skipped, streams};
use store_dynamodb::items::Item;
use store_dynamodb::tables::{SAYS, Table, tables};
use store_dynamodb::{DynamoStore, Observer, Options};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::functions::{HandClock, POOL, PublishedKeys, Topics, keys_of, notification};

/// See the file's comment.
pub(crate) struct Wired {
    store: Arc<DynamoStore>,
    streams: Vec<(Table, Stream)>,
    topics: Arc<Topics>,
    callers: Arc<Callers>,
    pub(crate) clock: Arc<HandClock>,
    functions: BTreeMap<String, Handler>,
    counted: Arc<Counted>,
    /// The bytes of each item that was written, by its key.
    sizes: BTreeMap<String, usize>,
    /// Everything that was published.
    pub(crate) events: Vec<Envelope>,
    _emulator: Emulator,
}

/// What it took, by words of ours.
#[derive(Default)]
struct Counted(Mutex<BTreeMap<String, f64>>);

impl Counted {
    fn add(&self, what: impl Into<String>, count: f64) {
        *self.0.lock().entry(what.into()).or_default() += count;
    }
}

impl Observer for Counted {
    fn used(&self, operation: &'static str, capacity: &ConsumedCapacity) {
        let writes = matches!(operation, "PutItem" | "TransactWriteItems");
        let word = if writes { "write_units" } else { "read_units" };
        self.add(word, capacity.capacity_units().unwrap());
        self.add("store_requests", 1.0);
    }
}

thread_local! {
    /// What was logged on this thread, which is a test's own.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes log lines to where they are kept. One for all tests: what a thread of its own logs by a
/// subscriber of its own is not always seen.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wired {
    /// None, said so, where the emulator was not built.
    pub(crate) async fn open() -> Option<Self> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        static LOGGING: Once = Once::new();
        let Some(emulator) = Emulator::start().unwrap() else {
            skipped(NOT_BUILT);
            return None;
        };
        let number = OPENED.fetch_add(1, Ordering::SeqCst);
        // Another process may use the same emulator.
        let prefix = format!("wired{}n{number}", std::process::id());
        let tables = tables(&SERVICES);
        create(&emulator.client(), &prefix, &tables).await.unwrap();
        let streams = streams(&emulator, &prefix, &tables).await.unwrap();
        let counted = Arc::new(Counted::default());
        let observer: Arc<dyn Observer> = Arc::<Counted>::clone(&counted);
        let clock = Arc::new(HandClock::default());
        let options = Options {
            clock: Arc::<HandClock>::clone(&clock),
            observer: Some(observer),
            ..Options::new(emulator.client(), &prefix, tables.clone())
        };
        LOGGING.call_once(|| {
            let lines = lambda::log::lines("debug", || Lines);
            tracing_subscriber::registry().with(lines).init();
        });
        let store = Arc::new(DynamoStore::new(options));
        let shared = Store::new(Arc::<DynamoStore>::clone(&store));
        let context = Context::request(CorrelationId(1), None);
        shared.decide(keys_of(&POOL), context).await.unwrap();
        // As when a function starts.
        let callers = Callers::new(POOL.policy(), shared);
        callers.refresh().await.unwrap();
        Some(Self {
            store,
            callers: Arc::new(callers),
            streams: tables.into_iter().zip(streams).collect(),
            topics: Arc::default(),
            clock,
            functions: BTreeMap::new(),
            counted,
            sizes: BTreeMap::new(),
            events: Vec::new(),
            _emulator: emulator,
        })
    }

    /// Calls a function by the gateway.
    pub(crate) async fn call(&mut self, name: &str, event: &Value) -> Value {
        self.counted.add("gateway_requests", 1.0);
        let answer = self.invoke(name, event).await;
        let body = answer["body"].as_str().unwrap();
        self.counted.add("answer_bytes", number(body.len()));
        let body: Value = serde_json::from_str(body).unwrap();
        assert!(answer["statusCode"].as_u64().unwrap() < 300, "{name}: {answer}");
        body
    }

    pub(crate) async fn invoke(&mut self, name: &str, event: &Value) -> Value {
        self.counted.add("invocations", 1.0);
        if !self.functions.contains_key(name) {
            self.functions.insert(name.to_owned(), self.function(name));
        }
        let handled = self.functions[name].handle(&event.to_string(), Time::MAX).await;
        serde_json::from_str(&handled.unwrap()).unwrap()
    }

    fn function(&self, name: &str) -> Handler {
        let base = Base {
            store: Store::new(Arc::<DynamoStore>::clone(&self.store)),
            events: Arc::new(kernel::memory::MemoryStore::default()),
            prefix: "wired".to_owned(),
            publisher: Arc::<Topics>::clone(&self.topics),
            callers: Arc::clone(&self.callers),
            keys: Arc::new(PublishedKeys::default()),
            metrics: Arc::new(Metrics::of("fintech")),
            settings: Settings { self_funding: true, ..Settings::new([7; 32]) },
            loan_rates: RateTable::default(),
            edge: None,
        };
        Handler::new(Function::named(name).unwrap(), base)
    }

    /// Until no stream shows anything more that is said.
    pub(crate) async fn settle(&mut self) {
        loop {
            let mut shown = Vec::new();
            for (table, stream) in &mut self.streams {
                let items = stream.read().await.unwrap();
                self.counted.add("stream_records", number(items.len()));
                for item in &items {
                    let key = format!("{:?} {:?}", item["id"], item["sequence"]);
                    self.sizes.insert(key, size(item));
                }
                let saying = items.into_iter().filter(|item| item.contains_key(SAYS));
                shown.extend(saying.map(|item| (table.service, image(&item))));
            }
            if shown.is_empty() {
                return;
            }
            for (service, image) in shown {
                self.relay(service, image).await;
            }
        }
    }

    /// A relay's invocation, and what comes of what it publishes.
    async fn relay(&mut self, service: &str, image: Value) {
        let mut event: Value = serde_json::from_str(include_str!("../events/stream.json")).unwrap();
        event["Records"][0]["dynamodb"]["NewImage"] = image;
        let answer = self.invoke(&format!("relay_{service}"), &event).await;
        assert_eq!(answer["batchItemFailures"], json!([]));
        for message in self.topics.take() {
            self.counted.add("publishes", 1.0);
            let event = Envelope::read(&message.body).unwrap();
            for function in Function::all() {
                if let Function::Subscription(service, subscription) = function
                    && subscription.topic == message.kind.topic()
                    && subscription.hears.contains(&message.kind)
                {
                    self.counted.add("deliveries", 1.0);
                    self.invoke(subscription.name, &notification(&message.body)).await;
                    if !service.sagas.is_empty() {
                        let metrics = Metrics::of("fintech");
                        let line = metrics.saga_line(&event, self.clock.now()).to_string();
                        self.log_bytes(line.len() + 1, 1);
                    }
                }
            }
            self.events.push(event);
        }
    }

    fn log_bytes(&self, bytes: usize, lines: usize) {
        self.counted.add("log_bytes", number(bytes));
        self.counted.add("log_lines", number(lines));
    }

    /// What was logged since it was last asked. What is logged at the level `info`, which is that of
    /// a deployment, is counted.
    pub(crate) fn logged(&self) -> Vec<Value> {
        let text = String::from_utf8(LINES.take()).unwrap();
        let parsed = text.lines().map(|text| (text, serde_json::from_str::<Value>(text).unwrap()));
        let lines = parsed.inspect(|(text, line)| {
            if line["level"] != "DEBUG" {
                self.log_bytes(text.len() + 1, 1);
            }
        });
        lines.map(|(_, line)| line).collect()
    }

    /// What it took since it was last asked.
    pub(crate) fn counted(&mut self) -> BTreeMap<String, f64> {
        drop(self.logged());
        self.counted.add("stored_bytes", number(std::mem::take(&mut self.sizes).values().sum()));
        let mut counted = std::mem::take(&mut *self.counted.0.lock());
        counted.retain(|_, count| *count > 0.0);
        counted
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// An item as a stream shows it.
pub(crate) fn image(item: &Item) -> Value {
    let attributes = item.iter().map(|(name, value)| (name.clone(), attribute(value)));
    Value::Object(attributes.collect::<Map<_, _>>())
}

fn attribute(value: &AttributeValue) -> Value {
    if let Ok(text) = value.as_s() {
        return json!({ "S": text });
    }
    if let Ok(digits) = value.as_n() {
        return json!({ "N": digits });
    }
    if let Ok(bytes) = value.as_b() {
        return json!({ "B": STANDARD.encode(bytes) });
    }
    if let Ok(list) = value.as_l() {
        return json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() });
    }
    json!({ "M": image(value.as_m().unwrap()) })
}
