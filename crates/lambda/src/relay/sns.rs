//! Publishing to SNS. Retries of single calls are the SDK's. Not in here: batches and their order.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use kernel::Topic;
use kernel::store::BoxFuture;

use super::publish::{Message, Publisher, Unpublished};
use crate::failure::Failure;

/// Publishes to the topics that it was told.
#[derive(Debug)]
pub struct SnsPublisher {
    client: Client,
    topics: Vec<(Topic, String)>,
}

impl SnsPublisher {
    /// To these topics, by their ARNs.
    pub fn new(client: Client, topics: Vec<(Topic, String)>) -> Self {
        Self { client, topics }
    }

    /// Looks whether the topics are there, which also opens the connection. Where looking is not
    /// allowed, the first publishing will tell.
    ///
    /// # Errors
    /// When a topic is not there; it is named.
    pub async fn warm(&self) -> Result<(), Failure> {
        for (topic, arn) in &self.topics {
            let asked = self.client.get_topic_attributes().topic_arn(arn).send().await;
            let Err(error) = asked else { continue };
            match error.code() {
                Some("NotFound" | "NotFoundException") => {
                    let topic = topic.name();
                    return Err(Failure::Start(format!("the topic {topic} ({arn}) is not there")));
                }
                code => tracing::warn!(
                    topic = topic.name(),
                    code,
                    error = %DisplayErrorContext(&error),
                    "it could not be seen whether the topic is there"
                ),
            }
        }
        Ok(())
    }

    async fn send(&self, topic: Topic, batch: &[Message]) -> Result<(), Unpublished> {
        let all = |reason: String| Unpublished { first: 0, reason, is_final: false };
        let arn = self.topics.iter().find(|(known, _)| *known == topic).map(|(_, arn)| arn);
        let arn = arn.ok_or_else(|| all(format!("nobody told where {} is", topic.name())))?;
        let mut entries = Vec::with_capacity(batch.len());
        for (place, message) in batch.iter().enumerate() {
            entries.push(entry(place, message).map_err(|error| all(error.to_string()))?);
        }
        let sent = self.client.publish_batch().topic_arn(arn);
        let sent = sent.set_publish_batch_request_entries(Some(entries)).send().await;
        let answer = sent.map_err(|error| all(DisplayErrorContext(&error).to_string()))?;
        let failed = answer.failed().iter().filter_map(|entry| {
            let place = entry.id().parse::<usize>().ok()?;
            let reason = format!("{}: {}", entry.code(), entry.message().unwrap_or_default());
            Some(Unpublished { first: place, reason, is_final: entry.sender_fault() })
        });
        match failed.min_by_key(|unpublished| unpublished.first) {
            Some(unpublished) => Err(unpublished),
            None => Ok(()),
        }
    }
}

impl Publisher for SnsPublisher {
    fn publish<'a>(
        &'a self,
        topic: Topic,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Result<(), Unpublished>> {
        Box::pin(self.send(topic, batch))
    }
}

/// Whether messages may be published to a topic: by one that says `CHECK`, which no subscription's filter
/// policy lets through.
///
/// # Errors
/// In AWS's own words.
pub(crate) async fn try_topic(client: &Client, arn: &str) -> Result<(), String> {
    let attribute = attribute("String", "CHECK").map_err(|error| error.to_string())?;
    let entry = PublishBatchRequestEntry::builder().id("0").message("{}");
    let entry = entry.message_attributes("event_type", attribute).build();
    let entry = entry.map_err(|error| error.to_string())?;
    let sent = client.publish_batch().topic_arn(arn).publish_batch_request_entries(entry);
    let answer = sent.send().await.map_err(|error| DisplayErrorContext(&error).to_string())?;
    match answer.failed().first() {
        Some(failed) => Err(format!("{}: {}", failed.code(), failed.message().unwrap_or_default())),
        None => Ok(()),
    }
}

type Built<T> = Result<T, aws_sdk_sns::error::BuildError>;

fn entry(place: usize, message: &Message) -> Built<PublishBatchRequestEntry> {
    let version = message.kind.schema_version().to_string();
    PublishBatchRequestEntry::builder()
        .id(place.to_string())
        .message(&message.body)
        .message_attributes("event_type", attribute("String", message.kind.name())?)
        .message_attributes("schema_version", attribute("Number", &version)?)
        .message_attributes("subject", attribute("String", &message.subject)?)
        .build()
}

fn attribute(kind: &str, value: &str) -> Built<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type(kind).string_value(value).build()
}
