//! Files and functions stay short enough to be read in one go.
//! Not in here: clippy's own count, which leaves out comments and blank lines; here a line is a line.

use serde::Deserialize;

use super::finding::Finding;
use super::tokens::functions;
use super::tree::File;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// The list of functions that may be longer, each with its reason.
const EXCEPTIONS: &str = "xtask/tidy-exceptions.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    #[serde(default)]
    function: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    path: String,
    name: String,
    lines_max: usize,
    reason: String,
}

pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let (exceptions, mut findings) = read_exceptions(files);
    for file in files.iter().filter(|file| file.is_rust()) {
        findings.extend(long_file(file));
        findings.extend(long_functions(file, &exceptions));
    }
    findings.extend(exceptions.function.iter().filter_map(|exception| unearned(exception, files)));
    findings
}

fn read_exceptions(files: &[File]) -> (Exceptions, Vec<Finding>) {
    let Some(file) = files.iter().find(|file| file.path == EXCEPTIONS) else {
        return Default::default();
    };
    match toml::from_str(&file.text) {
        Ok(exceptions) => (exceptions, Vec::new()),
        Err(error) => {
            let instead = "write `[[function]]` with path, name, lines_max and reason";
            let finding =
                file.finding(1, format!("the list cannot be read: {}", error.message()), instead);
            (Exceptions::default(), vec![finding])
        }
    }
}

fn long_file(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > FILE_LINES_MAX).then(|| {
        file.finding(
            lines,
            format!("the file has {lines} lines, and {FILE_LINES_MAX} is the most"),
            "split it where it changes its subject",
        )
    })
}

fn long_functions(file: &File, exceptions: &Exceptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in functions(&file.tokens) {
        let excepted = exceptions
            .function
            .iter()
            .find(|exception| exception.path == file.path && exception.name == function.name);
        let lines_max = excepted.map_or(FUNCTION_LINES_MAX, |exception| exception.lines_max);
        if function.lines > lines_max {
            findings.push(file.finding(
                function.line,
                format!(
                    "`{}` has {} lines, and {lines_max} is the most",
                    function.name, function.lines
                ),
                format!("name its parts as functions, or list it in {EXCEPTIONS} with the reason"),
            ));
        }
    }
    findings
}

/// An exception that is not needed, or says no reason, goes.
fn unearned(exception: &Exception, files: &[File]) -> Option<Finding> {
    let Exception { path, name, reason, .. } = exception;
    if reason.trim().is_empty() {
        return Some(Finding::new(
            EXCEPTIONS,
            1,
            format!("`{name}` in {path} is listed without a reason"),
            "say why it is better in one piece",
        ));
    }
    let is_long = files.iter().filter(|file| file.path == *path).any(|file| {
        functions(&file.tokens)
            .iter()
            .any(|function| function.name == *name && function.lines > FUNCTION_LINES_MAX)
    });
    (!is_long).then(|| {
        Finding::new(
            EXCEPTIONS,
            1,
            format!("no `{name}` in {path} has more than {FUNCTION_LINES_MAX} lines"),
            "take it off the list",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn long() {{{}}}\n", "\n".repeat(lines.saturating_sub(1)))
    }

    fn check_files(text: &str, exceptions: &str, expected: &[&str]) {
        let files = [File::new("a.rs", text), File::new(EXCEPTIONS, exceptions)];
        assert_found(check(&files), expected);
    }

    #[test]
    fn a_file_has_at_most_500_lines() {
        check_files(&"\n".repeat(500), "", &[]);
        check_files(
            &"\n".repeat(501),
            "",
            &["a.rs:501: the file has 501 lines, and 500 is the most"],
        );
    }

    #[test]
    fn a_function_has_at_most_70_lines() {
        check_files(&function_of(70), "", &[]);
        check_files(&function_of(71), "", &["a.rs:1: `long` has 71 lines, and 70 is the most"]);
        let test = format!("\n#[cfg(test)] mod tests {{ #[test]\n{} }}", function_of(80));
        check_files(&test, "", &["a.rs:3: `long` has 80 lines, and 70 is the most"]);
    }

    fn listed(path: &str, reason: &str) -> String {
        format!(
            "[[function]]\npath = \"{path}\"\nname = \"long\"\nlines_max = 90\nreason = \"{reason}\"\n"
        )
    }

    #[test]
    fn a_listed_function_may_be_longer() {
        check_files(&function_of(90), &listed("a.rs", "One table."), &[]);
        let over = ["a.rs:1: `long` has 91 lines, and 90 is the most"];
        check_files(&function_of(91), &listed("a.rs", "One table."), &over);
    }

    #[test]
    fn an_exception_is_needed_and_has_a_reason() {
        check_files(
            &function_of(90),
            &listed("a.rs", " "),
            &["xtask/tidy-exceptions.toml:1: `long` in a.rs is listed without a reason"],
        );
        check_files(
            &function_of(70),
            &listed("a.rs", "Once."),
            &["xtask/tidy-exceptions.toml:1: no `long` in a.rs has more than 70 lines"],
        );
        check_files(
            "",
            &listed("b.rs", "Once."),
            &["xtask/tidy-exceptions.toml:1: no `long` in b.rs has more than 70 lines"],
        );
        check_files(
            "",
            "[[function]]\n",
            &["xtask/tidy-exceptions.toml:1: the list cannot be read: missing field `path`"],
        );
    }
}
