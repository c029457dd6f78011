//! What each operator matches, a line a case.

use super::super::Attributes;
use super::{attributes, policy};

/// Whether the policy `{"key": VALUES}` takes a message whose attribute `key` has this type and
/// value (a JSON text); no attribute at all where the type is `absent`.
fn check(values: &str, kind: &str, value: &str, expected: bool) {
    let policy = policy(&format!(r#"{{"key": {values}}}"#));
    let attributes = match kind {
        "absent" => attributes("{}"),
        _ => attributes(&format!(r#"{{"key": {{"Type": "{kind}", "Value": {value}}}}}"#)),
    };
    assert_eq!(policy.matches(&attributes), expected, "{values} on {kind} {value}");
}

#[test]
fn exact_values() {
    check(r#"["a", "b"]"#, "String", r#""b""#, true);
    check(r#"["a", "b"]"#, "String", r#""B""#, false);
    check(r#"["a", "b"]"#, "String", r#""""#, false);
    check(r#"["a", "b"]"#, "absent", "", false);
    check(r#"["a\u0062"]"#, "String", r#""ab""#, true);
    check(r#"["a"]"#, "String.Array", r#""[\"b\", \"a\"]""#, true);
    check(r#"["a"]"#, "String.Array", r#""[\"b\"]""#, false);
    check(r#"["a"]"#, "String.Array", r#""[]""#, false);
    check(r#"["a"]"#, "String.Array", r#""a""#, false);
    check(r#"["a"]"#, "String.Array", r#""[[\"a\"], {\"a\": \"a\"}]""#, false);
    check(r#"["a"]"#, "Binary", r#""a""#, false);
}

#[test]
fn exact_numbers() {
    check("[300]", "Number", "300", true);
    check("[300]", "Number", r#""300""#, true);
    check("[300]", "Number", "300.00", true);
    check("[3.015e2]", "Number", "301.5", true);
    check("[301.5]", "Number", r#""3.015E+2""#, true);
    check("[300]", "Number", "300.000001", false);
    check("[0]", "Number", "-0", true);
    check("[0.1]", "Number", "0.1", true);
    check("[0.1]", "Number", "0.1000000000000000055511151231257827", false);
    check("[300]", "String", r#""300""#, false);
    check(r#"["300"]"#, "Number", "300", false);
    check("[300]", "String.Array", r#""[\"300\", 300]""#, true);
    check("[300]", "String.Array", r#""[\"300\"]""#, false);
    check("[1000000000]", "Number", "1e9", true);
    check("[-1000000000]", "Number", "-1e9", true);
    check("[1000000000]", "Number", "1e99999999999999999999", false);
}

#[test]
fn literals() {
    check("[true]", "String.Array", r#""[true]""#, true);
    check("[true]", "String.Array", r#""[false, null]""#, false);
    check("[false]", "String.Array", r#""[false]""#, true);
    check("[null]", "String.Array", r#""[null]""#, true);
    check("[null]", "absent", "", false);
    check("[true]", "String", r#""true""#, false);
    check("[null]", "String", r#""null""#, false);
}

#[test]
fn patterns_on_strings() {
    check(r#"[{"prefix": "LOAN_"}]"#, "String", r#""LOAN_FUNDED""#, true);
    check(r#"[{"prefix": "LOAN_"}]"#, "String", r#""loan_FUNDED""#, false);
    check(r#"[{"prefix": "LOAN_"}]"#, "String", r#""A_LOAN_""#, false);
    check(r#"[{"prefix": ""}]"#, "String", r#""anything""#, true);
    check(r#"[{"prefix": "3"}]"#, "Number", "300", false);
    check(r#"[{"prefix": "LOAN_"}]"#, "absent", "", false);
    check(r#"[{"suffix": "_FAILED"}]"#, "String", r#""PAYMENT_FAILED""#, true);
    check(r#"[{"suffix": "_FAILED"}]"#, "String", r#""PAYMENT_FAILED_""#, false);
    check(r#"[{"suffix": "b"}]"#, "String.Array", r#""[\"a\", \"ab\"]""#, true);
    check(r#"[{"equals-ignore-case": "tennis"}]"#, "String", r#""TeNNiS""#, true);
    check(r#"[{"equals-ignore-case": "TENNIS"}]"#, "String", r#""tennis""#, true);
    check(r#"[{"equals-ignore-case": "ČESKÁ"}]"#, "String", r#""česká""#, true);
    check(r#"[{"equals-ignore-case": "tennis"}]"#, "String", r#""tennis ""#, false);
}

#[test]
fn wildcards() {
    check(r#"[{"wildcard": "*ball"}]"#, "String", r#""baseball""#, true);
    check(r#"[{"wildcard": "*ball"}]"#, "String", r#""ball""#, true);
    check(r#"[{"wildcard": "*ball"}]"#, "String", r#""balls""#, false);
    check(r#"[{"wildcard": "a*c*e"}]"#, "String", r#""abcde""#, true);
    check(r#"[{"wildcard": "a*c*e"}]"#, "String", r#""ace""#, true);
    check(r#"[{"wildcard": "a*c*e"}]"#, "String", r#""aec""#, false);
    check(r#"[{"wildcard": "ab*ba"}]"#, "String", r#""aba""#, false);
    check(r#"[{"wildcard": "*"}]"#, "String", r#""""#, true);
    check(r#"[{"wildcard": "*"}]"#, "Number", "1", false);
    check(r#"[{"wildcard": "ab"}]"#, "String", r#""ab""#, true);
    check(r#"[{"wildcard": "ab"}]"#, "String", r#""abc""#, false);
    check(r#"[{"wildcard": "a\\*b\\\\*"}]"#, "String", r#""a*b\\c""#, true);
    check(r#"[{"wildcard": "a\\*b"}]"#, "String", r#""axb""#, false);
}

#[test]
fn numeric_comparisons() {
    check(r#"[{"numeric": ["=", 301.5]}]"#, "Number", "3.015e2", true);
    check(r#"[{"numeric": ["=", 0]}]"#, "Number", "0.000001", false);
    check(r#"[{"numeric": ["<", 0]}]"#, "Number", "-0.0000000001", true);
    check(r#"[{"numeric": ["<", 0]}]"#, "Number", "0", false);
    check(r#"[{"numeric": ["<=", 0]}]"#, "Number", "0", true);
    check(r#"[{"numeric": ["<=", 0]}]"#, "Number", "1e-99999999999999999999", false);
    check(r#"[{"numeric": [">", 0]}]"#, "Number", "1e-99999999999999999999", true);
    check(r#"[{"numeric": [">", 1e9]}]"#, "Number", "1000000000.000001", true);
    check(r#"[{"numeric": ["<", -1e9]}]"#, "Number", "-1000000000.000001", true);
    check(r#"[{"numeric": [">", 0]}]"#, "Number", "123456789012345678901234567890", true);
    check(r#"[{"numeric": ["<", 0]}]"#, "Number", "-1e300", true);
    check(r#"[{"numeric": [">", 0, "<=", 150]}]"#, "Number", "150", true);
    check(r#"[{"numeric": [">", 0, "<=", 150]}]"#, "Number", "150.00001", false);
    check(r#"[{"numeric": [">", 0, "<=", 150]}]"#, "Number", "0", false);
    check(r#"[{"numeric": [">=", 0, "<", 150]}]"#, "Number", "0", true);
    check(r#"[{"numeric": [">=", 0, "<", 150]}]"#, "Number", "150", false);
    check(r#"[{"numeric": [">", 0]}]"#, "String", r#""5""#, false);
    check(r#"[{"numeric": [">", 0]}]"#, "String.Array", r#""[-1, 5]""#, true);
}

#[test]
fn exists() {
    check(r#"[{"exists": true}]"#, "String", r#""x""#, true);
    check(r#"[{"exists": true}]"#, "String.Array", r#""[]""#, true);
    check(r#"[{"exists": true}]"#, "absent", "", false);
    check(r#"[{"exists": true}]"#, "Binary", r#""AA==""#, false);
    check(r#"[{"exists": false}]"#, "absent", "", true);
    check(r#"[{"exists": false}]"#, "Number", "1", false);
    check(r#"[{"exists": false}]"#, "Binary", r#""AA==""#, true);
    check(r#"["a", {"exists": false}]"#, "absent", "", true);
    check(r#"["a", {"exists": false}]"#, "String", r#""a""#, true);
    check(r#"["a", {"exists": false}]"#, "String", r#""b""#, false);
    check(r#"[{"exists": false}, {"exists": true}]"#, "String", r#""b""#, true);
}

#[test]
fn networks() {
    check(r#"[{"cidr": "10.0.0.0/24"}]"#, "String", r#""10.0.0.0""#, true);
    check(r#"[{"cidr": "10.0.0.7/24"}]"#, "String", r#""10.0.0.255""#, true);
    check(r#"[{"cidr": "10.0.0.0/24"}]"#, "String", r#""10.0.1.0""#, false);
    check(r#"[{"cidr": "10.0.0.0/24"}]"#, "String", r#""10.0.0.256""#, false);
    check(r#"[{"cidr": "10.0.0.0/24"}]"#, "String", r#""ten""#, false);
    check(r#"[{"cidr": "10.0.0.1/32"}]"#, "String", r#""10.0.0.1""#, true);
    check(r#"[{"cidr": "10.0.0.1/32"}]"#, "String", r#""10.0.0.2""#, false);
    check(r#"[{"cidr": "0.0.0.0/0"}]"#, "String", r#""255.1.2.3""#, true);
    check(r#"[{"cidr": "0.0.0.0/0"}]"#, "String", r#""::1""#, false);
    check(r#"[{"cidr": "2001:db8::/32"}]"#, "String", r#""2001:db8:0:1::5""#, true);
    check(r#"[{"cidr": "2001:db8::/32"}]"#, "String", r#""2001:db9::5""#, false);
    check(r#"[{"cidr": "::/0"}]"#, "String", r#""2001:db9::5""#, true);
}

#[test]
fn anything_but() {
    check(r#"[{"anything-but": "a"}]"#, "String", r#""b""#, true);
    check(r#"[{"anything-but": "a"}]"#, "String", r#""a""#, false);
    check(r#"[{"anything-but": "a"}]"#, "absent", "", false);
    check(r#"[{"anything-but": "a"}, {"exists": false}]"#, "absent", "", true);
    check(r#"[{"anything-but": ["a", "b"]}]"#, "String", r#""b""#, false);
    check(r#"[{"anything-but": ["a", "b"]}]"#, "String", r#""c""#, true);
    check(r#"[{"anything-but": ["a"]}]"#, "String.Array", r#""[\"a\"]""#, false);
    check(r#"[{"anything-but": ["a"]}]"#, "String.Array", r#""[\"a\", \"b\"]""#, true);
    check(r#"[{"anything-but": ["a"]}]"#, "String.Array", r#""[]""#, false);
    check(r#"[{"anything-but": "a"}]"#, "Number", "1", true);
    check(r#"[{"anything-but": 100}]"#, "Number", "1e2", false);
    check(r#"[{"anything-but": [100, 500]}]"#, "Number", "500", false);
    check(r#"[{"anything-but": [100, 500]}]"#, "Number", "100.1", true);
    check(r#"[{"anything-but": [100, 500]}]"#, "Number", "1e30", true);
    check(r#"[{"anything-but": [100, 500]}]"#, "String", r#""100""#, true);
    check(r#"[{"anything-but": {"prefix": "order-"}}]"#, "String", r#""order-x""#, false);
    check(r#"[{"anything-but": {"prefix": "order-"}}]"#, "String", r#""order_x""#, true);
    check(r#"[{"anything-but": {"suffix": "ball"}}]"#, "String", r#""baseball""#, false);
    check(r#"[{"anything-but": {"suffix": "ball"}}]"#, "String", r#""rugby""#, true);
    check(r#"[{"anything-but": {"wildcard": "*ball"}}]"#, "String", r#""football""#, false);
    check(r#"[{"anything-but": {"wildcard": "*ball"}}]"#, "String", r#""hockey""#, true);
    check(r#"[{"anything-but": {"equals-ignore-case": "A"}}]"#, "String", r#""a""#, false);
    check(r#"[{"anything-but": {"equals-ignore-case": "A"}}]"#, "String", r#""b""#, true);
}

/// Whether a policy takes a message with these strings as attributes.
fn check_policy(text: &str, strings: &[(&str, &str)], expected: bool) {
    let fields: Vec<String> = strings
        .iter()
        .map(|(name, value)| format!(r#""{name}": {{"Type": "String", "Value": "{value}"}}"#))
        .collect();
    let attributes = attributes(&format!("{{{}}}", fields.join(", ")));
    assert_eq!(policy(text).matches(&attributes), expected, "{text} on {strings:?}");
}

#[test]
fn keys_are_anded_and_or_joins_objects() {
    check_policy("{}", &[], true);
    check_policy("{}", &[("a", "x")], true);
    check_policy(r#"{"a": ["x"], "b": ["y"]}"#, &[("a", "x"), ("b", "y")], true);
    check_policy(r#"{"a": ["x"], "b": ["y"]}"#, &[("a", "x"), ("b", "z")], false);
    check_policy(r#"{"a": ["x"], "b": ["y"]}"#, &[("a", "x"), ("c", "y")], false);

    let or = r#"{"$or": [{"a": ["x"]}, {"b": ["y"], "c": ["z"]}]}"#;
    check_policy(or, &[("a", "x")], true);
    check_policy(or, &[("b", "y"), ("c", "z")], true);
    check_policy(or, &[("b", "y")], false);
    check_policy(or, &[], false);

    let beside = r#"{"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]}"#;
    check_policy(beside, &[("a", "x"), ("c", "z")], true);
    check_policy(beside, &[("a", "x")], false);
    check_policy(beside, &[("c", "z")], false);

    let same_key = r#"{"$or": [{"a": ["x"], "b": ["1"]}, {"a": ["y"], "b": ["2"]}]}"#;
    check_policy(same_key, &[("a", "x"), ("b", "1")], true);
    check_policy(same_key, &[("a", "y"), ("b", "2")], true);
    check_policy(same_key, &[("a", "x"), ("b", "2")], false);
}

#[test]
fn an_or_that_joins_no_objects_is_an_attribute_name() {
    check_policy(r#"{"$or": ["x", "y"]}"#, &[("$or", "y")], true);
    check_policy(r#"{"$or": ["x", "y"]}"#, &[("x", "y")], false);
    check_policy(r#"{"$or": [{"prefix": "a"}, {"suffix": "b"}]}"#, &[("$or", "xb")], true);
    check_policy(r#"{"$or": [{"prefix": "a"}, {"suffix": "b"}]}"#, &[("prefix", "a")], false);
}

#[test]
fn an_event_has_its_three_attributes() {
    let check = |text: &str, expected: bool| {
        let event = Attributes::of_event("PAYMENT_REQUESTED", 2, "pay_1");
        assert_eq!(policy(text).matches(&event), expected, "{text}");
    };
    check(r#"{"event_type": ["PAYMENT_REQUESTED"]}"#, true);
    check(r#"{"event_type": ["PAYMENT_FAILED"]}"#, false);
    check(r#"{"schema_version": [2], "subject": [{"prefix": "pay_"}]}"#, true);
    check(r#"{"schema_version": [{"numeric": [">", 2]}]}"#, false);
    check(r#"{"other": [{"exists": false}]}"#, true);

    let type_only = Attributes::of_event_type("PAYMENT_REQUESTED");
    assert!(policy(r#"{"event_type": ["PAYMENT_REQUESTED"]}"#).matches(&type_only));
    assert!(policy(r#"{"subject": [{"exists": false}]}"#).matches(&type_only));
    assert!(!policy(r#"{"event_type": ["PAYMENT_FAILED"]}"#).matches(&type_only));
}
