//! What a message of a function's queue tells: the record that Lambda lays there of an asynchronous
//! call that failed or of a piece of a stream that was given up, the notification that a topic could
//! not deliver, or what the clock could not ask. Anything else is told as it is. Nothing is kept here.

use kernel::text::Words;
use kernel::{DeadLetterId, Envelope, Id, Time};
use operations::records::{DeadLetter, LetterState};
use serde_json::Value;

use super::Message;
use crate::function::{Function, of_queue};
use crate::relay::Lost;

/// Of a reason so many characters are kept.
const REASON_MAX: usize = 1_000;

/// The letters in a message; nearly always one.
pub(super) fn letters(message: &Message, prefix: &str, now: Time) -> Vec<DeadLetter> {
    let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let function = function(message, prefix);
    let causes = causes(message, &body);
    let letter = |Cause { about, message: lost }| DeadLetter {
        dead_letter_id: DeadLetterId::named(&["dead_letter", &function, &about]),
        function: words(&function),
        state: LetterState::Waiting,
        attempts: number(body.pointer("/requestContext/approximateInvokeCount")),
        reason: reason(message, &body),
        died_at: died_at(message, &body).unwrap_or(now),
        message: lost,
        told_by: message.message_id.clone(),
    };
    causes.into_iter().map(letter).collect()
}

/// What died.
struct Cause {
    /// Tells it from what else that function could not do: the event, the place in the stream.
    about: String,
    /// The message of a topic, or of whom nobody knows.
    message: Option<String>,
}

fn causes(message: &Message, body: &Value) -> Vec<Cause> {
    let of_topic = |text: &str| Cause {
        about: Envelope::read(text).map_or_else(|_| text.to_owned(), |event| event.id.to_string()),
        message: Some(text.to_owned()),
    };
    // Lambda gave up an asynchronous call: it holds what the topic had said.
    let records = body.pointer("/requestPayload/Records").and_then(Value::as_array);
    let heard: Vec<_> = records
        .into_iter()
        .flatten()
        .filter_map(|record| record.pointer("/Sns/Message").and_then(Value::as_str))
        .map(of_topic)
        .collect();
    if !heard.is_empty() {
        return heard;
    }
    if let Some(text) = body.get("Message").and_then(Value::as_str) {
        return vec![of_topic(text)];
    }
    if let Some(batch) = body.get("DDBStreamBatchInfo") {
        return vec![Cause { about: place(batch), message: None }];
    }
    // A relay that was asked to say a record again could not: it stays the letter that it was.
    if let Some(lost) = body.get("requestPayload").and_then(Lost::named) {
        return vec![Cause { about: lost.about(), message: Some(lost.message()) }];
    }
    // The clock asks again by itself: however often, it is one letter.
    let asked = body.get("requestPayload").unwrap_or(body);
    if asked.get("schedule").is_some() {
        return vec![Cause { about: "clock".to_owned(), message: None }];
    }
    vec![Cause { about: message.body.clone(), message: Some(message.body.clone()) }]
}

/// The function whose queue it is, by its name in the manifest; of a queue that is none's its name.
fn function(message: &Message, prefix: &str) -> String {
    let queue = message.queue_arn.rsplit(':').next().unwrap_or_default();
    of_queue(prefix, queue).map_or_else(|| queue.to_owned(), Function::name)
}

fn reason(message: &Message, body: &Value) -> String {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let condition = text("/requestContext/condition").unwrap_or("no reason was given");
    if let Some(batch) = body.get("DDBStreamBatchInfo") {
        let place = place(batch);
        return plain(&format!(
            "{place} could not be relayed ({condition}); the relay's log says why. \
             A record that waits for an answer says its event again by itself."
        ));
    }
    if let Some(said) = text("/responsePayload/errorMessage") {
        let kind = text("/responsePayload/errorType").unwrap_or(condition);
        return plain(&format!("{kind}: {said}"));
    }
    if body.get("requestContext").is_some() {
        return plain(condition);
    }
    // Whoever laid it there may have said why beside it.
    let beside = ["ERROR_MESSAGE", "ErrorMessage"]
        .into_iter()
        .find_map(|name| message.message_attributes.get(name)?.get("stringValue")?.as_str());
    plain(beside.unwrap_or("the function was not reached"))
}

/// Where in a stream it was: `Records 1405 to 1407 of shard shardId-1`.
fn place(batch: &Value) -> String {
    let text = |name: &str| batch.get(name).and_then(Value::as_str).unwrap_or("unknown");
    let (first, last) = (text("startSequenceNumber"), text("endSequenceNumber"));
    format!("Records {first} to {last} of shard {}", text("shardId"))
}

fn died_at(message: &Message, body: &Value) -> Option<Time> {
    let said = ["timestamp", "Timestamp"].into_iter().find_map(|name| body.get(name)?.as_str());
    said.and_then(|text| text.parse().ok()).or_else(|| {
        let milliseconds =
            message.attributes.get("SentTimestamp")?.as_str()?.parse::<i64>().ok()?;
        Some(Time::from_micros(milliseconds.checked_mul(1000)?))
    })
}

fn number(value: Option<&Value>) -> u32 {
    value.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

/// A reason: one line, of bounded length.
pub(crate) fn plain(text: &str) -> String {
    let line = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    line.take(REASON_MAX).collect()
}

/// A name of a function, or of a queue: letters, digits, hyphens.
pub(crate) fn words(name: &str) -> Words<64> {
    let known = Words::new(&name.chars().take(64).collect::<String>());
    known.or_else(|_| Words::new("unknown")).unwrap_or_else(|_| unreachable!("it is a word"))
}
