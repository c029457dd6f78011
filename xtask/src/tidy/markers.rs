//! Nothing unfinished is left in the tree.
//! Not in here: unfinished things that bear no mark.

use super::finding::Finding;
use super::tokens::{Kind, without_strings};
use super::tree::File;

const MARKS: &[&str] = &["FIXME", "TODO", "XXX"];
const MACROS: &[&str] = &["todo", "unimplemented"];
/// Endings of the files that people write; data may say what it likes.
const WRITTEN: &[&str] = &[
    ".rs", ".md", ".toml", ".ts", ".tsx", ".js", ".css", ".html", ".sql", ".tf", ".sh", ".yml",
    ".yaml", "Makefile", ".ci/run",
];
/// This file names what it bans.
const EXEMPT: &str = "xtask/src/tidy/markers.rs";
const INSTEAD: &str = "finish it now, or take it out and open an issue";

pub(crate) fn check(file: &File) -> Vec<Finding> {
    if file.path == EXEMPT || !WRITTEN.iter().any(|ending| file.path.ends_with(ending)) {
        return Vec::new();
    }
    let text = match file.path.rsplit('.').next() {
        Some("rs") => without_strings(&file.text),
        Some("md") => without_code(&file.text),
        Some(_) | None => file.text.clone(),
    };
    let mut findings = marks(file, &text);
    findings.extend(macros(file));
    findings
}

fn marks(file: &File, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, line_text) in (1..).zip(text.lines()) {
        let words =
            line_text.split(|character: char| !character.is_alphanumeric() && character != '_');
        for word in words.filter(|word| MARKS.contains(word)) {
            findings.push(file.finding(
                line,
                format!("{word} marks something unfinished"),
                INSTEAD,
            ));
        }
    }
    findings
}

fn macros(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pair in file.tokens.windows(2) {
        if let [word, mark] = pair
            && mark.kind == Kind::Punctuation('!')
            && let Kind::Word(name) = &word.kind
            && MACROS.contains(&name.as_str())
        {
            findings.push(file.finding(
                word.line,
                format!("`{name}!` is something unfinished"),
                INSTEAD,
            ));
        }
    }
    findings
}

/// Without what stands between backticks, where a page may name a mark.
fn without_code(text: &str) -> String {
    text.lines()
        .map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn what_is_unfinished_is_found() {
        check_text("a.rs", "// TODO: more\n", &["a.rs:1: TODO marks something unfinished"]);
        check_text("a.rs", "\n/// FIXME\nfn a() {}", &["a.rs:2: FIXME marks something unfinished"]);
        check_text("a.rs", "fn a() { todo!() }", &["a.rs:1: `todo!` is something unfinished"]);
        check_text(
            "a.rs",
            "fn a() {\nunimplemented!(\"b\") }",
            &["a.rs:2: `unimplemented!` is something unfinished"],
        );
        check_text("a.md", "XXX\n", &["a.md:1: XXX marks something unfinished"]);
        check_text("Makefile", "# TODO(me)\n", &["Makefile:1: TODO marks something unfinished"]);
        check_text("a.rs", "fn todo() { check(\"XXX\", TODO_LIST) } // TODOS\n", &[]);
        check_text("a.md", "No `TODO` here.\n", &[]);
        check_text("a.json", "\"XXX\"\n", &[]);
    }
}
