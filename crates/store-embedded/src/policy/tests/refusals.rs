//! Policies that SNS refuses, a line each, and the sentence that says so.

use super::{policy, refusal};

/// The refusal contains these words, is one line and is a sentence.
fn check(text: &str, expected: &str) {
    let refused = refusal(text).to_string();
    assert!(refused.contains(expected), "{text}: {refused}");
    assert!(!refused.contains('\n') && refused.ends_with('.'), "{text}: {refused}");
}

/// A list of so many strings.
fn list(length: usize) -> String {
    let strings: Vec<String> = (0..length).map(|number| format!("\"v{number}\"")).collect();
    format!("[{}]", strings.join(", "))
}

#[test]
fn what_is_no_policy_at_all() {
    check("", "is not JSON (EOF while parsing a value at line 1 column 0)");
    check("{\"a\": [\"x\"]", "is not JSON (EOF while parsing an object");
    check("{'a': ['x']}", "is not JSON (key must be a string at line 1 column 2)");
    check(r#"{"a": ["x"]} {}"#, "is not JSON (trailing characters");
    check(r#"{"a": ["\ud800"]}"#, "is not JSON (a string holds an escape");
    check(r#"{"\ud800": ["x"]}"#, "is not JSON (a string holds an escape");
    check("[]", "is not an object");
    check("null", "is not an object");
    check(&format!(r#"{{"a": ["{}"]}}"#, "x".repeat(262_144)), "make it 262144 at most");
    policy(&format!(r#"{{"a": ["{}"]}}"#, "x".repeat(262_000)));
}

#[test]
fn keys() {
    check(r#"{"a": ["x"], "a": ["y"]}"#, r#"The key "a" is given twice in one object"#);
    check(r#"{"a": ["x"], "\u0061": ["y"]}"#, r#"The key "a" is given twice"#);
    check(r#"{"a": [{"prefix": "x", "prefix": "y"}]}"#, r#"The key "prefix" is given twice"#);
    check(r#"{"a": "x"}"#, r#"The key "a" has no list; write its values as a list"#);
    check(r#"{"a": 1}"#, r#"The key "a" has no list"#);
    check(r#"{"a": []}"#, r#"The list of the key "a" is empty"#);
    check(r#"{"a\nb": []}"#, r#"The list of the key "a\nb" is empty"#);
    check(r#"{"a": {"b": ["x"]}}"#, "the MessageBody scope is not supported");
    check(r#"{"a": {"prefix": "x"}}"#, "the MessageBody scope is not supported");
    check(r#"{"a": {}}"#, "the MessageBody scope is not supported");
    check(r#"{"a": [["x"]]}"#, r#"The list of the key "a" holds another list"#);
    let long = "k".repeat(1_000);
    check(&format!(r#"{{"{long}": []}}"#), &format!("{}…", "k".repeat(80)));
}

#[test]
fn at_most_five_keys() {
    policy(r#"{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1]}"#);
    check(r#"{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}"#, "has 6 keys");
    policy(r#"{"a": [1], "b": [1], "c": [1], "$or": [{"d": [1]}, {"e": [1]}]}"#);
    policy(r#"{"a": [1], "b": [1], "c": [1], "$or": [{"d": [1], "e": [1]}, {"d": [2]}]}"#);
    check(
        r#"{"a": [1], "b": [1], "c": [1], "$or": [{"d": [1]}, {"e": [1], "f": [1]}]}"#,
        "has 6 keys, those inside \"$or\" counted; keep 5 at most",
    );
}

#[test]
fn at_most_150_combinations() {
    policy(&format!(r#"{{"a": {}}}"#, list(150)));
    check(&format!(r#"{{"a": {}}}"#, list(151)), "has 151 combinations");
    policy(&format!(r#"{{"a": {}, "b": {}, "c": {}}}"#, list(15), list(5), list(2)));
    check(&format!(r#"{{"a": {}, "b": {}}}"#, list(100), list(51)), "has 5100 combinations");
    // What stands inside an operator is one value.
    policy(&format!(r#"{{"a": [{{"anything-but": {}}}]}}"#, list(1_000)));

    let or = |source, name, kind, id, space| {
        format!(
            r#"{{"source": {}, "$or": [{{"metricName": {}}}, {{"metricType": {},
                "$or": [{{"metricId": {}}}, {{"spaceId": {}}}]}}]}}"#,
            list(source),
            list(name),
            list(kind),
            list(id),
            list(space),
        )
    };
    // (3 * 6) + (3 * 4 * 4) + (3 * 4 * 7)
    policy(&or(3, 6, 4, 4, 7));
    // (4 * 6) + (4 * 4 * 4) + (4 * 4 * 4)
    check(&or(4, 6, 4, 4, 4), "has 152 combinations");
    check(&or(3, 6, 4, 4, 8), "has 162 combinations");
    check(
        &format!(r#"{{"$or": [{{"a": {}}}, {{"b": {}}}]}}"#, list(100), list(51)),
        "has 151 combinations",
    );
}

#[test]
fn or_joins_objects() {
    check(r#"{"$or": [{"a": [1]}]}"#, "This \"$or\" is an ordinary attribute name");
    check(r#"{"$or": [{"a": [1], "b": [1]}]}"#, "This \"$or\" is an ordinary attribute name");
    check(r#"{"$or": [{"a": [1]}, "x"]}"#, "This \"$or\" is an ordinary attribute name");
    check(
        r#"{"$or": [{"a": [1], "prefix": [1]}, {"b": [1]}]}"#,
        "This \"$or\" is an ordinary attribute name",
    );
    check(r#"{"$or": [{"numeric": 123}, {"prefix": "abc"}]}"#, r#"operator "numeric" of the key"#);
    check(r#"{"$or": []}"#, r#"The list of the key "$or" is empty"#);
    check(r#"{"$or": [{}, {"a": [1]}]}"#, "An object of \"$or\" is empty");
    check(r#"{"$or": [{"a": {"b": [1]}}, {"c": [1]}]}"#, "MessageBody scope is not supported");
    check(
        r#"{"a": [1], "$or": [{"b": [1]}, {"$or": [{"c": [1]}, {"a": [2]}]}]}"#,
        r#"The key "a" is given beside "$or" and inside it again"#,
    );
    check(
        r#"{"$or": [{"b": [1]}, {"a": [2]}], "a": [1]}"#,
        r#"The key "a" is given beside "$or" and inside it again"#,
    );
}

#[test]
fn an_or_of_any_depth_is_read_or_refused() {
    let nested = |depth: usize| {
        format!(r#"{}{{"b": [1]}}{}"#, r#"{"$or": [{"a": [1]}, "#.repeat(depth), "]}".repeat(depth))
    };
    policy(&nested(149));
    check(&nested(150), "has 151 combinations");
    check(&nested(151), "more than 150 \"$or\" inside one another");
    check(&nested(10_000), "more than 150 \"$or\" inside one another");
    check(&"[".repeat(100_000), "is not JSON");
    check(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "is not an object");
}

#[test]
fn operators() {
    check(r#"{"a": [{}]}"#, "is an object with 0 members; it must have one");
    check(r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "is an object with 2 members");
    check(
        r#"{"a": [{"regex": "x"}]}"#,
        r#"uses "regex", which is not an operator; use one of any"#,
    );
    check(r#"{"a": [{"Prefix": "x"}]}"#, r#"uses "Prefix", which is not an operator"#);
    check(r#"{"a": [{"exact": "x"}]}"#, r#"uses "exact", which is not an operator"#);
    for operator in ["prefix", "suffix", "equals-ignore-case", "wildcard", "cidr"] {
        for value in ["1", "null", "true", "[]", r#"["x"]"#, r#"{"equals-ignore-case": "x"}"#] {
            check(
                &format!(r#"{{"a": [{{"{operator}": {value}}}]}}"#),
                &format!(
                    r#"The operator "{operator}" of the key "a" has a value that is not a string"#
                ),
            );
        }
    }
    for value in ["null", r#""true""#, "1", "[]", "{}"] {
        check(&format!(r#"{{"a": [{{"exists": {value}}}]}}"#), "is neither true nor false");
    }
    for value in [
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0/24",
        "10.0.0.0/",
        "/24",
        "10.0.0.0/+8",
        "10.0.0.0/24/1",
        "::/129",
        "ten/8",
    ] {
        check(&format!(r#"{{"a": [{{"cidr": "{value}"}}]}}"#), "does not name a network");
    }
    check(r#"{"a": [{"wildcard": "a**b"}]}"#, "has two `*` in a row");
    check(r#"{"a": [{"wildcard": "a\\b"}]}"#, "followed by neither");
    check(r#"{"a": [{"wildcard": "a\\"}]}"#, "followed by neither");
}

#[test]
fn anything_but() {
    let check = |value: &str, expected: &str| {
        check(&format!(r#"{{"a": [{{"anything-but": {value}}}]}}"#), expected);
    };
    check("null", "has a value that is true, false or null");
    check("[]", "has an empty list");
    check(r#"["x", 1]"#, "has a list with both strings and numbers");
    check(r#"["x", null]"#, "something else than strings and numbers");
    check(r#"[["x"]]"#, "something else than strings and numbers");
    check("[1e10]", "is out of range");
    check("0.000001", "has more than 5 decimals");
    check("{}", "no or several operators");
    check(r#"{"prefix": "x", "suffix": "y"}"#, "no or several operators");
    check(r#"{"exists": false}"#, r#"uses "anything-but" with "exists""#);
    check(r#"{"numeric": ["=", 1]}"#, r#"uses "anything-but" with "numeric""#);
    check(r#"{"anything-but": "x"}"#, r#"uses "anything-but" with "anything-but""#);
    check(r#"{"prefix": false}"#, r#"operator "prefix" of the key "a" has a value"#);
    check(r#"{"prefix": ["x"]}"#, r#"operator "prefix" of the key "a" has a value"#);
    check(r#"{"prefix": ""}"#, "rules out every string");
    check(r#"{"suffix": ""}"#, "rules out every string");
}

#[test]
fn numeric() {
    let check = |value: &str, expected: &str| {
        check(&format!(r#"{{"a": [{{"numeric": {value}}}]}}"#), expected);
    };
    check("5", "has a value that is not a list");
    check("[]", "has an empty list");
    check(r#"["<"]"#, "lacks a comparison or a number");
    check(r#"[">", 20, "<="]"#, "lacks a comparison or a number");
    check(r#"[">", 20, 30]"#, "lacks a comparison or a number");
    check(r#"["!=", 1]"#, "has a comparison that is none of");
    check(r#"[1, "<="]"#, "something else where a comparison belongs");
    check(r#"["=", "000"]"#, "compares with something that is not a number");
    check(r#"[">", 20, "<", "30"]"#, "compares with something that is not a number");
    check(r#"["<", 100, ">", 10]"#, "does not go from");
    check(r#"["=", 1, "<", 2]"#, "does not go from");
    check(r#"[">=", 1, ">", 2]"#, "does not go from");
    check(r#"[">", 3, "<", 1]"#, "lower end is not below its upper end");
    check(r#"[">=", 1, "<=", 1.0]"#, "lower end is not below its upper end");
    check(r#"[">", 20, "<", 30, "<", 50]"#, "compares more than twice");
}

#[test]
fn numbers() {
    let check = |number: &str, expected: &str| {
        check(&format!(r#"{{"a": [{number}]}}"#), expected);
        check(&format!(r#"{{"a": [{{"numeric": ["<", {number}]}}]}}"#), expected);
    };
    for number in ["1000000000", "-1e9", "0.00001", "-999999999.99999", "1.0000000", "10e8"] {
        policy(&format!(r#"{{"a": [{number}]}}"#));
    }
    check("1000000001", "The number 1000000001 of the key \"a\" is out of range");
    check("-1000000000.00001", "is out of range");
    check("1000000000.000001", "is out of range");
    check("-1000000000.000001", "is out of range");
    check("1e30", "keep it within -1000000000 and 1000000000");
    check("1e999999999999999999999", "is out of range");
    check("0.000001", "has more than 5 decimals");
    check("-999999999.999999", "has more than 5 decimals");
    check("0.1000000000000000055511151231257827", "has more than 5 decimals");
    check("1e-999999999999999999999", "has more than 5 decimals");
}
