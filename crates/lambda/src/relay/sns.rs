//! Publishing to SNS, by the two calls of its query protocol that this takes. What a topic has taken it
//! names; whatever it does not name was not published. Not in here: batches and their order; signatures.

use kernel::Topic;
use kernel::store::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store_dynamodb::{Post, Reach};

use super::publish::{Message, Publisher, Unpublished};
use crate::failure::Failure;

/// The version of SNS's interface, the only one.
const VERSION: &str = "2010-03-31";

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What must not stand in a form as it is.
const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How often a call is made that is not answered, or by a failure; then the stream brings the batch again.
const ATTEMPTS: usize = 2;

/// Publishes to the topics that it was told.
#[derive(Debug)]
pub struct SnsPublisher {
    reach: Reach,
    topics: Vec<(Topic, String)>,
}

impl SnsPublisher {
    /// To these topics, by their ARNs.
    pub fn new(reach: Reach, topics: Vec<(Topic, String)>) -> Self {
        Self { reach, topics }
    }

    /// Looks whether the topics are there, which also opens the connection. Where looking is not
    /// allowed, the first publishing will tell.
    ///
    /// # Errors
    /// When a topic is not there; it is named.
    pub async fn warm(&self) -> Result<(), Failure> {
        for (topic, arn) in &self.topics {
            let (topic, form) = (topic.name(), Form::of("GetTopicAttributes", arn));
            let error = match ask(&self.reach, &form).await {
                Ok((200, _)) => continue,
                Ok((404, _)) => {
                    return Err(Failure::Start(format!("the topic {topic} ({arn}) is not there")));
                }
                Ok((status, answer)) => refusal(status, &answer),
                Err(why) => why,
            };
            tracing::warn!(topic, error, "it could not be seen whether the topic is there");
        }
        Ok(())
    }

    async fn send(&self, topic: Topic, batch: &[Message]) -> Result<(), Unpublished> {
        let arn = self.topics.iter().find(|(known, _)| *known == topic).map(|(_, arn)| arn);
        let Some(arn) = arn else {
            let reason = format!("nobody told where {} is", topic.name());
            return Err(Unpublished { first: 0, reason, is_final: false });
        };
        let mut form = Form::of("PublishBatch", arn);
        for (place, message) in batch.iter().enumerate() {
            let version = message.kind.schema_version().to_string();
            let attributes = [
                ("event_type", "String", message.kind.name()),
                ("schema_version", "Number", &version),
                ("subject", "String", &message.subject),
            ];
            form.add_message(place, &message.body, &attributes);
        }
        publish(&self.reach, &form, batch.len()).await
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
pub(crate) async fn try_topic(reach: &Reach, arn: &str) -> Result<(), String> {
    let mut form = Form::of("PublishBatch", arn);
    form.add_message(0, "{}", &[("event_type", "String", "CHECK")]);
    publish(reach, &form, 1).await.map_err(|unpublished| unpublished.reason)
}

/// A call, as the query protocol writes it.
struct Form(String);

impl Form {
    fn of(action: &str, arn: &str) -> Self {
        let mut form = Self(format!("Action={action}&Version={VERSION}"));
        form.add("TopicArn", arn);
        form
    }

    fn add(&mut self, name: &str, value: &str) {
        self.0.push('&');
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, IN_FORM));
    }

    /// Attributes are name, type and value.
    fn add_message(&mut self, place: usize, body: &str, attributes: &[(&str, &str, &str)]) {
        let member = format!("PublishBatchRequestEntries.member.{}", place.saturating_add(1));
        self.add(&format!("{member}.Id"), &place.to_string());
        self.add(&format!("{member}.Message"), body);
        for (number, (name, kind, value)) in (1..).zip(attributes) {
            let entry = format!("{member}.MessageAttributes.entry.{number}");
            self.add(&format!("{entry}.Name"), name);
            self.add(&format!("{entry}.Value.DataType"), kind);
            self.add(&format!("{entry}.Value.StringValue"), value);
        }
    }
}

/// What SNS answers.
async fn ask(reach: &Reach, form: &Form) -> Result<(u16, String), String> {
    let mut answer = Err(String::new());
    for _ in 0..ATTEMPTS {
        let post = Post { service: "sns", path: "/", header: FORM, body: form.0.clone() };
        answer = reach.post(post).await;
        if answer.as_ref().is_ok_and(|(status, _)| *status < 500) {
            break;
        }
    }
    let (status, body) = answer?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

async fn publish(reach: &Reach, form: &Form, count: usize) -> Result<(), Unpublished> {
    let none = |reason: String| Unpublished { first: 0, reason, is_final: false };
    match ask(reach, form).await.map_err(none)? {
        (200, answer) => taken(&answer, count),
        (status, answer) => Err(none(refusal(status, &answer))),
    }
}

/// Whether the answer names every message among those that the topic has taken; if not, which is the first.
fn taken(answer: &str, count: usize) -> Result<(), Unpublished> {
    let taken: Vec<&str> =
        members(answer, "Successful").filter_map(|one| text(one, "Id")).collect();
    let is_missing = |place: &usize| !taken.contains(&place.to_string().as_str());
    let Some(first) = (0..count).find(is_missing) else { return Ok(()) };
    let id = first.to_string();
    let failed = members(answer, "Failed").find(|one| text(one, "Id") == Some(&id));
    let reason = failed.map_or_else(|| "the topic does not name it".to_owned(), words);
    let is_final = failed.and_then(|one| text(one, "SenderFault")) == Some("true");
    Err(Unpublished { first, reason, is_final })
}

fn refusal(status: u16, answer: &str) -> String {
    format!("it answered {status}: {}", words(answer))
}

/// The code and the message of what was not done.
fn words(xml: &str) -> String {
    let [code, message] = ["Code", "Message"].map(|name| text(xml, name).unwrap_or_default());
    format!("{code}: {message}")
}

/// The members of a list of that name.
fn members<'a>(xml: &'a str, list: &str) -> impl Iterator<Item = &'a str> {
    text(xml, list).unwrap_or_default().split("<member>").skip(1)
}

/// What stands in the first element of that name, which SNS writes without attributes.
fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_written_as_the_query_protocol_has_it() {
        let mut form = Form::of("PublishBatch", "arn:aws:sns:eu-west-1:1:a_b");
        form.add_message(0, "{\"a\":\"ä +&=\"}", &[("event_type", "String", "PAYMENT_FAILED")]);
        let expected = "Action=PublishBatch&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aa_b\
            &PublishBatchRequestEntries.member.1.Id=0\
            &PublishBatchRequestEntries.member.1.Message=%7B%22a%22%3A%22%C3%A4%20%2B%26%3D%22%7D\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=event_type\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType=String\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue=PAYMENT_FAILED";
        assert_eq!(form.0, expected);
    }

    /// What is made of an answer to two messages.
    #[track_caller]
    fn check(successful: &[usize], failed: &str, expected: &str) {
        let member = |id| format!("<member>\n<MessageId>m</MessageId><Id>{id}</Id></member>");
        let successful: String = successful.iter().map(member).collect();
        let answer = format!(
            "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult>\
             {failed}<Successful>{successful}</Successful></PublishBatchResult></PublishBatchResponse>"
        );
        let told = match taken(&answer, 2) {
            Ok(()) => "all".to_owned(),
            Err(Unpublished { first, reason, is_final }) => format!("{first} {is_final} {reason}"),
        };
        assert_eq!(told, expected, "{answer}");
    }

    #[test]
    fn what_the_topic_does_not_name_is_not_published() {
        let failed = |id, fault| {
            format!(
                "<Failed><member><Id>{id}</Id><Code>Bad</Code><Message>so</Message>\
                 <SenderFault>{fault}</SenderFault></member></Failed>"
            )
        };
        check(&[0, 1], "<Failed/>", "all");
        check(&[1, 0], "", "all");
        check(&[0], &failed(1, false), "1 false Bad: so");
        check(&[1], &failed(0, true), "0 true Bad: so");
        check(&[], &failed(1, true), "0 false the topic does not name it");
        check(&[0], "<Failed/>", "1 false the topic does not name it");
        assert!(taken("", 1).is_err(), "an answer of another form");
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let answer = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>\
            <Message>not allowed</Message></Error></ErrorResponse>";
        assert_eq!(refusal(403, answer), "it answered 403: AuthorizationError: not allowed");
    }
}
