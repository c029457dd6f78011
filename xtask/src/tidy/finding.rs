//! What a check says: one place, what is wrong there, and what to do instead.
//! Not in here: how findings are printed and what exit code follows.

use std::fmt;

/// Printed as `path:line: what is wrong; what to do instead`, and sorted by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// From the root of the tree, with `/`.
    path: String,
    /// Counted from 1.
    line: usize,
    wrong: String,
    instead: String,
}

impl Finding {
    pub(crate) fn new(
        path: &str,
        line: usize,
        wrong: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), line, wrong: wrong.into(), instead: instead.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, wrong, instead } = self;
        write!(formatter, "{path}:{line}: {wrong}; {instead}")
    }
}

/// Compares findings with `path:line: what is wrong`, one for each, leaving out the advice.
#[cfg(test)]
pub(crate) fn assert_found(mut findings: Vec<Finding>, expected: &[&str]) {
    findings.sort();
    let found: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.wrong))
        .collect();
    assert_eq!(found, expected);
    for finding in findings {
        assert!(!finding.instead.is_empty(), "no advice: {finding}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_what_and_what_instead() {
        let finding = Finding::new("crates/a/src/lib.rs", 7, "this is wrong", "do that");
        assert_eq!(finding.to_string(), "crates/a/src/lib.rs:7: this is wrong; do that");
    }

    #[test]
    fn sorts_by_place() {
        let mut findings = [
            Finding::new("b", 1, "", ""),
            Finding::new("a", 10, "", ""),
            Finding::new("a", 9, "", ""),
        ];
        findings.sort();
        assert_eq!(findings.map(|finding| finding.to_string()), ["a:9: ; ", "a:10: ; ", "b:1: ; "]);
    }
}
