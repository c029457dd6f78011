//! What stands between the SDK and AWS: an emulator of DynamoDB behind it, topics and functions that
//! are played here. One request of an invocation goes wrong, as it is told; what no emulator makes is
//! made here.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::fault::{Asked, Fate, Fault, Rival};
use super::message::{Message, refusal, version};
use super::role::Role;
use super::topics::Topics;

/// See the file's comment.
pub(super) struct Proxy {
    /// Where requests go wrong.
    pub(super) endpoint: String,
    /// Where they do not.
    pub(super) calm: String,
    pub(super) topics: Arc<Topics>,
    shared: Arc<Shared>,
}

/// What an invocation is told of while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// It ends here.
    Ends,
    /// Somebody else comes first; [`Proxy::go_on`] says when he was there.
    Overtaken(Rival),
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    signalled: Notify,
    goes_on: Notify,
}

#[derive(Default)]
struct State {
    /// The fault, and which of the requests that it can befall goes wrong, counted from 0.
    fault: Option<(Fault, usize)>,
    /// What was asked since the invocation began.
    asked: Vec<Asked>,
    /// Who asks.
    role: Option<Role>,
    /// What was asked for and is not allowed.
    lacking: Vec<String>,
    /// How many of them the fault can befall.
    came: usize,
    struck: usize,
    signal: Option<Signal>,
    /// The operation after whose first request nothing is allowed.
    last: Option<&'static str>,
    is_over: bool,
    /// Every second write is one too many for its table.
    is_hot: bool,
    /// Writes that came to a hot table.
    writes: usize,
}

impl Proxy {
    /// Before the emulator that listens at this address.
    pub(super) async fn before(emulator: &str) -> Self {
        let (topics, shared) = (Arc::<Topics>::default(), Arc::<Shared>::default());
        let mut endpoints = Vec::new();
        for faults in [Some(shared.clone()), None] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            endpoints.push(format!("http://{}", listener.local_addr().unwrap()));
            let behind = emulator.trim_start_matches("http://").to_owned();
            let topics = Arc::clone(&topics);
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    let _sent_at_once = client.set_nodelay(true);
                    let back =
                        Back { behind: behind.clone(), server: None, topics: topics.clone() };
                    tokio::spawn(serve(client, back, faults.clone()));
                }
            });
        }
        let [endpoint, calm] = endpoints.try_into().unwrap();
        Self { endpoint, calm, topics, shared }
    }

    /// An invocation begins, in which that goes wrong. Gives back what the one before asked for.
    pub(super) fn begin(&self, fault: Option<(Fault, usize)>) -> Vec<Asked> {
        let mut state = self.shared.state.lock();
        (state.fault, state.came) = (fault, 0);
        std::mem::take(&mut state.asked)
    }

    /// From now on this function asks.
    pub(super) fn is_asked_by(&self, function: &str) {
        self.shared.state.lock().role = Some(Role::of(function));
    }

    /// What was asked for and the function's role does not allow.
    pub(super) fn lacking(&self) -> Vec<String> {
        self.shared.state.lock().lacking.clone()
    }

    /// How many requests went wrong.
    pub(super) fn struck(&self) -> usize {
        self.shared.state.lock().struck
    }

    /// Waits until the invocation is told of something.
    pub(super) async fn signal(&self) -> Signal {
        loop {
            self.shared.signalled.notified().await;
            if let Some(signal) = self.shared.state.lock().signal.take() {
                return signal;
            }
        }
    }

    /// Who came first was there.
    pub(super) fn go_on(&self) {
        self.shared.goes_on.notify_one();
    }

    /// From now on every second write is one too many for its table.
    pub(super) fn get_hot(&self) {
        self.shared.state.lock().is_hot = true;
    }

    /// How many writes came since, those too that were one too many.
    pub(super) fn writes(&self) -> usize {
        self.shared.state.lock().writes
    }

    /// From now on: the answer of the first such request is cut, and after it nothing is allowed.
    pub(super) fn cut_the_answer_and_then_deny(&self, operation: &'static str) {
        self.shared.state.lock().last = Some(operation);
    }
}

impl Shared {
    /// What goes wrong with a request, if anything does.
    fn strikes(&self, request: &Message) -> Option<Fate> {
        let mut state = self.state.lock();
        let (operation, asked) = (request.operation(), Asked::of(request));
        state.asked.push(asked.clone());
        let lacking = state.role.as_ref().map(|role| role.lacks(request));
        state.lacking.extend(lacking.unwrap_or_default());
        if state.is_over {
            let refused = refusal("400 Bad Request", "AccessDeniedException", &[]);
            return Some(Fate::Refused(refused));
        }
        if state.last == Some(operation.as_str()) {
            state.is_over = true;
            return Some(Fate::Cut(Some(request.clone())));
        }
        if state.is_hot && ["PutItem", "TransactWriteItems"].contains(&operation.as_str()) {
            state.writes += 1;
            if state.writes.is_multiple_of(2) {
                return Some(Fault::ThroughputExceeded.befall(request.clone()));
            }
        }
        let (fault, number) = state.fault?;
        let lasts = state.came > number && fault.lasts(&asked);
        if !lasts {
            if !fault.befalls(&asked) {
                return None;
            }
            state.came += 1;
            if state.came != number + 1 {
                return None;
            }
            state.struck += 1;
        }
        Some(fault.befall(request.clone()))
    }

    fn tell(&self, signal: Signal) {
        self.state.lock().signal = Some(signal);
        self.signalled.notify_one();
    }
}

/// What a connection leads to.
struct Back {
    behind: String,
    server: Option<TcpStream>,
    topics: Arc<Topics>,
}

impl Back {
    async fn ask(&mut self, request: &Message) -> Option<Message> {
        if ["PublishBatch", "Invoke"].contains(&request.operation().as_str()) {
            return Some(self.topics.answer(request));
        }
        if self.server.is_none() {
            let server = TcpStream::connect(&self.behind).await.ok()?;
            server.set_nodelay(true).ok()?;
            self.server = Some(server);
        }
        let server = self.server.as_mut()?;
        server.write_all(&request.bytes()).await.ok()?;
        Message::read(server).await
    }

    /// Every record that a request changes says again what it said: it stays as it is, but for its
    /// version.
    async fn outdate(&mut self, request: &Message) -> Option<()> {
        for (table, item) in request.changes() {
            let key = json!({ "id": item["id"], "sequence": item["sequence"] });
            let read = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
            let read = self.ask(&request.of_operation("GetItem", &read)).await?;
            let mut item = read.json()["Item"].take();
            let newer = version(&item).parse::<u64>().unwrap() + 1;
            item["version"] = json!({ "N": newer.to_string() });
            let put = json!({ "TableName": table, "Item": item });
            self.ask(&request.of_operation("PutItem", &put)).await?;
        }
        Some(())
    }
}

/// Ends with the first thing that goes wrong: the connection is then cut.
async fn serve(mut client: TcpStream, mut back: Back, faults: Option<Arc<Shared>>) -> Option<()> {
    loop {
        let request = Message::read(&mut client).await?;
        let struck = faults.as_ref().and_then(|faults| Some((faults.strikes(&request)?, faults)));
        let answer = match struck {
            None => back.ask(&request).await?,
            Some((fate, shared)) => match fate {
                Fate::Answered(request, changed) => changed(back.ask(&request).await?),
                Fate::Refused(answer) => answer,
                Fate::Cut(None) => return None,
                Fate::Cut(Some(request)) => return back.ask(&request).await.and(None),
                Fate::Ended(request) => {
                    if let Some(request) = request {
                        back.ask(&request).await?;
                    }
                    shared.tell(Signal::Ends);
                    // The function is gone, and with it the connection.
                    return client.read_u8().await.ok().and(None);
                }
                Fate::Outdated(request) => {
                    back.outdate(&request).await?;
                    back.ask(&request).await?
                }
                Fate::Overtaken(request, rival) => {
                    shared.tell(Signal::Overtaken(rival));
                    shared.goes_on.notified().await;
                    back.ask(&request).await?
                }
            },
        };
        client.write_all(&answer.bytes()).await.ok()?;
    }
}
