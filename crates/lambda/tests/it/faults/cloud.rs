//! What AWS does around the functions, as it is documented: a stream's batches go to the relay, and
//! come again from where it failed; topics hand on what a filter policy matches; an asynchronous call
//! is tried three times and then lies in the function's queue, from where it becomes a dead letter.
//! What is asked of the functions is not known here.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::{Store, Time};
use lambda::{Failure, Function, Handler, SERVICES};
use serde_json::{Value, json};
use store_dynamodb::Waits;
use store_dynamodb::emulator::{Emulator, create};
use store_dynamodb::tables::tables;
use store_embedded::policy::{Attributes, FilterPolicy};

use super::fault::{Asked, Fault, Rival};
use super::proxy::{Proxy, Signal};
use super::side::Side;
use super::streams::Streams;
use super::topics::Published;
use crate::functions::{HandClock, PublishedKeys, notification};

/// What stands before the names of tables and functions.
pub(super) const PREFIX: &str = "fintech";

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

/// Why an invocation has no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The function fails whenever it is called.
    Down,
    /// It ended while it ran.
    Ended,
    /// It says so itself.
    Failed(Failure),
}

/// See the file's comment.
pub(super) struct Cloud {
    pub(super) proxy: Proxy,
    pub(super) clock: Arc<HandClock>,
    /// Through the proxy, and past its faults.
    faulty: Side,
    calm: Side,
    pub(super) streams: Streams,
    /// The provider of sign-in.
    pub(super) provider: Arc<PublishedKeys>,
    pub(super) mishap: Mishap,
    /// Which request of each invocation goes wrong, and how.
    pub(super) fault: Option<(Fault, usize)>,
    /// What the invocations asked for, each.
    asked: Vec<Vec<Asked>>,
    /// Every function that was ever invoked where something can go wrong.
    pub(super) invoked: BTreeSet<String>,
    /// The function that fails whenever it is called.
    pub(super) down: Option<&'static str>,
    /// What lies in functions' queues.
    pub(super) dead: Vec<Value>,
    /// Everything that was published.
    pub(super) said: Vec<Published>,
    /// What somebody else does who comes first.
    pub(super) rival: Vec<(&'static str, Value)>,
}

impl Cloud {
    pub(super) async fn open(emulator: &Emulator, waits: Waits) -> Self {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::SeqCst);
        // Another process may use the same emulator.
        let prefix = format!("faults{}n{number}", std::process::id());
        let tables = tables(&SERVICES);
        create(&emulator.client(), &prefix, &tables).await.unwrap();
        let streams = Streams::open(emulator, &prefix, tables).await;
        let proxy = Proxy::before(emulator.endpoint()).await;
        let clock = Arc::new(HandClock::default());
        let provider = Arc::<PublishedKeys>::default();
        let side = |endpoint: &str| Side::open(endpoint, &prefix, (&clock, waits), &provider);
        Self {
            faulty: side(&proxy.endpoint),
            calm: side(&proxy.calm),
            proxy,
            clock,
            streams,
            provider: provider.clone(),
            mishap: Mishap::None,
            fault: None,
            asked: Vec::new(),
            invoked: BTreeSet::new(),
            down: None,
            dead: Vec::new(),
            said: Vec::new(),
            rival: Vec::new(),
        }
    }

    /// A new run begins: nothing goes wrong, nothing was said.
    pub(super) fn begin(&mut self) {
        (self.fault, self.mishap, self.down) = (None, Mishap::None, None);
        self.streams.begin();
        self.said.clear();
        self.dead.clear();
        self.rival.clear();
    }

    /// What each invocation asked for since this was last called.
    pub(super) fn asked(&mut self) -> Vec<Vec<Asked>> {
        self.asked.push(self.proxy.begin(None));
        std::mem::take(&mut self.asked)
    }

    /// The store, past all faults.
    pub(super) fn store(&self) -> Store {
        self.calm.store.clone()
    }

    /// Invokes a function once. One of its requests goes wrong, if that is set; should it be tried again,
    /// none does. Whatever it asks for its role allows.
    pub(super) async fn invoke(
        &mut self,
        name: &str,
        payload: &Value,
        attempt: usize,
    ) -> Result<Value, Unanswered> {
        if self.down == Some(name) {
            return Err(Unanswered::Down);
        }
        let before = self.proxy.begin(self.fault.filter(|_| attempt == 0));
        self.asked.push(before);
        self.invoked.insert(name.to_owned());
        self.proxy.is_asked_by(name);
        let answer = self.run(name, payload).await;
        assert_eq!(self.proxy.lacking(), [""; 0]);
        answer
    }

    async fn run(&mut self, name: &str, payload: &Value) -> Result<Value, Unanswered> {
        let payload = payload.to_string();
        let handler = self.faulty.function(name);
        let running = handler.handle(&payload, Time::MAX);
        tokio::pin!(running);
        loop {
            let signal = tokio::select! {
                biased;
                signal = self.proxy.signal() => signal,
                done = &mut running => {
                    let answer = done.map_err(Unanswered::Failed)?;
                    return Ok(serde_json::from_str(&answer).unwrap());
                }
            };
            match signal {
                Signal::Ends => return Err(Unanswered::Ended),
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
        self.proxy.is_asked_by(name);
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
                // What it says of the ledger holds: read again it may not see the same.
                Err(Unanswered::Failed(failure @ Failure::Ledger(_))) => panic!("{failure}"),
                Ok(_) | Err(_) => answers.push(answer),
            }
        }
        panic!("{name} does not come to an end: {answers:?}");
    }

    /// Until no stream shows anything more that is said, and everybody has heard it.
    pub(super) async fn settle(&mut self) {
        loop {
            for (function, payload) in self.proxy.topics.take_called() {
                self.call(&function_of(&function), &serde_json::from_str(&payload).unwrap()).await;
            }
            let mut is_quiet = true;
            for (service, records) in self.streams.read().await {
                is_quiet &= records.is_empty();
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
        self.streams.read().await;
    }

    /// Everything that was ever shown goes to the relays again, and what comes of it settles.
    pub(super) async fn relay_again(&mut self) {
        for (service, record) in self.streams.shown() {
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

/// The function's name in the manifest, by that on AWS.
pub(super) fn function_of(deployed: &str) -> String {
    deployed.trim_start_matches(PREFIX).trim_start_matches('-').replace('-', "_")
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
