//! The relay: what the stream of a service's table shows is published to the topics, in its order.
//! Nothing else publishes. Each version of a record brings the events that it says; those are built
//! from it as in the one program, so that one published twice is the same event twice. What could not
//! be published is reported from the first such record on, and comes again. A record that cannot be
//! said at all holds up those after it for half a minute; then it is a dead letter by itself.

mod image;
mod lost;
mod publish;
mod sns;

use std::panic::catch_unwind;
use std::time::Duration;

use kernel::manifest::ServiceManifest;
use kernel::{Envelope, Store, Time};
use serde::{Deserialize, Serialize};

pub(crate) use lost::Lost;
pub(crate) use publish::NoTopics;
pub use publish::{Message, Publisher, Unpublished};
pub use sns::SnsPublisher;
pub(crate) use sns::try_topic;

use crate::failure::Failure;
use crate::letters;
use crate::metrics::Metrics;
use publish::Published;

/// How long a record that cannot be said is tried again: a newer program may have written it, and this
/// one be about to be replaced.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// When it was written, in seconds since 1970, with or without a fraction.
    #[serde(default)]
    approximate_creation_date_time: Option<serde_json::Number>,
    /// None where a record was removed, which says nothing.
    #[serde(default)]
    new_image: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Change {
    fn created_at(&self) -> Option<Time> {
        let seconds = self.approximate_creation_date_time.as_ref()?.to_string();
        let whole: i64 = seconds.split('.').next()?.parse().ok()?;
        Some(Time::from_micros(whole.checked_mul(1_000_000)?))
    }
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
/// which something was not published; Lambda hands over everything from there on again. An invocation
/// that names one record says that again.
///
/// # Errors
/// When the payload is neither, when already the first of several records was not published, or when
/// the one record cannot be said again.
pub(crate) async fn relay(
    store: &Store,
    publisher: &dyn Publisher,
    metrics: &Metrics,
    service: &ServiceManifest,
    payload: &str,
) -> Result<String, Failure> {
    let records = match serde_json::from_str(payload) {
        Ok(Records { records }) => records,
        Err(error) => match serde_json::from_str(payload) {
            Ok(lost) => return say_again(store, publisher, service, &lost).await,
            Err(_) => return Err(Failure::malformed(&error)),
        },
    };
    let mut said = Vec::new();
    let mut failed = None;
    for (place, record) in records.iter().enumerate() {
        match events(service, record) {
            Ok(events) => said.extend(events.into_iter().map(|event| (place, event))),
            Err(why) => {
                let (service_name, at) = (service.name, &record.dynamodb.sequence_number);
                tracing::error!(service = service_name, sequence_number = at, why, "unreadable");
                if !give_up(store, metrics, service, record, &why).await {
                    failed = Some(place);
                    break;
                }
            }
        }
    }
    let published = publish(publisher, service, said).await?;
    if let Some(place) = published.first_failed {
        let refused = records.get(place).zip(published.refused);
        let is_given_up = match refused {
            Some((record, why)) => give_up(store, metrics, service, record, &why).await,
            None => false,
        };
        let next = if is_given_up { place.saturating_add(1) } else { place };
        failed = (next < records.len()).then_some(next);
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

/// Publishes what one record says and said, all that it keeps.
async fn say_again(
    store: &Store,
    publisher: &dyn Publisher,
    service: &ServiceManifest,
    lost: &Lost,
) -> Result<String, Failure> {
    let events = lost.events(store, service).await?;
    let said = events.into_iter().map(|event| (0, event)).collect();
    let published = publish(publisher, service, said).await?;
    match published.first_failed {
        Some(_) => Err(Failure::Unpublished),
        None => Ok(format!("{{\"events\":{}}}", published.count)),
    }
}

/// Publishes events, each beside the place of its record, and logs what is out.
async fn publish(
    publisher: &dyn Publisher,
    service: &ServiceManifest,
    said: Vec<(usize, Envelope)>,
) -> Result<Published, Failure> {
    let messages = said.iter().map(|(place, event)| Ok((*place, Message::of(event)?)));
    let messages: Vec<_> =
        messages.collect::<Result<_, _>>().map_err(|e| Failure::malformed(&e))?;
    let published = publish::in_order(publisher, &messages).await;
    for (_, event) in said.iter().take(published.count) {
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
    if published.count > 0 {
        tracing::info!(service = service.name, events = published.count, "relayed");
    }
    Ok(published)
}

/// Makes a dead letter of a record that cannot be relayed. False while it is too young for that, or
/// where the letter cannot be kept: then it comes again.
async fn give_up(
    store: &Store,
    metrics: &Metrics,
    service: &ServiceManifest,
    record: &Record,
    why: &str,
) -> bool {
    let since = record.dynamodb.created_at();
    if since.is_some_and(|since| store.now().since(since) < PATIENCE) {
        return false;
    }
    let letter = lost::letter(store, service, record, why);
    let kept = letters::keep_one(store, metrics, letter).await;
    if let Err(error) = &kept {
        tracing::warn!(service = service.name, %error, "a dead letter could not be kept yet");
    }
    kept.is_ok()
}

/// What a record says, in order. One on which this very code stumbles is as unreadable as any other.
fn events(service: &ServiceManifest, record: &Record) -> Result<Vec<Envelope>, String> {
    let Some(image) = &record.dynamodb.new_image else { return Ok(Vec::new()) };
    catch_unwind(|| image::events(service, image))
        .unwrap_or_else(|_| Err("the relay stumbled over it, see its log".to_owned()))
}
