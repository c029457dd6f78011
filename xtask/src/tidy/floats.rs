//! No floating point where money, rates and records are.
//! Not in here: floating point in what measures and draws, which may use it.

use super::SERVICES;
use super::finding::Finding;
use super::tokens::{Kind, without_tests};
use super::tree::File;

const OTHERS: &[&str] = &["kernel", "store-embedded", "store-dynamodb"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    if file.shipped_in(SERVICES).or_else(|| file.shipped_in(OTHERS)).is_none() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut after_dot = false;
    for token in without_tests(&file.tokens) {
        let float = match &token.kind {
            Kind::Word(word) if matches!(word.as_str(), "f32" | "f64") => Some(word),
            // After a dot it is two fields of nested tuples: `pair.0.1`.
            Kind::Number(number) if !after_dot && is_float(number) => Some(number),
            Kind::Word(_)
            | Kind::Number(_)
            | Kind::Text
            | Kind::PathSeparator
            | Kind::Punctuation(_)
            | Kind::Open(_)
            | Kind::Close(_) => None,
        };
        if let Some(float) = float {
            findings.push(file.finding(
                token.line,
                format!("`{float}` is floating point"),
                "count in minor units, or in whole parts of a stated unit",
            ));
        }
        after_dot = token.kind == Kind::Punctuation('.');
    }
    findings
}

fn is_float(number: &str) -> bool {
    // Neither the digits of 0xef nor the end of 1usize are an exponent.
    let is_whole = number.starts_with("0x") || number.ends_with("size");
    let has_ending = number.ends_with("f32") || number.ends_with("f64");
    !is_whole && (has_ending || number.contains(['.', 'e', 'E']))
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn floats_are_found_where_money_is() {
        let path = "crates/wallet/src/decide.rs";
        check_text(
            path,
            "fn a(b: f64) {}",
            &["crates/wallet/src/decide.rs:1: `f64` is floating point"],
        );
        check_text(
            path,
            "const A: B =\n1.5;",
            &["crates/wallet/src/decide.rs:2: `1.5` is floating point"],
        );
        check_text(path, "a!(1e3)", &["crates/wallet/src/decide.rs:1: `1e3` is floating point"]);
        check_text(path, "a!(1f32)", &["crates/wallet/src/decide.rs:1: `1f32` is floating point"]);
        check_text(
            "crates/kernel/src/a.rs",
            "a!(2.)",
            &["crates/kernel/src/a.rs:1: `2.` is floating point"],
        );
        check_text(path, "a.0.1; 1..2; 0xef32; 1_usize; 1isize; \"1.5 f64\" // f64", &[]);
        check_text(path, "#[cfg(test)] mod tests { const A: f64 = 1.5; }", &[]);
        check_text("crates/wallet/tests/it/main.rs", "const A: f64 = 1.5;", &[]);
        check_text("crates/bench/src/main.rs", "const A: f64 = 1.5;", &[]);
    }
}
