//! A policy tried on messages: the lines that come out.

use super::super::test_policy;
use std::io::{BufReader, Read};

fn check(policy: &str, messages: &[u8], expected: &[&str]) {
    let lines: Vec<String> = test_policy(policy, messages)
        .map(|verdict| verdict.expect("memory can be read").to_string())
        .collect();
    assert_eq!(lines, expected);
}

const POLICY: &str = r#"{"event_type": ["PAYMENT_REQUESTED"]}"#;
const REQUESTED: &str =
    r#"{"attributes": {"event_type": {"Type": "String", "Value": "PAYMENT_REQUESTED"}}}"#;
const FAILED: &str =
    r#"{"body": "", "attributes": {"event_type": {"Type": "String", "Value": "PAYMENT_FAILED"}}}"#;

#[test]
fn a_line_a_message() {
    let messages = format!("{REQUESTED}\n{FAILED}\r\n\n   \n{REQUESTED}");
    check(POLICY, messages.as_bytes(), &["match", "no match", "match"]);
    check(POLICY, b"", &[]);
    check(POLICY, b"\n", &[]);
    check("{}", br#"{"attributes": {}}"#, &["match"]);
}

#[test]
fn a_refused_policy_is_said_once() {
    let messages = format!("{REQUESTED}\n{REQUESTED}\n");
    let expected =
        "refused: The list of the key \"a\" is empty; give a value, or leave the key out.";
    check(r#"{"a": []}"#, messages.as_bytes(), &[expected]);
    check(r#"{"a": []}"#, b"", &[expected]);
}

#[test]
fn a_malformed_message_is_named_by_its_line() {
    let mut messages = format!("{REQUESTED}\n\nnonsense\n[]\n{{}}\n").into_bytes();
    messages.extend_from_slice(b"\xff\n");
    messages.extend_from_slice(br#"{"attributes": {"a": 1}}"#);
    messages.extend_from_slice(format!("\n{{\"attributes\": 1}}\n{FAILED}\n").as_bytes());
    check(
        POLICY,
        &messages,
        &[
            "match",
            "malformed: line 3: This is not JSON (expected ident at line 1 column 2).",
            "malformed: line 4: The message is not an object; write {\"attributes\": {…}}.",
            "malformed: line 5: The message has no attributes; write {\"attributes\": {…}}, with \
             {} for none.",
            "malformed: line 6: This is not UTF-8.",
            "malformed: line 7: The attribute \"a\" is not an object; give it a Type and a Value.",
            "malformed: line 8: The attributes are not an object; write {\"event_type\": \
             {\"Type\": \"String\", \"Value\": \"…\"}}.",
            "no match",
        ],
    );
}

/// Gives one message, then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            bytes => Ok(bytes),
        }
    }
}

#[test]
fn a_failing_file_ends_the_verdicts() {
    let messages = format!("{REQUESTED}\n");
    let mut verdicts = test_policy(POLICY, BufReader::new(Broken(messages.as_bytes())));
    let mut next = || verdicts.next().map(|verdict| verdict.map(|verdict| verdict.to_string()));
    assert_eq!(next().expect("a verdict").expect("it was read"), "match");
    assert_eq!(next().expect("an error").expect_err("the disk").to_string(), "the disk is gone");
    assert!(next().is_none());
}
