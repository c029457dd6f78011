//! Cases of filter policies that others wrote, from the shared data; skipped where it is absent.

use std::io::Write as _;

use super::super::{Attributes, FilterPolicy, PolicyRefused, test_policy};
use serde_json::{Value, json};

const CASES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/sns-filter-policy-cases.json");

/// The cases of one scope; none where the file is absent.
fn cases(scope: &str) -> Option<Vec<Value>> {
    let Ok(text) = std::fs::read_to_string(CASES) else {
        // Past what cargo keeps to itself of tests that pass.
        let test = std::thread::current();
        let test = test.name().unwrap_or_default();
        writeln!(std::io::stderr(), "{test}: skipped: {CASES} is not there").unwrap();
        return None;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the cases are JSON");
    Some(cases.into_iter().filter(|case| case["scope"] == scope).collect())
}

#[test]
fn all_cases_on_message_attributes_agree() {
    let Some(cases) = cases("MessageAttributes") else { return };
    let mut wrong = Vec::new();
    for case in &cases {
        let policy = FilterPolicy::from_json(&case["policy"]).expect("SNS takes these policies");
        let attributes = Attributes::from_json(&case["attributes"]).expect("and these attributes");
        let expected = case["expected"].as_bool().expect("a case says what is expected");
        let message = json!({"attributes": case["attributes"]}).to_string();
        let lines: Vec<String> = test_policy(&case["policy"].to_string(), message.as_bytes())
            .map(|verdict| verdict.expect("memory can be read").to_string())
            .collect();
        let line = if expected { "match" } else { "no match" };
        if policy.matches(&attributes) != expected || lines != [line] {
            wrong.push(case);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cases.len(), 65);
}

#[test]
fn a_nested_policy_on_the_message_body_is_refused_by_name() {
    let Some(cases) = cases("MessageBody") else { return };
    let nested = |case: &&Value| {
        let keys = case["policy"].as_object().expect("a policy is an object");
        keys.values().any(Value::is_object)
    };
    let nested: Vec<&Value> = cases.iter().filter(nested).collect();
    for case in &nested {
        let refused = FilterPolicy::from_json(&case["policy"]).expect_err("it is nested");
        assert!(matches!(refused, PolicyRefused::NestedObject { .. }), "{case}: {refused}");
        assert!(refused.to_string().contains("the MessageBody scope is not supported"));
    }
    assert!(!nested.is_empty());
}
