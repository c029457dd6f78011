//! A small deployment: every function by its name over one store in memory, the topics that its relays
//! would fill, and the provider of sign-in. Not in here: tests.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http_api::Settings;
use kernel::memory::MemoryStore;
use kernel::store::{BoxFuture, StorePort};
use kernel::time::System;
use kernel::{
    Caller, Clock, Context, CorrelationId, Envelope, Role, Store, StoreError, Subject, Time, Topic,
};
use lambda::{
    Base, Callers, Edge, Events, Failure, Function, Handler, KeySource, Message, Metrics,
    Publisher, Subscribers, Unpublished,
};
use loan::rate::RateTable;
use operations::keys::KeepKeys;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokens::Family;

use crate::bearer::Issuer;

/// The provider of sign-in. Its keys are those that are kept.
pub(crate) static POOL: LazyLock<Issuer> = LazyLock::new(|| Issuer::of(Family::Cognito));

/// Keys as `keep_signing_keys` leaves them.
pub(crate) fn keys_of(issuer: &Issuer) -> KeepKeys {
    let keys = String::from_utf8(issuer.forge.jwks()).unwrap();
    KeepKeys { issuer: issuer.forge.issuer.clone(), keys }
}

/// A store in which that is all.
pub(crate) fn kept_keys(issuer: &Issuer) -> MemoryStore {
    let memory = MemoryStore::with(Arc::new(System), Arc::new(System));
    memory.run(&keys_of(issuer), Context::request(CorrelationId(1), None)).unwrap();
    memory
}

/// What the provider publishes of its keys; nothing: it is down.
#[derive(Default)]
pub(crate) struct PublishedKeys(pub(crate) Mutex<Option<Vec<u8>>>);

impl KeySource for PublishedKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        let published = self.0.lock().clone().ok_or_else(|| "it is down".to_owned());
        Box::pin(async move { published })
    }
}

/// What stands behind the functions.
pub(crate) struct Deployment {
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) published: Arc<Topics>,
    pub(crate) called: Arc<Called>,
    pub(crate) keys: Arc<PublishedKeys>,
    clock: Arc<HandClock>,
    /// The edge before the gateway, if there is one.
    pub(crate) edge: Option<Edge>,
}

/// A clock that moves when it is told.
pub(crate) struct HandClock(AtomicI64);

impl Default for HandClock {
    /// It shows the machine's time.
    fn default() -> Self {
        Self(AtomicI64::new(System.now().micros()))
    }
}

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        // Two moments are never the same.
        Time::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// The topics: what was published, and from which message on it is refused.
pub(crate) struct Topics {
    published: Mutex<Vec<Message>>,
    refused_from: AtomicUsize,
    is_final: AtomicBool,
}

impl Default for Topics {
    fn default() -> Self {
        let refused_from = AtomicUsize::new(usize::MAX);
        Self { published: Mutex::default(), refused_from, is_final: AtomicBool::new(false) }
    }
}

impl Topics {
    /// What was published since it was last asked.
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.published.lock())
    }

    /// From now on no more than so many are taken.
    pub(crate) fn refuse_from(&self, count: usize) {
        self.refused_from.store(count, Ordering::Relaxed);
    }

    /// What is refused will never be taken.
    pub(crate) fn refuse_for_good(&self) {
        self.is_final.store(true, Ordering::Relaxed);
    }
}

impl Publisher for Topics {
    fn publish<'a>(
        &'a self,
        topic: Topic,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Result<(), Unpublished>> {
        assert!(batch.len() <= 10 && batch.iter().all(|message| message.kind.topic() == topic));
        let mut published = self.published.lock();
        let room = self.refused_from.load(Ordering::Relaxed) - published.len();
        published.extend(batch.iter().take(room).cloned());
        let result = if room < batch.len() {
            let is_final = self.is_final.load(Ordering::Relaxed);
            Err(Unpublished { first: room, reason: "full".to_owned(), is_final })
        } else {
            Ok(())
        };
        Box::pin(async move { result })
    }
}

/// Who was given a message again.
#[derive(Default)]
pub(crate) struct Called {
    calls: Mutex<Vec<(String, String)>>,
    is_refused: AtomicBool,
    dies: Mutex<Option<(Arc<Handler>, Value)>>,
}

impl Called {
    /// Who was given what since it was last asked.
    pub(crate) fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.calls.lock())
    }

    /// From now on nobody can be called.
    pub(crate) fn refuses(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// At the next call the function fails at once, and a queue has told it before the call ends.
    pub(crate) fn dies(&self, deployment: &Deployment, told: Value) {
        let keeper = Arc::new(deployment.handler("keep_dead_letters"));
        *self.dies.lock() = Some((keeper, told));
    }
}

impl Subscribers for Called {
    fn call<'a>(
        &'a self,
        function: &'a str,
        _: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if self.is_refused.load(Ordering::Relaxed) {
                return Err(StoreError::Unavailable("nobody can be called".to_owned()));
            }
            self.calls.lock().push((function.to_owned(), message.to_owned()));
            let dies = self.dies.lock().take();
            if let Some((keeper, told)) = dies {
                keeper.handle(&told.to_string(), Time::MAX).await.unwrap();
            }
            Ok(())
        })
    }
}

/// An answer of an operation.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) headers: Value,
    pub(crate) body: Value,
}

impl Deployment {
    /// The keys of the pool are kept.
    pub(crate) fn new() -> Self {
        let new = Self::without_keys();
        let context = Context::request(CorrelationId(1), None);
        new.memory.run(&keys_of(&POOL), context).unwrap();
        new
    }

    /// Before `keep_signing_keys` ran.
    pub(crate) fn without_keys() -> Self {
        let clock = Arc::new(HandClock::default());
        let given: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        let published = Topics::default();
        let memory = Arc::new(MemoryStore::with(given, Arc::new(System)));
        let (called, keys) = (Arc::default(), Arc::default());
        let published = Arc::new(published);
        Self { memory, published, called, keys, clock, edge: None }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    pub(crate) fn handler(&self, name: &str) -> Handler {
        let function = Function::named(name).unwrap_or_else(|| panic!("no function {name}"));
        let port: Arc<dyn StorePort> = Arc::<MemoryStore>::clone(&self.memory);
        let store = Store::new(port);
        let called: Arc<dyn Subscribers> = Arc::<Called>::clone(&self.called);
        let base = Base {
            events: Arc::new(Events::new(store.clone(), called)),
            callers: Arc::new(Callers::new(POOL.policy(), store.clone())),
            keys: Arc::<PublishedKeys>::clone(&self.keys),
            store,
            prefix: "fintech".to_owned(),
            publisher: Arc::<Topics>::clone(&self.published),
            metrics: Arc::new(Metrics::of("fintech")),
            settings: Settings { self_funding: true, ..Settings::new([7; 32]) },
            loan_rates: RateTable::default(),
            edge: self.edge.clone(),
        };
        Handler::new(function, base)
    }

    /// Invokes a function with a payload.
    pub(crate) async fn invoke(&self, name: &str, payload: &Value) -> Result<Value, Failure> {
        let answer = self.handler(name).handle(&payload.to_string(), Time::MAX).await?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// Invokes an operation through the gateway.
    pub(crate) async fn call(&self, name: &str, event: &Value) -> Answer {
        let answer = self.invoke(name, event).await.unwrap();
        let body = answer["body"].as_str().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        let status = answer["statusCode"].as_u64().unwrap();
        Answer { status, headers: answer["headers"].clone(), body }
    }

    /// Hands an event to a subscription as SNS does.
    pub(crate) async fn deliver(&self, name: &str, event: &Envelope) -> Result<Value, Failure> {
        self.invoke(name, &notification(&serde_json::to_string(event).unwrap())).await
    }

    /// Delivers everything that was said from place `from` on, and what that causes, to whoever
    /// hears it. Gives back how much was said in all.
    pub(crate) async fn settle(&self, from: usize) -> usize {
        let mut next = from;
        loop {
            let Some(event) = self.memory.said().get(next).cloned() else { return next };
            next += 1;
            for function in Function::all() {
                if let Function::Subscription(_, subscription) = function
                    && subscription.hears.contains(&event.kind())
                {
                    self.deliver(subscription.name, &event).await.unwrap();
                }
            }
        }
    }
}

/// Who calls where nobody else is said to.
const PERSON: &str = "5ebf32cf-0000-4000-8000-000000000001";

/// A documented event of the gateway with this method, path and body, from a person.
pub(crate) fn request(method: &str, path: &str, body: Option<&Value>) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../events/gateway.json")).unwrap();
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    let key = format!("{method} {path} {}", body.unwrap_or(&Value::Null)).replace(' ', "_");
    event["headers"]["idempotency-key"] = json!(key.chars().take(200).collect::<String>());
    match body {
        Some(body) => event["body"] = json!(body.to_string()),
        None => {
            event.as_object_mut().unwrap().remove("body");
            event["headers"].as_object_mut().unwrap().remove("content-type");
            event["headers"].as_object_mut().unwrap().remove("content-length");
        }
    }
    by_person(PERSON, event)
}

/// The same from an operator.
pub(crate) fn by_operator(event: Value) -> Value {
    by("0a0b0c0d-0000-4000-8000-000000000002", Role::Operator, event)
}

/// The same from that person.
pub(crate) fn by_person(sub: &str, event: Value) -> Value {
    by(sub, Role::Customer, event)
}

/// The same with the token of somebody.
fn by(sub: &str, role: Role, event: Value) -> Value {
    with_token(&POOL.token(&Caller { sub: Subject::new(sub).unwrap(), role }), event)
}

/// The same with that token.
pub(crate) fn with_token(token: &str, mut event: Value) -> Value {
    event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    event
}

/// The same from nobody.
pub(crate) fn by_nobody(mut event: Value) -> Value {
    event["headers"].as_object_mut().unwrap().remove("authorization");
    event
}

/// A documented event of SNS with this message.
pub(crate) fn notification(message: &str) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../events/sns.json")).unwrap();
    event["Records"][0]["Sns"]["Message"] = json!(message);
    event
}
