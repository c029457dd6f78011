//! `fintech events test-policy` over the cases of the subscription filter grammar.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Ended, run, skipped, text};

fn test_policy(folder: &Path, policy: &str, messages: &str) -> Ended {
    let (policy_file, messages_file) = (folder.join("policy.json"), folder.join("messages.jsonl"));
    fs::write(&policy_file, policy).unwrap();
    fs::write(&messages_file, messages).unwrap();
    let arguments = ["--policy", text(&policy_file), "--messages", text(&messages_file)];
    run(&[&["events", "test-policy"], &arguments[..]].concat())
}

fn check(policy: &str, messages: &str, code: i32, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let ended = test_policy(folder.path(), policy, messages).expect(code);
    assert_eq!(ended.out, expected);
}

fn message(event_type: &str) -> String {
    format!(r#"{{"attributes": {{"event_type": {{"Type": "String", "Value": "{event_type}"}}}}}}"#)
}

#[test]
fn a_line_for_each_message_and_the_code_of_the_whole() {
    let policy = r#"{"event_type": ["PAYMENT_REQUESTED", {"prefix": "LOAN_"}]}"#;
    let messages =
        [message("LOAN_FUNDED"), message("PAYMENT_FAILED"), message("PAYMENT_REQUESTED")];
    check(policy, &messages.join("\n"), 0, "match\nno match\nmatch\n");
    check(policy, "", 0, "");
    let folder = tempfile::tempdir().unwrap();
    let refused =
        test_policy(folder.path(), r#"{"event_type": []}"#, &messages.join("\n")).expect(1);
    assert!(
        refused.out.starts_with("refused: ") && refused.out.contains("event_type"),
        "{refused:?}"
    );
    assert_eq!(refused.out.lines().count(), 1);
}

#[test]
fn a_message_that_cannot_be_read_is_told_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let messages = format!("{}\n{{\n{}\n", message("A"), message("B"));
    let ended = test_policy(folder.path(), r#"{"event_type": ["B"]}"#, &messages).expect(1);
    let lines: Vec<_> = ended.out.lines().collect();
    assert_eq!((lines[0], lines[2]), ("no match", "match"));
    assert!(lines[1].starts_with("malformed: line 2: "), "{lines:?}");
}

#[test]
fn files_that_are_not_there_are_a_wrong_use() {
    let ended = run(&["events", "test-policy", "--policy", "/no/p", "--messages", "/no/m"]);
    assert!(ended.expect(2).err.contains("cannot read /no/p"));
}

/// All published cases on message attributes, through the program.
#[test]
fn the_published_cases_agree() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/sns-filter-policy-cases.json");
    let Ok(text) = fs::read_to_string(path) else {
        return skipped(&format!("{path} is not there"));
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for case in cases.iter().filter(|case| case["scope"] == "MessageAttributes") {
        let message = json!({ "attributes": case["attributes"] }).to_string();
        let ended = test_policy(folder.path(), &case["policy"].to_string(), &message).expect(0);
        let expected = if case["expected"] == true { "match\n" } else { "no match\n" };
        assert_eq!(ended.out, expected, "{case}");
        count += 1;
    }
    assert_eq!(count, 65);
}
