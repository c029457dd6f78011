//! The relay: what the stream of a service's table shows is published to the topics, in its order.
//! Nothing else publishes. Each version of a record brings the events that it says; those are built
//! from it as in the one program, so that one published twice is the same event twice. What could not
//! be published is reported from the first such record on, and comes again.

mod image;
mod publish;
mod sns;

use kernel::Envelope;
use kernel::manifest::ServiceManifest;
use serde::{Deserialize, Serialize};

pub(crate) use publish::NoTopics;
pub use publish::{Message, Publisher, Unpublished};
pub use sns::SnsPublisher;

use crate::failure::Failure;
use publish::Published;

#[derive(Deserialize)]
struct Records {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    /// None where a record was removed, which says nothing.
    #[serde(default)]
    new_image: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    batch_item_failures: Vec<ItemFailure<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure<'a> {
    item_identifier: &'a str,
}

/// Publishes what the records of an invocation say. The answer names the first record, if any, of
/// which something was not published; Lambda hands over everything from there on again.
///
/// # Errors
/// When the payload is none of a stream, or already the first of several records was not published.
pub(crate) async fn relay(
    publisher: &dyn Publisher,
    service: &ServiceManifest,
    payload: &str,
) -> Result<String, Failure> {
    let Records { records } =
        serde_json::from_str(payload).map_err(|error| Failure::malformed(&error))?;
    let mut events = Vec::new();
    let mut messages = Vec::new();
    let mut failed = None;
    for (place, record) in records.iter().enumerate() {
        match said(service, record) {
            Ok(said) => {
                for (event, message) in said {
                    events.push(event);
                    messages.push((place, message));
                }
            }
            Err(why) => {
                // Tried again it fails again, until the stream's mapping gives it up by itself.
                let (service, sequence_number) = (service.name, &record.dynamodb.sequence_number);
                tracing::error!(service, sequence_number, why, "a record cannot be relayed");
                failed = Some(place);
                break;
            }
        }
    }
    let Published { count, first_failed } = publish::in_order(publisher, &messages).await;
    let failed = first_failed.or(failed);
    for event in events.iter().take(count) {
        tracing::debug!(
            service = service.name,
            event_id = %event.id,
            event_type = event.kind().name(),
            subject = %event.data.subject(),
            correlation_id = %event.correlation,
            traceparent = event.trace.map(tracing::field::display),
            "published"
        );
    }
    if count > 0 {
        tracing::info!(service = service.name, events = count, "relayed");
    }
    if failed == Some(0) && records.len() > 1 {
        // Named, it would be tried again with all that comes after it. Failed as a whole, the batch is
        // halved, until what cannot be relayed stands alone.
        return Err(Failure::Unpublished);
    }
    let failed = failed.and_then(|place| records.get(place));
    let batch_item_failures = failed
        .map(|record| ItemFailure { item_identifier: &record.dynamodb.sequence_number })
        .into_iter()
        .collect();
    serde_json::to_string(&Answer { batch_item_failures })
        .map_err(|error| Failure::malformed(&error))
}

/// What a record says, in order, each with its message.
fn said(service: &ServiceManifest, record: &Record) -> Result<Vec<(Envelope, Message)>, String> {
    let Some(image) = &record.dynamodb.new_image else { return Ok(Vec::new()) };
    let events = image::events(service, image)?.into_iter();
    let with_message = |event| match Message::of(&event) {
        Ok(message) => Ok((event, message)),
        Err(error) => Err(error.to_string()),
    };
    events.map(with_message).collect()
}
