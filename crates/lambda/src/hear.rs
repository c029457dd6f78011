//! A subscription: an event that SNS hands over is decided on, in one atomic step of the store. One
//! that cannot be heard fails with the reason, which goes to the dead letters with it; trying again
//! finds the same. Not in here: what an event causes, which the services say.

use kernel::manifest::Subscription;
use kernel::{Context, Envelope, Store};
use serde::Deserialize;

use crate::failure::Failure;
use crate::function::is_news;
use crate::metrics::Metrics;

#[derive(Deserialize)]
struct Notifications {
    #[serde(rename = "Records")]
    records: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Sns")]
    sns: Sns,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sns {
    message: String,
    message_id: String,
}

/// Hears what an invocation brings: one event, as SNS does it; should there be more, in order. Gives back
/// how many sagas' answers were among them, each counted the first time that it is heard.
///
/// # Errors
/// When an event cannot be heard, or the store cannot. What was decided before is found again.
pub(crate) async fn hear(
    store: &Store,
    metrics: &Metrics,
    subscription: &Subscription,
    payload: &str,
) -> Result<u64, Failure> {
    let notifications: Notifications =
        serde_json::from_str(payload).map_err(|error| Failure::malformed(&error))?;
    let mut answered = 0_u64;
    for Notification { sns } in &notifications.records {
        match hear_one(store, metrics, subscription, &sns.message).await {
            Ok(is_news) => answered = answered.saturating_add(u64::from(is_news)),
            Err(failure) => {
                let (subscription, message_id) = (subscription.name, sns.message_id.as_str());
                tracing::warn!(subscription, message_id, %failure, "an event could not be heard");
                return Err(failure);
            }
        }
    }
    Ok(answered)
}

async fn hear_one(
    store: &Store,
    metrics: &Metrics,
    subscription: &Subscription,
    message: &str,
) -> Result<bool, Failure> {
    let event = Envelope::read(message)?;
    let kind = event.kind();
    if !subscription.hears.contains(&kind) {
        let (subscription, kind) = (subscription.name, kind.name());
        return Err(Failure::Unprocessable(format!(
            "{subscription} does not hear {kind}: the filter policy of its subscription is wrong"
        )));
    }
    let decision = (subscription.react)(&event)?;
    let context: Context = event.context();
    let outcome = store.port().decide(decision, context).await?;
    let now = store.now();
    tracing::info!(
        subscription = subscription.name,
        event_id = %event.id,
        event_type = kind.name(),
        subject = %event.data.subject(),
        correlation_id = %event.correlation,
        traceparent = event.trace.map(tracing::field::display),
        waited_ms = now.since(event.time).as_millis(),
        "heard"
    );
    let is_news = is_news(&*outcome);
    if is_news {
        metrics.saga_answered(&event, now);
    }
    Ok(is_news)
}
