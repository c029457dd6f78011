//! Dead letters: from the queues to records, listed, redriven to the one function, gone.

use kernel::audit::AuditLine;
use kernel::store::StorePort;
use kernel::{Id, Record};
use operations::records::DeadLetter;
use serde_json::{Value, json};

use crate::functions::{Answer, Deployment, by_operator, notification, request};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:fintech-";

/// What a mapping hands over: one message of a queue.
pub(crate) fn told(queue: &str, id: &str, body: &str) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../events/sqs.json")).unwrap();
    event["Records"][0]["eventSourceARN"] = json!(format!("{QUEUE}{queue}"));
    event["Records"][0]["messageId"] = json!(id);
    event["Records"][0]["body"] = json!(body);
    event
}

/// What Lambda lays there of an asynchronous call that failed.
pub(crate) fn failed(payload: &Value) -> Value {
    let mut record: Value = serde_json::from_str(include_str!("../events/failed.json")).unwrap();
    record["requestPayload"] = payload.clone();
    record
}

pub(crate) async fn keep(deployment: &Deployment, event: &Value) {
    let answer = deployment.invoke("keep_dead_letters", event).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

pub(crate) async fn list(deployment: &Deployment) -> Vec<Value> {
    let asked = by_operator(request("GET", "/v1/dead-letters", None));
    let answer = deployment.call("list_dead_letters", &asked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

pub(crate) async fn redrive(deployment: &Deployment, id: &str, key: &str) -> Answer {
    let path = format!("/v1/dead-letters/{id}/redrive");
    let mut asked = by_operator(request("POST", &path, Some(&json!({}))));
    asked["headers"]["idempotency-key"] = json!(key);
    deployment.call("redrive_dead_letter", &asked).await
}

async fn audited(deployment: &Deployment) -> usize {
    deployment.memory.scan(AuditLine::KIND, None, 100).await.unwrap().rows.len()
}

/// A payment whose request is said, and the message with it.
async fn requested(deployment: &Deployment) -> String {
    let body =
        json!({ "wallet_id": format!("wal_{}", uuid(1)), "merchant_id": "m", "amount": "1.00" });
    let asked =
        deployment.call("request_payment", &request("POST", "/v1/payment", Some(&body))).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    serde_json::to_string(deployment.memory.said().last().unwrap()).unwrap()
}

fn uuid(last: u8) -> String {
    format!("00000000-0000-7000-8000-0000000000{last:02}")
}

#[tokio::test]
async fn a_letter_is_kept_once_redriven_and_gone() {
    let deployment = Deployment::new();
    let message = requested(&deployment).await;
    let body = failed(&notification(&message)).to_string();
    let event = told("process-payment-request-failed", "m1", &body);
    keep(&deployment, &event).await;
    keep(&deployment, &event).await;
    let letters = list(&deployment).await;
    let [letter] = &letters[..] else { panic!("{letters:#?}") };
    assert_eq!(letter["subscription"], "process_payment_request");
    assert_eq!(letter["attempts"], 3);
    assert_eq!(letter["reason"], "StoreUnavailable: the table is not there");
    assert_eq!(letter["at"], "2026-01-31T09:30:00.123000Z");
    assert_eq!(letter["event"], serde_json::from_str::<Value>(&message).unwrap());
    assert_eq!(letter["message"], Value::Null);

    let id = letter["dead_letter_id"].as_str().unwrap();
    let lines = audited(&deployment).await;
    for _ in 0..2 {
        let redriven = redrive(&deployment, id, "once").await;
        assert_eq!(redriven.status, 200, "{redriven:?}");
        assert_eq!(redriven.body["state"], "WAITING");
    }
    assert_eq!(deployment.called.take(), [("process_payment_request".to_owned(), message.clone())]);
    assert_eq!(list(&deployment).await, Vec::<Value>::new());
    assert_eq!(audited(&deployment).await, lines + 1);
    assert_eq!(redrive(&deployment, id, "twice").await.status, 404, "it is no letter any more");
    keep(&deployment, &event).await;
    assert_eq!(list(&deployment).await, Vec::<Value>::new(), "the queue told it before");

    let again = told("process-payment-request-failed", "m2", &body);
    keep(&deployment, &again).await;
    assert_eq!(list(&deployment).await.len(), 1, "it died again");
    assert_eq!(deployment.called.take(), []);
}

/// Between the call and the record a crash, or another message, may come.
#[tokio::test]
async fn a_letter_that_dies_while_it_is_redriven_stays() {
    let deployment = Deployment::new();
    let message = requested(&deployment).await;
    let body = failed(&notification(&message)).to_string();
    keep(&deployment, &told("process-payment-request-failed", "m1", &body)).await;
    let id = list(&deployment).await[0]["dead_letter_id"].as_str().unwrap().to_owned();
    deployment.called.dies(&deployment, told("process-payment-request-failed", "m2", &body));
    assert_eq!(redrive(&deployment, &id, "first").await.status, 200);
    let letters = list(&deployment).await;
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0]["attempts"], 6);

    deployment.called.refuses();
    let lines = audited(&deployment).await;
    assert_eq!(redrive(&deployment, &id, "second").await.status, 503);
    assert_eq!(list(&deployment).await.len(), 1, "it was given to nobody");
    assert_eq!(audited(&deployment).await, lines);
}

/// What is kept of a message of that queue: function, attempts, reason, message.
async fn check(queue: &str, body: &str, expected: (&str, u64, &str, Option<&str>)) {
    let deployment = Deployment::new();
    keep(&deployment, &told(queue, "m1", body)).await;
    let letters = list(&deployment).await;
    let [letter] = &letters[..] else { panic!("{queue}: {letters:#?}") };
    let text = |name: &str| letter[name].as_str();
    let found = (
        text("subscription").unwrap(),
        letter["attempts"].as_u64().unwrap(),
        text("reason").unwrap(),
        text("message"),
    );
    assert_eq!(found, expected);
    assert_eq!(letter["event"], Value::Null);
    // Whatever it is, an operator can put it away.
    let id = text("dead_letter_id").unwrap();
    assert_eq!(redrive(&deployment, id, "key").await.status, 200);
    assert_eq!(list(&deployment).await, Vec::<Value>::new());
    let is_heard = expected.0 == "process_payment_request";
    assert_eq!(deployment.called.take().len(), usize::from(is_heard), "{queue}");
}

#[tokio::test]
async fn whatever_lies_in_a_queue_is_kept() {
    let lost = failed(&notification("no JSON")).to_string();
    let reason = "StoreUnavailable: the table is not there";
    let name = "process_payment_request";
    check("process-payment-request-failed", &lost, (name, 3, reason, Some("no JSON"))).await;

    let undelivered = notification("what")["Records"][0]["Sns"].to_string();
    let reason = "the function was not reached";
    check("process-payment-request-undelivered", &undelivered, (name, 0, reason, Some("what")))
        .await;

    let stream = include_str!("../events/stream_failed.json");
    let reason = "Records 800000000003126276362 to 800000000003126276363 of shard \
                  shardId-00000001573689847184-864758bb could not be relayed (RetryAttemptsExhausted); \
                  the relay's log says why. A record that waits for an answer says its event again by \
                  itself.";
    check("relay-payment-failed", stream, ("relay_payment", 4, reason, None)).await;

    let clock = json!({ "schedule": "expire_holds", "at": "2026-01-31T09:30:00Z" });
    let reason = "StoreUnavailable: the table is not there";
    let body = failed(&clock).to_string();
    check("expire-holds-failed", &body, ("expire_holds", 3, reason, None)).await;
    let reason = "the function was not reached";
    check("expire-holds-failed", &clock.to_string(), ("expire_holds", 0, reason, None)).await;

    check("expire-holds-failed", "what", ("expire_holds", 0, reason, Some("what"))).await;
    check("another", "[]", ("fintech-another", 0, reason, Some("[]"))).await;
    check("process-nothing-failed", "", ("fintech-process-nothing-failed", 0, reason, Some("")))
        .await;
}

#[tokio::test]
async fn what_the_clock_could_not_do_is_one_letter() {
    let deployment = Deployment::new();
    for minute in 0..3 {
        let clock =
            json!({ "schedule": "expire_holds", "at": format!("2026-01-31T09:3{minute}:00Z") });
        let event = told("expire-holds-failed", &format!("m{minute}"), &failed(&clock).to_string());
        keep(&deployment, &event).await;
    }
    let letters = list(&deployment).await;
    assert_eq!((letters.len(), &letters[0]["attempts"]), (1, &json!(9)));
}

#[tokio::test]
async fn letters_are_listed_oldest_first_page_by_page() {
    let deployment = Deployment::new();
    let mut expected = Vec::new();
    for place in 0..5 {
        let message = format!("letter {place}");
        let mut record = failed(&notification(&message));
        record["timestamp"] = json!(format!("2026-01-31T09:30:0{}Z", 9 - place));
        let event = told("process-payment-request-failed", &message, &record.to_string());
        keep(&deployment, &event).await;
        expected.insert(0, message);
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut asked = by_operator(request("GET", "/v1/dead-letters", None));
        asked["rawQueryString"] = json!(format!("limit=2{cursor}"));
        let page = deployment.call("list_dead_letters", &asked).await.body;
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["message"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_is_no_message_of_a_queue_is_told() {
    let deployment = Deployment::new();
    let failure = deployment.invoke("keep_dead_letters", &json!({ "what": 1 })).await.unwrap_err();
    assert_eq!(failure.kind(), "MalformedPayload");
    let letters = deployment.memory.scan(DeadLetter::KIND, None, 100).await.unwrap();
    assert!(letters.rows.is_empty());
    let unknown = kernel::DeadLetterId::from_uuid(1).to_string();
    assert_eq!(redrive(&deployment, &unknown, "key").await.status, 404);
    assert_eq!(deployment.called.take(), []);
}
