//! Dead letters: what a topic could not hand to its function, and what a function could not hear, relay
//! or do, lies in that function's queues; from there each becomes a record, which operators list and
//! redrive. A message that says nothing that is known here is kept as it came: none is dropped, and
//! none goes round and round. Not in here: what a queue's message tells, see `told`.

mod subscribers;
mod told;

use kernel::{Context, Store, StoreError, time::System};
use operations::letters::KeepLetter;
use operations::records::DeadLetter;
use serde::Deserialize;
use serde_json::json;

pub(crate) use subscribers::NoSubscribers;
pub use subscribers::{LambdaSubscribers, Subscribers};
pub(crate) use told::{plain, words};

use crate::failure::Failure;
use crate::metrics::Metrics;

#[derive(Deserialize)]
struct Messages {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

/// A message of a queue, as its mapping hands it over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: serde_json::Value,
    #[serde(default)]
    message_attributes: serde_json::Value,
    #[serde(rename = "eventSourceARN")]
    queue_arn: String,
}

/// Keeps what an invocation brings, whose functions' names begin with that prefix on AWS. The answer
/// names the messages that could not be kept, which come again.
///
/// # Errors
/// When the payload is none of a queue.
pub(crate) async fn keep(
    store: &Store,
    metrics: &Metrics,
    prefix: &str,
    payload: &str,
) -> Result<String, Failure> {
    let Messages { records } =
        serde_json::from_str(payload).map_err(|error| Failure::malformed(&error))?;
    let mut failures = Vec::new();
    for message in &records {
        let now = store.now();
        for letter in told::letters(message, prefix, now) {
            match keep_one(store, metrics, letter).await {
                Ok(()) => {}
                Err(error) => {
                    let message_id = message.message_id.as_str();
                    tracing::warn!(message_id, %error, "a dead letter could not be kept yet");
                    failures.push(json!({ "itemIdentifier": message_id }));
                    break;
                }
            }
        }
    }
    Ok(json!({ "batchItemFailures": failures }).to_string())
}

/// Keeps one letter, and counts it if it is told for the first time.
///
/// # Errors
/// When the store cannot.
pub(crate) async fn keep_one(
    store: &Store,
    metrics: &Metrics,
    letter: DeadLetter,
) -> Result<(), StoreError> {
    let DeadLetter { dead_letter_id, function, attempts, reason, .. } = letter.clone();
    let context = Context::own(&System);
    if store.decide(KeepLetter(letter), context).await? {
        let function = function.as_str();
        tracing::error!(%dead_letter_id, function, attempts, reason, "a message is dead");
        metrics.dead_letter(store.now());
    }
    Ok(())
}
