//! What the services declare, put together: the filter policies to the letter, and names that are
//! unique in the whole system. Not in here: what is done, by whoever is named.

use std::collections::BTreeSet;

use kernel::manifest::Subscription;
use serde_json::Value;
use store_embedded::policy::FilterPolicy;

use crate::contract::served;
use crate::services::{HERE_ALONE, SERVICES, kinds};

/// Service, subscription, topic, filter policy: as they stand on AWS too.
const SUBSCRIPTIONS: [[&str; 4]; 9] = [
    [
        "wallet",
        "process_payment_request",
        "payment_events",
        r#"{"event_type": ["PAYMENT_REQUESTED"]}"#,
    ],
    [
        "wallet",
        "process_payment_capture",
        "payment_events",
        r#"{"event_type": ["PAYMENT_CAPTURE_REQUESTED"]}"#,
    ],
    [
        "wallet",
        "process_payment_void",
        "payment_events",
        r#"{"event_type": ["PAYMENT_VOID_REQUESTED"]}"#,
    ],
    [
        "wallet",
        "process_payment_refund",
        "payment_events",
        r#"{"event_type": ["PAYMENT_REFUND_REQUESTED"]}"#,
    ],
    ["wallet", "process_loan_approval", "loan_events", r#"{"event_type": ["LOAN_APPROVED"]}"#],
    [
        "payment",
        "update_transaction_status",
        "payment_events",
        r#"{"event_type": ["PAYMENT_SUCCESSFUL", "PAYMENT_FAILED"]}"#,
    ],
    [
        "payment",
        "update_authorization_status",
        "payment_events",
        r#"{"event_type": ["PAYMENT_AUTHORIZED", "PAYMENT_CAPTURED", "PAYMENT_CAPTURE_FAILED", "PAYMENT_VOIDED"]}"#,
    ],
    [
        "payment",
        "update_refund_status",
        "payment_events",
        r#"{"event_type": ["PAYMENT_REFUNDED", "PAYMENT_REFUND_FAILED"]}"#,
    ],
    [
        "loan",
        "update_loan_funding",
        "loan_events",
        r#"{"event_type": ["LOAN_FUNDED", "LOAN_FUNDING_FAILED"]}"#,
    ],
];

fn declared() -> Vec<(&'static str, &'static Subscription)> {
    let of = |service: &&'static kernel::manifest::ServiceManifest| {
        let name = service.name;
        service.subscriptions.iter().map(move |subscription| (name, subscription))
    };
    SERVICES.iter().flat_map(of).collect()
}

#[test]
fn subscriptions_hear_what_they_are_said_to_hear() {
    let declared = declared();
    for ((service, subscription), expected) in declared.iter().zip(SUBSCRIPTIONS) {
        let [of, name, topic, policy] = expected;
        let found = (*service, subscription.name, subscription.topic.name());
        assert_eq!(found, (of, name, topic));
        let literal: Value = serde_json::from_str(policy).unwrap();
        assert_eq!(subscription.filter_policy(), literal, "{name}");
        let parsed = FilterPolicy::parse(policy).unwrap();
        assert_eq!(FilterPolicy::from_json(&subscription.filter_policy()), Ok(parsed), "{name}");
    }
    assert_eq!(declared.len(), SUBSCRIPTIONS.len());
}

#[test]
fn what_is_heard_is_said_by_one_service_on_that_topic() {
    for service in SERVICES {
        for kind in service.says {
            assert_eq!(kind.source(), service.name, "{}", kind.name());
        }
    }
    for (_, subscription) in declared() {
        for kind in subscription.hears {
            assert_eq!(kind.topic(), subscription.topic, "{}: {}", subscription.name, kind.name());
            let said_by = SERVICES.iter().filter(|service| service.says.contains(kind)).count();
            assert_eq!(said_by, 1, "{}: {}", subscription.name, kind.name());
        }
    }
}

#[track_caller]
fn expect_unique(names: &[String]) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name), "{name} is there twice");
    }
    assert!(!names.is_empty());
}

#[test]
fn no_name_is_there_twice() {
    // Each of these is a function on AWS, by its name.
    let operations = served();
    let mut functions: Vec<_> = operations.iter().map(|operation| operation.name).collect();
    functions.extend(declared().iter().map(|(_, subscription)| subscription.name));
    functions.extend(SERVICES.iter().flat_map(|service| service.due).map(|due| due.name));
    let functions: Vec<_> = functions.into_iter().map(str::to_owned).collect();
    expect_unique(&functions);
    for name in &functions {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_plain && name.len() <= 64, "{name}");
    }
    // Two paths that differ in the names of what varies only are one path.
    let routes = operations.iter().map(|operation| {
        let parts = operation.path.split('/');
        let parts: Vec<_> =
            parts.map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        format!("{} {}", operation.method.text(), parts.join("/"))
    });
    expect_unique(&routes.collect::<Vec<_>>());
    expect_unique(&kinds().iter().map(|kind| kind.name.to_owned()).collect::<Vec<_>>());
    let services = SERVICES.iter().chain([&HERE_ALONE]).map(|service| service.name.to_owned());
    expect_unique(&services.collect::<Vec<_>>());
}

/// Who signs in where is Cognito's on AWS: nothing of it is deployed.
#[test]
fn what_this_program_has_alone_is_not_deployed() {
    let manifest = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../terraform/manifest.json"
    ));
    let manifest: Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    assert!(manifest["tables"].get(HERE_ALONE.name).is_none());
    assert!(manifest["functions"].get("get_me").is_some());
    for operation in HERE_ALONE.operations {
        assert!(manifest["functions"].get(operation.name).is_none(), "{}", operation.name);
    }
    assert!(HERE_ALONE.subscriptions.is_empty() && HERE_ALONE.says.is_empty());
}
