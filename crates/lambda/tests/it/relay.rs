//! The relay: images of records as a stream shows them, in the layout that the tables document, become
//! the very events that the one program says.

use kernel::store::StorePort;
use kernel::time::System;
use kernel::{Clock, Kind, Record, Said, Stored, Value as ColumnValue};
use payment::records::Payment;
use serde_json::{Map, Value, json};
use wallet::records::Entry;

use crate::functions::{Deployment, request};

/// A payment that was asked for and paid: its first version, and the entry that paid it.
pub(crate) async fn paid() -> (Deployment, Stored, Stored) {
    let deployment = Deployment::new();
    let opening = request("POST", "/v1/wallet", Some(&json!({})));
    let opened = deployment.call("create_wallet", &opening).await;
    let wallet_id = opened.body["wallet_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/wallet/{wallet_id}/credit");
    let credit = request("POST", &path, Some(&json!({ "amount": "10.00" })));
    assert_eq!(deployment.call("credit_wallet", &credit).await.status, 200);
    let body = json!({ "wallet_id": wallet_id, "merchant_id": "books", "amount": "2.50" });
    deployment.call("request_payment", &request("POST", "/v1/payment", Some(&body))).await;
    let payment = newest(&deployment, Payment::KIND).await;
    deployment.settle(0).await;
    let entry = newest(&deployment, Entry::KIND).await;
    (deployment, payment, entry)
}

pub(crate) async fn newest(deployment: &Deployment, kind: &'static Kind) -> Stored {
    let rows = deployment.memory.scan(kind, None, 100).await.unwrap().rows;
    rows.into_iter().next_back().unwrap().unwrap()
}

/// A record as the stream of its table shows it.
pub(crate) fn image(stored: &Stored) -> Value {
    let kind = stored.record.kind();
    let mut image = Map::new();
    image.insert("id".to_owned(), json!({ "S": stored.record.key().id.to_string() }));
    let sequence = stored.record.key().sequence.unwrap_or(0).to_string();
    image.insert("sequence".to_owned(), json!({ "N": sequence }));
    let mut names = kind.columns.iter().map(|column| column.name);
    stored.record.values(&mut |value| {
        let name = names.next().unwrap();
        let attribute = match value {
            ColumnValue::Null => return,
            ColumnValue::Integer(integer) => json!({ "N": integer.to_string() }),
            ColumnValue::Text(text) => json!({ "S": text }),
            ColumnValue::Id(id) => json!({ "S": id.to_string() }),
            ColumnValue::Bytes(bytes) => json!({ "B": base64(&bytes) }),
        };
        if name != kind.partition && kind.sort != Some(name) {
            image.insert(name.to_owned(), attribute);
        }
    });
    image.insert("version".to_owned(), json!({ "N": stored.version.to_string() }));
    image.insert("schema_version".to_owned(), json!({ "N": kind.schema_version.to_string() }));
    if !stored.said.is_empty() {
        let events: Vec<_> = stored.said.iter().map(said).collect();
        image.insert("events".to_owned(), json!({ "L": events }));
        let says: Vec<_> = stored.said.iter().map(|said| said.kind.name()).collect();
        image.insert("says".to_owned(), json!({ "S": says.join(" ") }));
    }
    Value::Object(image)
}

fn said(said: &Said) -> Value {
    let mut map = json!({
        "id": { "S": said.id.to_string() },
        "type": { "S": said.kind.name() },
        "at": { "N": said.at.micros().to_string() },
        "sequence": { "N": said.sequence.to_string() },
        "correlation": { "S": said.correlation.to_string() },
    });
    if let Some(causation) = said.causation {
        map["causation"] = json!({ "S": causation.to_string() });
    }
    if let Some(trace) = said.trace {
        map["trace"] = json!({ "S": trace.to_string() });
    }
    if let Some(detail) = &said.detail {
        map["detail"] = json!({ "S": detail });
    }
    json!({ "M": map })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// An invocation with these images, just written, whose sequence numbers are 100, 101, ….
pub(crate) fn stream(images: &[Value]) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../events/stream.json")).unwrap();
    let record = event["Records"][0].clone();
    let records = images.iter().enumerate().map(|(place, image)| {
        let mut record = record.clone();
        record["dynamodb"]["NewImage"] = image.clone();
        record["dynamodb"]["ApproximateCreationDateTime"] =
            json!(System.now().micros() / 1_000_000);
        record["dynamodb"]["SequenceNumber"] = json!((100 + place).to_string());
        record
    });
    event["Records"] = Value::Array(records.collect());
    event
}

pub(crate) fn failures(answer: &Value) -> &Value {
    &answer["batchItemFailures"]
}

#[tokio::test]
async fn what_a_record_says_is_published_as_the_program_says_it() {
    let (deployment, payment, entry) = paid().await;
    let mut expected = deployment.memory.said();
    assert_eq!(expected.len(), 2);
    for (relay, stored) in [("relay_payment", &payment), ("relay_wallet", &entry)] {
        let answer = deployment.invoke(relay, &stream(&[image(stored)])).await.unwrap();
        assert_eq!(failures(&answer), &json!([]));
        let published = deployment.published.take();
        assert_eq!(published.len(), 1, "{published:?}");
        let event = expected.remove(0);
        assert_eq!(published[0].kind, event.kind());
        assert_eq!(published[0].subject, event.data.subject().to_string());
        assert_eq!(published[0].body, serde_json::to_string(&event).unwrap());
    }
}

#[tokio::test]
async fn a_record_that_says_nothing_or_was_removed_publishes_nothing() {
    let (deployment, payment, _) = paid().await;
    let mut silent = image(&payment);
    silent.as_object_mut().unwrap().remove("events");
    let mut event = stream(&[silent, json!({})]);
    event["Records"][1]["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    let answer = deployment.invoke("relay_payment", &event).await.unwrap();
    assert_eq!(failures(&answer), &json!([]));
    assert!(deployment.published.take().is_empty());
}

#[tokio::test]
async fn a_poison_record_is_named_and_what_came_before_it_is_out() {
    let (deployment, payment, entry) = paid().await;
    let good = image(&payment);
    let newer = {
        let mut image = good.clone();
        image["schema_version"] = json!({ "N": "99" });
        image
    };
    let unknown = {
        let mut image = good.clone();
        image["events"]["L"][0]["M"]["type"] = json!({ "S": "PAYMENT_LOST" });
        image
    };
    let foreign = image(&entry);
    for poison in [newer, unknown, foreign, json!({ "id": "pay_1" }), json!({})] {
        let event = stream(&[good.clone(), poison.clone(), good.clone()]);
        let answer = deployment.invoke("relay_payment", &event).await.unwrap();
        assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "101" }]), "{poison}");
        assert_eq!(deployment.published.take().len(), 1, "{poison}");
    }
}

/// A batch that begins with it is failed as a whole, which halves it; alone it is named.
#[tokio::test]
async fn a_poison_record_takes_none_of_its_batch_with_it() {
    let (deployment, payment, _) = paid().await;
    let (good, poison) = (image(&payment), json!({}));
    let event = stream(&[poison.clone(), good.clone()]);
    let failed = deployment.invoke("relay_payment", &event).await.unwrap_err();
    assert_eq!(failed.kind(), "RecordUnpublished");
    assert!(deployment.published.take().is_empty());
    let answer = deployment.invoke("relay_payment", &stream(&[poison])).await.unwrap();
    assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "100" }]));
    deployment.invoke("relay_payment", &stream(&[good])).await.unwrap();
    assert_eq!(deployment.published.take().len(), 1);
}

#[tokio::test]
async fn what_the_topic_does_not_take_is_reported_from_the_first_on() {
    let (deployment, payment, _) = paid().await;
    let images = vec![image(&payment); 13];
    deployment.published.refuse_from(11);
    let answer = deployment.invoke("relay_payment", &stream(&images)).await.unwrap();
    assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "111" }]));
    deployment.published.refuse_from(usize::MAX);
    let answer = deployment.invoke("relay_payment", &stream(&images[11..])).await.unwrap();
    assert_eq!(failures(&answer), &json!([]));
}
