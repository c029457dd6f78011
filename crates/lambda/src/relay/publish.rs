//! Messages, and how they go out: in order, neighbours of one topic together. Not in here: the SDK.

use kernel::store::BoxFuture;
use kernel::{Envelope, EventKind, Topic};

/// Messages that go out together, at most: what SNS takes.
const BATCH_MAX: usize = 10;

/// Bytes that go out together, at most, attributes counted: what SNS takes is 262,144.
const BATCH_BYTES_MAX: usize = 256_000;

/// An event on its way: its body is the envelope, its attributes are what subscriptions filter on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its type: where it goes, the attributes `event_type` and `schema_version`.
    pub kind: EventKind,
    /// What it is about: the attribute `subject`.
    pub subject: String,
    /// The envelope as JSON.
    pub body: String,
}

impl Message {
    pub(super) fn of(event: &Envelope) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_string(event)?;
        Ok(Self { kind: event.kind(), subject: event.data.subject().to_string(), body })
    }

    /// A little more than SNS counts.
    fn bytes(&self) -> usize {
        let attributes = self.subject.len().saturating_add(self.kind.name().len());
        self.body.len().saturating_add(attributes).saturating_add(100)
    }
}

/// Not all was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublished {
    /// The place of the first message of the batch that was not.
    pub first: usize,
    /// Why.
    pub reason: String,
    /// Whether the topic would never take it.
    pub is_final: bool,
}

/// Publishes messages.
pub trait Publisher: Send + Sync + 'static {
    /// Publishes at most ten messages to one topic.
    fn publish<'a>(
        &'a self,
        topic: Topic,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Result<(), Unpublished>>;
}

/// For functions that publish nothing.
pub(crate) struct NoTopics;

impl Publisher for NoTopics {
    fn publish<'a>(
        &'a self,
        topic: Topic,
        _: &'a [Message],
    ) -> BoxFuture<'a, Result<(), Unpublished>> {
        let reason = format!("this function does not publish on {}", topic.name());
        Box::pin(async move { Err(Unpublished { first: 0, reason, is_final: false }) })
    }
}

/// How far it came.
pub(super) struct Published {
    /// How many messages were published for certain.
    pub(super) count: usize,
    /// The record of the first message that was not.
    pub(super) first_failed: Option<usize>,
    /// Why that will never be published; none if it may be later.
    pub(super) refused: Option<String>,
}

/// Publishes messages in order; each stands beside the place of its record. Ends at the first that
/// could not be: whatever follows it comes again anyway.
pub(super) async fn in_order(
    publisher: &dyn Publisher,
    messages: &[(usize, Message)],
) -> Published {
    let mut rest = messages;
    let mut count = 0_usize;
    while let Some((_, first)) = rest.first() {
        let topic = first.kind.topic();
        let (batch, after) = rest.split_at(batch_len(rest, topic));
        let only: Vec<Message> = batch.iter().map(|(_, message)| message.clone()).collect();
        if let Err(Unpublished { first, reason, is_final }) = publisher.publish(topic, &only).await
        {
            let place = batch.get(first).or(batch.first()).map(|(place, _)| *place);
            tracing::warn!(topic = topic.name(), reason, "events could not be published");
            let refused = is_final.then_some(reason);
            return Published { count: count.saturating_add(first), first_failed: place, refused };
        }
        count = count.saturating_add(batch.len());
        rest = after;
    }
    Published { count, first_failed: None, refused: None }
}

/// How many of the first messages go out together; one at least.
fn batch_len(messages: &[(usize, Message)], topic: Topic) -> usize {
    let mut bytes = 0_usize;
    let fitting = messages.iter().take(BATCH_MAX).take_while(|(_, message)| {
        bytes = bytes.saturating_add(message.bytes());
        message.kind.topic() == topic && bytes <= BATCH_BYTES_MAX
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// Takes everything but the messages with one of these bodies.
    #[derive(Default)]
    struct Topics {
        refuses: &'static [&'static str],
        batches: Mutex<Vec<String>>,
    }

    impl Publisher for Topics {
        fn publish<'a>(
            &'a self,
            topic: Topic,
            batch: &'a [Message],
        ) -> BoxFuture<'a, Result<(), Unpublished>> {
            let bodies: Vec<_> = batch.iter().map(|message| message.body.as_str()).collect();
            let line = format!("{} {}", topic.name(), bodies.join(" "));
            self.batches.lock().push(line.chars().take(60).collect());
            let refused = bodies.iter().position(|body| self.refuses.contains(body));
            let result = refused.map_or(Ok(()), |first| Err(unpublished(first)));
            Box::pin(async move { result })
        }
    }

    fn unpublished(first: usize) -> Unpublished {
        Unpublished { first, reason: "refused".to_owned(), is_final: false }
    }

    /// Messages by their bodies; `L` goes to the loans' topic. Each is a record of its own.
    async fn check(bodies: &[&str], refuses: &'static [&'static str]) -> (Vec<String>, String) {
        let topics = Topics { refuses, ..Topics::default() };
        let messages: Vec<_> = bodies.iter().map(|body| message(body)).enumerate().collect();
        let Published { count, first_failed, .. } = in_order(&topics, &messages).await;
        (topics.batches.into_inner(), format!("{count} out, failed {first_failed:?}"))
    }

    fn message(body: &str) -> Message {
        let is_loan = body.starts_with('L');
        let kind = if is_loan { EventKind::LoanFunded } else { EventKind::PaymentSuccessful };
        Message { kind, subject: "pay_1".to_owned(), body: body.to_owned() }
    }

    #[tokio::test]
    async fn neighbours_of_a_topic_go_together_and_the_order_stays() {
        let (batches, end) = check(&["a", "b", "L1", "c"], &[]).await;
        assert_eq!(batches, ["payment_events a b", "loan_events L1", "payment_events c"]);
        assert_eq!(end, "4 out, failed None");
        let (batches, end) = check(&[], &[]).await;
        assert_eq!((batches.len(), end.as_str()), (0, "0 out, failed None"));
    }

    #[tokio::test]
    async fn a_batch_is_no_larger_than_sns_takes() {
        let (batches, _) = check(&["x"; 21], &[]).await;
        let counts: Vec<_> = batches.iter().map(|batch| batch.matches('x').count()).collect();
        assert_eq!(counts, [10, 10, 1]);
        let large = "y".repeat(100_000);
        let (batches, end) = check(&[large.as_str(); 5], &[]).await;
        assert_eq!((batches.len(), end.as_str()), (3, "5 out, failed None"));
    }

    #[tokio::test]
    async fn it_ends_at_the_first_that_was_not_published() {
        let (batches, end) = check(&["a", "b", "c", "L1", "d"], &["b"]).await;
        assert_eq!(batches, ["payment_events a b c"]);
        assert_eq!(end, "1 out, failed Some(1)");
        let (batches, end) = check(&["a", "L1", "d"], &["L1"]).await;
        assert_eq!(batches, ["payment_events a", "loan_events L1"]);
        assert_eq!(end, "1 out, failed Some(1)");
    }
}
