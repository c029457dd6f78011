//! The topics and the functions' queues of calls, as far as the SDK sees them: what is published and who
//! is called is kept until it is taken. Who hears what is not known here.

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::message::Message;

/// A field by which a test has a topic refuse the message of that number, counted from 1.
pub(super) const REFUSED: &str = "Test.Refused";

/// See the file's comment.
#[derive(Default)]
pub(super) struct Topics {
    published: Mutex<Vec<Published>>,
    called: Mutex<Vec<(String, String)>>,
}

/// A message that a topic has taken.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub(super) topic: String,
    pub(super) body: String,
    /// As a filter policy sees them.
    pub(super) attributes: Value,
}

/// The name of a field of the message of that number.
pub(super) fn field(number: usize, name: &str) -> String {
    format!("PublishBatchRequestEntries.member.{number}.{name}")
}

impl Topics {
    /// What was published since it was last asked.
    pub(super) fn take_published(&self) -> Vec<Published> {
        std::mem::take(&mut *self.published.lock())
    }

    /// Which functions were called since it was last asked, each with its payload.
    pub(super) fn take_called(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.called.lock())
    }

    /// Does what is asked and answers.
    pub(super) fn answer(&self, request: &Message) -> Message {
        if request.operation() == "PublishBatch" {
            self.publish(request)
        } else {
            self.call(request)
        }
    }

    fn publish(&self, request: &Message) -> Message {
        let topic = request.form("TopicArn").unwrap();
        let refused = request.form(REFUSED).map(|number| number.parse::<usize>().unwrap());
        let (mut taken, mut failed) = (String::new(), String::new());
        for number in 1.. {
            let Some(id) = request.form(&field(number, "Id")) else { break };
            if refused == Some(number) {
                let why = "<Code>InternalError</Code><SenderFault>false</SenderFault>";
                failed.push_str(&format!("<member><Id>{id}</Id>{why}</member>"));
                continue;
            }
            taken.push_str(&format!("<member><Id>{id}</Id><MessageId>m</MessageId></member>"));
            let topic = topic.rsplit(':').next().unwrap().to_owned();
            let body = request.form(&field(number, "Message")).unwrap();
            let attributes = attributes(request, number);
            self.published.lock().push(Published { topic, body, attributes });
        }
        let result = format!("<Successful>{taken}</Successful><Failed>{failed}</Failed>");
        let result = format!("<PublishBatchResult>{result}</PublishBatchResult>");
        Message::answer("200 OK", &format!("<PublishBatchResponse>{result}</PublishBatchResponse>"))
    }

    fn call(&self, request: &Message) -> Message {
        self.called.lock().push((request.called(), request.json().to_string()));
        Message::answer("202 Accepted", "")
    }
}

fn attributes(request: &Message, number: usize) -> Value {
    let mut attributes = json!({});
    for place in 1.. {
        let field =
            |name| request.form(&field(number, &format!("MessageAttributes.entry.{place}.{name}")));
        let Some(name) = field("Name") else { return attributes };
        let (kind, value) = (field("Value.DataType"), field("Value.StringValue"));
        attributes[name] = json!({ "Type": kind, "Value": value });
    }
    attributes
}
