//! What holds for every policy and every message.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

use super::super::number::{Number, PolicyNumber};
use super::super::pattern::{TextPattern, Wildcard};
use super::super::{Attributes, FilterPolicy};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON, in which the words of the grammar are frequent.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("$or"),
        Just("prefix"),
        Just("suffix"),
        Just("numeric"),
        Just("exists"),
        Just("anything-but"),
        Just("cidr"),
        Just("wildcard"),
        Just("equals-ignore-case"),
        Just("="),
        Just("<"),
        Just(">="),
        Just("a"),
        Just("b"),
        Just("*"),
        Just("::/0"),
    ]
    .prop_map(String::from);
    let text = prop_oneof![4 => word, 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any value of a policy's list: most are an operator, with the right or the wrong thing in it.
fn any_value() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        Just("prefix"),
        Just("suffix"),
        Just("equals-ignore-case"),
        Just("wildcard"),
        Just("numeric"),
        Just("exists"),
        Just("cidr"),
    ];
    let argument = prop_oneof![
        2 => short().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0_i64..5).prop_map(|bound| json!([">", bound, "<=", 3])),
        1 => (0_u8..40).prop_map(|bits| json!(format!("10.0.0.0/{bits}"))),
        1 => any_json(),
    ];
    let operator =
        (operator, argument).prop_map(|(operator, argument)| json!({operator: argument}));
    prop_oneof![
        2 => operator.clone(),
        1 => operator.prop_map(|operator| json!({"anything-but": operator})),
        1 => prop::collection::vec(short(), 0..3).prop_map(|list| json!({"anything-but": list})),
        1 => any_json(),
    ]
}

/// A short string in which equal ones are frequent.
fn short() -> impl Strategy<Value = String> {
    "[abAB]{0,4}"
}

/// A message with one attribute `a`.
fn message(kind: &str, value: &Value) -> Attributes<'static> {
    Attributes::from_json(&json!({"a": {"Type": kind, "Value": value}})).expect("well formed")
}

fn matches(policy: &Value, attributes: &Attributes<'_>) -> bool {
    FilterPolicy::from_json(policy).expect("well formed").matches(attributes)
}

/// Whether a text fits a pattern with stars: every choice is tried.
fn fits(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(character, after)| character == first && fits(rest, after)),
    }
}

/// A whole number of 10^-`decimals`, written out.
fn decimal(units: i64, decimals: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

proptest! {
    #[test]
    fn reading_never_panics(json in any_json(), value in any_value(), text in any::<String>()) {
        // What is no JSON object is neither; what has no digit is no number.
        let is_object = text.trim_start().starts_with('{');
        prop_assert!(is_object || FilterPolicy::parse(&text).is_err());
        prop_assert!(is_object || Attributes::parse(&text).is_err());
        prop_assert!(Number::parse(&text).is_none() || text.contains(|c: char| c.is_ascii_digit()));
        for json in [json, json!({"event_type": [value]}), json!({"event_type": value})] {
            let message = Attributes::from_json(&json)
                .unwrap_or_else(|_| Attributes::of_event_type(&text));
            if let Ok(policy) = FilterPolicy::from_json(&json) {
                std::hint::black_box(policy.matches(&message));
            }
        }
    }

    #[test]
    fn a_refusal_is_one_line_of_bounded_length(json in any_json(), value in any_value()) {
        for json in [json!({"a": [value]}), json!({"a": [{"anything-but": &json}]}), json] {
            if let Err(refused) = FilterPolicy::from_json(&json) {
                let sentence = refused.to_string();
                prop_assert!(!sentence.contains('\n') && sentence.ends_with('.'), "{}", sentence);
                prop_assert!(sentence.chars().count() < 2_000, "{}", sentence);
            }
        }
    }

    #[test]
    fn anything_but_is_the_complement_of_exact(
        wanted in prop::collection::vec(short(), 1..4),
        found in short(),
    ) {
        let attributes = message("String", &json!(found));
        prop_assert_eq!(matches(&json!({"a": &wanted}), &attributes), wanted.contains(&found));
        prop_assert_ne!(
            matches(&json!({"a": &wanted}), &attributes),
            matches(&json!({"a": [{"anything-but": &wanted}]}), &attributes)
        );
    }

    #[test]
    fn anything_but_is_the_complement_of_exact_numbers(
        wanted in prop::collection::vec(-9_i64..9, 1..4),
        found in -9_i64..9,
    ) {
        let attributes = message("Number", &json!(found));
        prop_assert_eq!(matches(&json!({"a": &wanted}), &attributes), wanted.contains(&found));
        prop_assert_ne!(
            matches(&json!({"a": &wanted}), &attributes),
            matches(&json!({"a": [{"anything-but": &wanted}]}), &attributes)
        );
    }

    #[test]
    fn anything_but_is_the_complement_of_a_pattern(pattern in "[abAB]{1,3}", found in short()) {
        let attributes = message("String", &json!(found));
        for operator in ["prefix", "suffix", "equals-ignore-case", "wildcard"] {
            prop_assert_ne!(
                matches(&json!({"a": [{operator: &pattern}]}), &attributes),
                matches(&json!({"a": [{"anything-but": {operator: &pattern}}]}), &attributes),
            );
        }
    }

    #[test]
    fn nothing_but_exists_false_matches_what_is_absent(
        values in prop::collection::vec(any_value(), 1..4),
    ) {
        let asks_absence = values.contains(&json!({"exists": false}));
        if let Ok(policy) = FilterPolicy::from_json(&json!({"a": values})) {
            prop_assert_eq!(policy.matches(&Attributes::of_event_type("x")), asks_absence);
        }
    }

    #[test]
    fn a_list_matches_when_one_of_its_values_does(
        wanted in prop::collection::vec(short(), 1..4),
        found in short(),
    ) {
        let attributes = message("String", &json!(found));
        let patterns: Vec<Value> = wanted.iter().map(|prefix| json!({"prefix": prefix})).collect();
        let one_by_one =
            patterns.iter().any(|pattern| matches(&json!({"a": [pattern]}), &attributes));
        prop_assert_eq!(matches(&json!({"a": patterns}), &attributes), one_by_one);
    }

    #[test]
    fn an_or_matches_when_one_of_its_objects_does(
        first in short(),
        second in short(),
        a in short(),
        b in short(),
    ) {
        let attributes = Attributes::from_json(&json!({
            "a": {"Type": "String", "Value": a},
            "b": {"Type": "String", "Value": b},
        })).expect("well formed");
        let objects = [json!({"a": [first]}), json!({"b": [second]})];
        let one_by_one = objects.iter().any(|object| matches(object, &attributes));
        prop_assert_eq!(matches(&json!({"$or": objects}), &attributes), one_by_one);
    }

    #[test]
    fn a_wildcard_fits_as_if_every_choice_were_tried(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
        let characters = |text: &str| text.chars().collect::<Vec<char>>();
        match Wildcard::parse(&pattern) {
            Ok(wildcard) => prop_assert_eq!(
                TextPattern::Wildcard(wildcard).fits(&text),
                fits(&characters(&pattern), &characters(&text))
            ),
            Err(_) => prop_assert!(pattern.contains("**")),
        }
    }

    /// The message's number has 8 decimals, the policy's 5.
    #[test]
    fn numbers_compare_as_if_scaled(
        bound in prop_oneof![-20_i64..20, -100_000_000_000_000_i64..=100_000_000_000_000],
        near in -3_000_i64..3_000,
        far in any::<i64>(),
    ) {
        let policy = PolicyNumber::parse(&decimal(bound, 5)).expect("within the range");
        let bound = i128::from(bound) * 1_000;
        let near = i64::try_from(bound + i128::from(near)).expect("near the bound");
        for found in [near, far] {
            let number = Number::parse(&decimal(found, 8)).expect("a decimal");
            prop_assert_eq!(number.compare(policy), i128::from(found).cmp(&bound));
            prop_assert_eq!(number.as_policy_number() == Some(policy), i128::from(found) == bound);
        }
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written(
        units in -1_000_000_i64..1_000_000,
        shift in 0_usize..8,
    ) {
        let plain = PolicyNumber::parse(&decimal(units, 5));
        let zeros = "0".repeat(shift);
        for other in [
            format!("{}{zeros}", decimal(units, 5)),
            format!("{units}{zeros}e-{}", 5 + shift),
            format!("{}e{shift}", decimal(units, 5 + shift)),
        ] {
            prop_assert_eq!(plain, PolicyNumber::parse(&other), "{}", other);
        }
    }

    #[test]
    fn a_flat_policy_is_taken_up_to_150_combinations(
        lengths in prop::collection::vec(1_usize..16, 1..8),
    ) {
        let members = lengths
            .iter()
            .enumerate()
            .map(|(name, length)| (name.to_string(), json!(vec!["x"; *length])));
        let policy = FilterPolicy::from_json(&Value::Object(members.collect()));
        let fine = lengths.len() <= 5 && lengths.iter().product::<usize>() <= 150;
        prop_assert_eq!(policy.is_ok(), fine);
    }

    #[test]
    fn the_fast_attributes_match_as_the_named_ones(
        values in prop::collection::vec(any_value(), 1..3),
        found in short(),
    ) {
        let named = json!({"event_type": {"Type": "String", "Value": &found}});
        let named = Attributes::from_json(&named).expect("well formed");
        let fast = Attributes::of_event_type(&found);
        if let Ok(policy) = FilterPolicy::from_json(&json!({"event_type": values})) {
            prop_assert_eq!(policy.matches(&fast), policy.matches(&named));
        }
    }
}

/// The strategy above must reach what it is for, or the properties over it say nothing.
#[test]
fn any_value_is_often_taken_and_often_refused() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut with_operator = 0;
    let mut refused = 0;
    for _ in 0..1_000 {
        let value = any_value().new_tree(&mut runner).expect("a value").current();
        match FilterPolicy::from_json(&json!({"a": [value]})) {
            Ok(policy) if !policy.root.keys[0].values.operators.is_empty() => with_operator += 1,
            Ok(_) => {}
            Err(_) => refused += 1,
        }
    }
    assert!(with_operator >= 200 && refused >= 200, "{with_operator} {refused}");
}
