//! What goes wrong with one request, and what is told or done in the place of its answer. When it goes
//! wrong is not known here.

use serde_json::{Map, Value, json};

use super::message::{Message, refusal};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is cut before it arrives.
    NeverArrives,
    /// The connection is cut before its answer arrives.
    AnswerCut,
    /// The service has failed, and nothing was done.
    Fails,
    /// The service says that it has failed, and it was done.
    FailsAfterwards,
    /// There are too many requests.
    Throttled,
    /// A table or a partition of it has used up what it may.
    ThroughputExceeded,
    /// Another transaction is at it.
    Conflict,
    /// A transaction is cancelled, for there are too many requests.
    TransactionThrottled,
    /// The function ends before it arrives.
    EndsBefore,
    /// The function ends when it was done.
    EndsAfterwards,
    /// From it on nothing arrives, until the function gives up.
    Outage,
    /// From it on everything arrives and nothing is answered, until the function gives up.
    Silence,
    /// The same invocation, begun a second time, comes first as a whole.
    OvertakenByItself,
    /// Somebody else has the wallet meanwhile, and leaves as much money in it as there was.
    OvertakenByAnother,
    /// What is to be changed says again meanwhile what it said, as a schedule has it do.
    OvertakenByTheClock,
    /// No key of a batch is read.
    AllUnprocessed,
    /// One key of a batch is read.
    SomeUnprocessed,
    /// From it on each page of a list, or of a whole table, ends after its first item.
    PageOfOne,
    /// Of a batch the topic takes all but the first message.
    FirstUnpublished,
    /// Of a batch the topic takes all but the last message.
    LastUnpublished,
}

/// What is told of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    operation: String,
    /// Whether it changes a record that is there.
    is_change: bool,
}

impl Asked {
    pub(super) fn of(request: &Message) -> Self {
        Self { operation: request.operation(), is_change: !request.changes().is_empty() }
    }
}

/// Where a request goes.
pub(super) enum Fate {
    /// On, and what comes back is the answer, changed so.
    Answered(Message, Box<dyn FnOnce(Message) -> Message + Send + Sync>),
    /// Nowhere: this is the answer.
    Refused(Message),
    /// On if it is there, and the connection is cut.
    Cut(Option<Message>),
    /// On if it is there, and the function ends.
    Ended(Option<Message>),
    /// On, once somebody else was there.
    Overtaken(Message, Rival),
    /// On, once every record that it changes has a newer version.
    Outdated(Message),
}

/// Who comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rival {
    /// The same once more.
    Itself,
    /// Another.
    Another,
}

const WRITES: [&str; 4] = ["PutItem", "TransactWriteItems", "PublishBatch", "Invoke"];
const TRANSACTIONS: [&str; 2] = ["TransactWriteItems", "TransactGetItems"];

impl Fault {
    pub(super) const ALL: [Self; 20] = [
        Self::NeverArrives,
        Self::AnswerCut,
        Self::Fails,
        Self::FailsAfterwards,
        Self::Throttled,
        Self::ThroughputExceeded,
        Self::Conflict,
        Self::TransactionThrottled,
        Self::EndsBefore,
        Self::EndsAfterwards,
        Self::Outage,
        Self::Silence,
        Self::OvertakenByItself,
        Self::OvertakenByAnother,
        Self::OvertakenByTheClock,
        Self::AllUnprocessed,
        Self::SomeUnprocessed,
        Self::PageOfOne,
        Self::FirstUnpublished,
        Self::LastUnpublished,
    ];

    /// Whether it happens to such a request. What writes nothing and is not answered is
    /// the same whether it arrives or not, and a function that ends before it reads ends as one that
    /// ends before it writes.
    pub(super) fn befalls(self, Asked { operation, is_change }: &Asked) -> bool {
        let operation = operation.as_str();
        let is_of_store = !["PublishBatch", "Invoke"].contains(&operation);
        let is_write = WRITES.contains(&operation);
        match self {
            Self::NeverArrives | Self::Throttled => true,
            Self::Fails
            | Self::AnswerCut
            | Self::FailsAfterwards
            | Self::EndsBefore
            | Self::EndsAfterwards
            | Self::Outage
            | Self::Silence
            | Self::OvertakenByItself => is_write,
            Self::ThroughputExceeded | Self::OvertakenByAnother => is_write && is_of_store,
            Self::OvertakenByTheClock => *is_change,
            Self::Conflict => operation == "PutItem" || TRANSACTIONS.contains(&operation),
            Self::TransactionThrottled => TRANSACTIONS.contains(&operation),
            Self::AllUnprocessed | Self::SomeUnprocessed => operation == "BatchGetItem",
            Self::PageOfOne => ["Query", "Scan"].contains(&operation),
            Self::FirstUnpublished | Self::LastUnpublished => operation == "PublishBatch",
        }
    }

    /// Whether what follows goes wrong too.
    pub(super) fn lasts(self, asked: &Asked) -> bool {
        let is_on_its_page = self == Self::PageOfOne && self.befalls(asked);
        is_on_its_page || matches!(self, Self::Outage | Self::Silence)
    }

    /// What becomes of a request that it befalls.
    pub(super) fn befall(self, request: Message) -> Fate {
        let operation = request.operation();
        let is_transaction = TRANSACTIONS.contains(&operation.as_str());
        match self {
            Self::NeverArrives | Self::Outage => Fate::Cut(None),
            Self::AnswerCut | Self::Silence => Fate::Cut(Some(request)),
            Self::Fails => Fate::Refused(failure(&operation)),
            Self::FailsAfterwards => {
                Fate::Answered(request, Box::new(move |_| failure(&operation)))
            }
            Self::Throttled => Fate::Refused(throttled(&operation)),
            Self::ThroughputExceeded => {
                let code = "ProvisionedThroughputExceededException";
                Fate::Refused(refusal("400 Bad Request", code, &[]))
            }
            Self::Conflict if is_transaction => cancelled(&request, "TransactionConflict"),
            Self::Conflict => {
                Fate::Refused(refusal("400 Bad Request", "TransactionConflictException", &[]))
            }
            Self::TransactionThrottled => cancelled(&request, "ThrottlingError"),
            Self::EndsBefore => Fate::Ended(None),
            Self::EndsAfterwards => Fate::Ended(Some(request)),
            Self::OvertakenByItself => Fate::Overtaken(request, Rival::Itself),
            Self::OvertakenByAnother => Fate::Overtaken(request, Rival::Another),
            Self::OvertakenByTheClock => Fate::Outdated(request),
            Self::AllUnprocessed => {
                let unread = &request.json()["RequestItems"];
                let body = json!({ "Responses": {}, "UnprocessedKeys": unread });
                Fate::Refused(Message::answer("200 OK", &body.to_string()))
            }
            Self::SomeUnprocessed => some_unprocessed(&request),
            Self::PageOfOne => {
                let mut body = request.json();
                body["Limit"] = json!(1);
                Fate::Answered(request.with_json(&body), Box::new(|answer| answer))
            }
            Self::FirstUnpublished => {
                Fate::Answered(refusing(&request, 1), Box::new(|answer| answer))
            }
            Self::LastUnpublished => {
                let last = entries(&request);
                Fate::Answered(refusing(&request, last), Box::new(|answer| answer))
            }
        }
    }
}

/// Of all services: it has failed.
fn failure(operation: &str) -> Message {
    match operation {
        "PublishBatch" => of_topic("500 Internal Server Error", "Receiver", "InternalError"),
        "Invoke" => Message::answer("500 Internal Server Error", r#"{"Message":"so it is"}"#),
        _ => refusal("500 Internal Server Error", "InternalServerError", &[]),
    }
}

fn throttled(operation: &str) -> Message {
    match operation {
        "PublishBatch" => of_topic("400 Bad Request", "Sender", "Throttled"),
        "Invoke" => Message::answer("429 Too Many Requests", r#"{"Message":"so it is"}"#),
        _ => refusal("400 Bad Request", "ThrottlingException", &[]),
    }
}

fn of_topic(status: &str, whose: &str, code: &str) -> Message {
    let error = format!("<Type>{whose}</Type><Code>{code}</Code><Message>so it is</Message>");
    let body =
        format!("<ErrorResponse><Error>{error}</Error><RequestId>r</RequestId></ErrorResponse>");
    Message::answer(status, &body)
}

/// A transaction that ends by its last item.
fn cancelled(request: &Message, code: &str) -> Fate {
    let items = request.json()["TransactItems"].as_array().unwrap().len();
    let mut reasons = vec!["None"; items - 1];
    reasons.push(code);
    Fate::Refused(refusal("400 Bad Request", "TransactionCanceledException", &reasons))
}

/// One key goes on; the others come back.
fn some_unprocessed(request: &Message) -> Fate {
    let mut body = request.json();
    let mut unread = Map::new();
    let mut is_first = true;
    let tables = body["RequestItems"].as_object_mut().unwrap();
    tables.retain(|table, wanted| {
        let keys = wanted["Keys"].as_array_mut().unwrap();
        let rest = keys.split_off(usize::from(is_first));
        if !rest.is_empty() {
            let mut others = wanted.clone();
            others["Keys"] = Value::Array(rest);
            unread.insert(table.clone(), others);
        }
        std::mem::take(&mut is_first)
    });
    let unread = Value::Object(unread);
    let with_rest = move |answer: Message| {
        let mut body = answer.json();
        body["UnprocessedKeys"] = unread.clone();
        answer.with_json(&body)
    };
    Fate::Answered(request.with_json(&body), Box::new(with_rest))
}

/// How many messages a batch has.
fn entries(request: &Message) -> usize {
    (1..).take_while(|number| request.form(&super::topics::field(*number, "Id")).is_some()).count()
}

/// The same batch, of which the topic does not take that one.
fn refusing(request: &Message, number: usize) -> Message {
    request.with_field(super::topics::REFUSED, &number.to_string())
}
