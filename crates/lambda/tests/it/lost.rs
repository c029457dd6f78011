//! A record that its relay gives up: a letter names it, those after it are not held up, and redriven
//! it is said again, whether anybody waits for that or not.

use std::time::Duration;

use kernel::{Id, PaymentId, Record, Stored};
use loan::records::Loan;
use payment::records::Payment;
use serde_json::{Value, json};

use crate::functions::{Deployment, by_operator, request};
use crate::letters::{failed, keep, list, redrive, told};
use crate::relay::{failures, image, newest, paid, stream};

/// A loan that somebody decides on.
pub(crate) async fn applied(deployment: &Deployment) -> String {
    let opening = request("POST", "/v1/wallet", Some(&json!({})));
    let opened = deployment.call("create_wallet", &opening).await;
    let wallet_id = &opened.body["wallet_id"];
    let body = json!({ "wallet_id": wallet_id, "amount": "1000.00", "loan_term_months": 12 });
    let loan = deployment.call("apply_for_loan", &request("POST", "/v1/loan", Some(&body))).await;
    loan.body["loan_id"].as_str().unwrap().to_owned()
}

/// A loan that was rejected: what it says nobody waits for.
async fn rejected() -> (Deployment, Stored) {
    let deployment = Deployment::new();
    let path = format!("/v1/loan/{}/reject", applied(&deployment).await);
    let reject = by_operator(request("POST", &path, Some(&json!({}))));
    assert_eq!(deployment.call("reject_loan", &reject).await.status, 200);
    let loan = newest(&deployment, Loan::KIND).await;
    (deployment, loan)
}

/// As a newer program writes it, whose records this one cannot read.
fn newer(stored: &Stored) -> Value {
    let mut image = image(stored);
    image["schema_version"] = json!({ "N": "99" });
    image
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_a_letter_after_half_a_minute_and_said_again_when_redriven()
{
    let (deployment, loan) = rejected().await;
    let (good, poison) = (image(&loan), newer(&loan));
    let event = stream(&[good.clone(), poison, good]);
    let answer = deployment.invoke("relay_loan", &event).await.unwrap();
    assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "101" }]), "it may be read soon");
    assert_eq!(list(&deployment).await, Vec::<Value>::new());
    deployment.published.take();

    deployment.pass(Duration::from_secs(31));
    let answer = deployment.invoke("relay_loan", &event).await.unwrap();
    assert_eq!(failures(&answer), &json!([]));
    assert_eq!(deployment.published.take().len(), 2, "the others are out");
    let letters = list(&deployment).await;
    let [letter] = &letters[..] else { panic!("{letters:#?}") };
    let loan_id = loan.record.key().id.to_string();
    assert_eq!(letter["subscription"], "relay_loan");
    assert_eq!(letter["attempts"], 1);
    assert_eq!(letter["message"], json!({ "record": loan_id }).to_string());
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.starts_with(&format!("{loan_id} could not be relayed: ")), "{reason}");

    // The stream shows it once more: nothing new.
    deployment.invoke("relay_loan", &event).await.unwrap();
    assert_eq!(list(&deployment).await.len(), 1);
    deployment.published.take();

    let id = letter["dead_letter_id"].as_str().unwrap();
    assert_eq!(redrive(&deployment, id, "key").await.status, 200);
    let (function, message) = deployment.called.take().pop().unwrap();
    assert_eq!(function, "relay_loan");
    let payload: Value = serde_json::from_str(&message).unwrap();
    let answer = deployment.invoke("relay_loan", &payload).await.unwrap();
    assert_eq!(answer, json!({ "events": 1 }));
    let said = deployment.published.take();
    assert_eq!(said[0].kind.name(), "LOAN_REJECTED");
    let program = deployment.memory.said().pop().unwrap();
    assert_eq!(said[0].body, serde_json::to_string(&program).unwrap());
    assert_eq!(list(&deployment).await, Vec::<Value>::new());

    // A relay that could not comes back as the same letter.
    keep(&deployment, &told("relay-loan-failed", "m1", &failed(&payload).to_string())).await;
    let again = list(&deployment).await;
    assert_eq!(again[0]["dead_letter_id"], id);
    assert_eq!(again[0]["message"], letter["message"]);
}

#[tokio::test]
async fn an_entry_is_named_by_its_place_in_the_chain() {
    let (deployment, _, entry) = paid().await;
    deployment.pass(Duration::from_secs(31));
    deployment.invoke("relay_wallet", &stream(&[newer(&entry)])).await.unwrap();
    let message = list(&deployment).await[0]["message"].as_str().unwrap().to_owned();
    let payload: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(payload["sequence"], entry.record.key().sequence.unwrap());
    deployment.invoke("relay_wallet", &payload).await.unwrap();
    assert_eq!(deployment.published.take()[0].kind.name(), "PAYMENT_SUCCESSFUL");
}

#[tokio::test]
async fn a_record_without_a_name_is_put_away() {
    let (deployment, ..) = paid().await;
    deployment.pass(Duration::from_secs(31));
    let answer = deployment.invoke("relay_payment", &stream(&[json!({})])).await.unwrap();
    assert_eq!(failures(&answer), &json!([]));
    let letters = list(&deployment).await;
    assert_eq!(letters[0]["message"], Value::Null);
    let id = letters[0]["dead_letter_id"].as_str().unwrap();
    assert_eq!(redrive(&deployment, id, "key").await.status, 200);
    assert_eq!(deployment.called.take(), []);
    assert_eq!(list(&deployment).await, Vec::<Value>::new());
}

/// What the topic does not take now is tried for as long as it takes, however old it is.
#[tokio::test]
async fn only_what_the_topic_would_never_take_is_a_letter() {
    let (deployment, payment, _) = paid().await;
    let event = stream(&vec![image(&payment); 3]);
    deployment.pass(Duration::from_secs(31));
    deployment.published.refuse_from(1);
    let answer = deployment.invoke("relay_payment", &event).await.unwrap();
    assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "101" }]));
    assert_eq!(list(&deployment).await, Vec::<Value>::new());

    deployment.published.take();
    deployment.published.refuse_for_good();
    let answer = deployment.invoke("relay_payment", &event).await.unwrap();
    assert_eq!(failures(&answer), &json!([{ "itemIdentifier": "102" }]), "what comes after it");
    assert_eq!(list(&deployment).await.len(), 1);
}

/// Why an invocation that names one record fails.
async fn check(deployment: &Deployment, function: &str, payload: Value, kind: &str) {
    let failure = deployment.invoke(function, &payload).await.unwrap_err();
    assert_eq!(failure.kind(), kind, "{payload}: {failure}");
}

#[tokio::test]
async fn what_cannot_be_said_again_fails() {
    let (deployment, payment, entry) = paid().await;
    let named = |stored: &Stored| json!({ "record": stored.record.key().id.to_string() });
    let unprocessable = "UnprocessableEvent";
    check(&deployment, "relay_wallet", named(&payment), unprocessable).await;
    check(&deployment, "relay_wallet", named(&entry), unprocessable).await;
    check(&deployment, "relay_payment", json!({ "record": "pay_1" }), unprocessable).await;
    let nobody = PaymentId::from_uuid(1).to_string();
    check(&deployment, "relay_payment", json!({ "record": nobody }), unprocessable).await;
    check(&deployment, "relay_payment", json!({ "what": 1 }), "MalformedPayload").await;
    let in_chain =
        |sequence: u64| json!({ "record": named(&entry)["record"], "sequence": sequence });
    check(&deployment, "relay_wallet", in_chain(0), unprocessable).await;
    let silent = deployment.invoke("relay_wallet", &in_chain(0)).await.unwrap_err().to_string();
    assert!(silent.contains("/0 says nothing and keeps nothing that it said"), "{silent}");
    deployment.published.refuse_from(0);
    let last = in_chain(entry.record.key().sequence.unwrap());
    check(&deployment, "relay_wallet", last, "RecordUnpublished").await;
}

/// It went on by another way, a redelivery or a sweep: what it says now is not what was given up.
#[tokio::test]
async fn a_record_that_went_on_says_again_what_its_former_versions_said() {
    let (deployment, asked, _) = paid().await;
    let id = asked.record.key().id.to_string();
    deployment.pass(Duration::from_secs(31));
    deployment.invoke("relay_payment", &stream(&[newer(&asked)])).await.unwrap();
    let message = list(&deployment).await[0]["message"].as_str().unwrap().to_owned();
    assert_eq!(message, json!({ "record": id }).to_string());
    let now = newest(&deployment, Payment::KIND).await;
    assert!(now.version > asked.version && now.said.is_empty(), "{now:?}");

    let payload: Value = serde_json::from_str(&message).unwrap();
    let answer = deployment.invoke("relay_payment", &payload).await.unwrap();
    assert_eq!(answer, json!({ "events": 1 }));
    let said = deployment.published.take();
    assert_eq!(said[0].kind.name(), "PAYMENT_REQUESTED");
    let program = deployment.memory.said().into_iter().next().unwrap();
    assert_eq!(said[0].body, serde_json::to_string(&program).unwrap(), "the very same");
}
