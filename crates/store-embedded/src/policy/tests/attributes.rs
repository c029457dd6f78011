//! The JSON form of a message's attributes: what is refused, and why.

use super::super::{Attributes, Number};

/// The refusal contains these words.
fn check(text: &str, expected: &str) {
    let refused = Attributes::parse(text).expect_err(text).to_string();
    assert!(refused.contains(expected), "{text}: {refused}");
    assert!(!refused.contains('\n') && refused.ends_with('.'), "{text}: {refused}");
}

#[test]
fn what_is_of_another_form_is_refused() {
    check("", "not JSON (EOF while parsing");
    check(r#"{"a": "\ud800"}"#, "not JSON (a string holds an escape");
    check("[]", "are not an object");
    check(r#"{"a": 1}"#, r#"The attribute "a" is not an object"#);
    check(r#"{"a\n": {}}"#, r#"The attribute "a\n" has no Type"#);
    check(r#"{"a": {"Type": "String"}}"#, "has no Value");
    check(r#"{"a": {"Value": "x"}}"#, "has no Type");
    check(r#"{"a": {"Type": "String", "Value": "x", "Extra": 1}}"#, "neither Type nor Value");
    check(r#"{"a": {"Type": 1, "Value": "x"}}"#, "has a Type that is not a string");
    check(r#"{"a": {"Type": "Text", "Value": "x"}}"#, "has an unknown Type");
    check(r#"{"a": {"Type": "String", "Value": 1}}"#, "put it in quotes");
    check(r#"{"a": {"Type": "String.Array", "Value": ["x"]}}"#, "put the whole array in quotes");
    check(r#"{"a": {"Type": "Number", "Value": "x"}}"#, "is not a number");
    check(r#"{"a": {"Type": "Number", "Value": true}}"#, "is not a number");
    check(r#"{"a": {"Type": "Binary", "Value": 1}}"#, "in base64");
    let twice = r#"{"a": {"Type": "String", "Value": "x"}, "a": {"Type": "String", "Value": "y"}}"#;
    check(twice, r#"The name "a" is given twice"#);
    check(r#"{"a": {"Type": "String", "Type": "Number", "Value": "1"}}"#, r#""Type" is given"#);
}

#[test]
fn numbers_are_decimals() {
    for text in ["0", "-1", "+1", "007", "1.", ".5", "1e5", "1E+5", "1e-5", "-0.0"] {
        assert!(Number::parse(text).is_some(), "{text}");
    }
    for text in ["", " 1", "1 ", "-", ".", "e5", "1e", "1e+", "1e5.0", "--1", "0x1", "NaN", "1,5"] {
        assert!(Number::parse(text).is_none(), "{text}");
    }
}
