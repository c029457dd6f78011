//! What docs/security.md says is defended names the tests that show it, and they are there. Not in here:
//! whether a test shows what its line says.

use super::finding::Finding;
use super::tree::File;

const PAGE: &str = "docs/security.md";

/// How the last column is called of a table whose lines must name tests.
const COLUMN: &str = "test";

pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(page) = files.iter().find(|file| file.path == PAGE) else { return findings };
    let mut in_table = false;
    for (line, text) in page.lines() {
        let Some(cells) = text.strip_prefix('|') else {
            in_table = false;
            continue;
        };
        let last = cells.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let is_rule = last.contains("---");
        if !in_table || is_rule {
            in_table |= last.trim() == COLUMN;
            continue;
        }
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            findings.push(page.finding(
                line,
                "this line names no test",
                "name one as `crate::module::test`, or say below that it is not defended",
            ));
        }
        for name in names.into_iter().filter(|name| !is_there(files, name)) {
            findings.push(page.finding(
                line,
                format!("there is no test `{name}`"),
                "name one as `crate::module::test`, the crate by its folder",
            ));
        }
    }
    findings
}

/// Whether there is a test of that name: `http::gates::one` is the function `one` of a file `gates`
/// below `crates/http`; `terraform::test_tokens::TestTokens` a class, or a method, below `terraform`.
fn is_there(files: &[File], name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let [part, modules @ .., test] = parts.as_slice() else { return false };
    let folders = [format!("crates/{part}/"), format!("{part}/")];
    let declared = ["fn", "class", "def"].map(|keyword| format!("{keyword} {test}("));
    let is_in = |file: &File, module: &str| {
        let places = [".rs", ".py", "/"].map(|end| format!("/{module}{end}"));
        // The module of unit tests stands in the file that they try.
        module == "tests" || places.iter().any(|place| file.path.contains(place))
    };
    files.iter().any(|file| {
        folders.iter().any(|folder| file.path.starts_with(folder))
            && modules.iter().all(|module| is_in(file, module))
            && declared.iter().any(|declared| file.text.contains(declared))
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_page(page: &str, expected: &[&str]) {
        let files = [
            File::new(PAGE, page),
            File::new("crates/http/tests/it/gates.rs", "#[test]\nfn one() {}\n"),
            File::new("crates/http/src/deep/well.rs", "mod tests { fn two() {} }\n"),
            File::new(
                "terraform/local/test_three.py",
                "class Three(Case):\n    def test_four(self):\n",
            ),
        ];
        assert_found(check(&files), expected);
    }

    #[test]
    fn lines_name_tests_that_are_there() {
        let table = |line: &str| format!("| who | what | test |\n| --- | --- | --- |\n{line}\n");
        check_page(&table("| a | b | `http::gates::one`, `http::deep::well::tests::two` |"), &[]);
        check_page(&table("| a | b | `terraform::test_three::Three` |"), &[]);
        check_page(&table("| a | b | `terraform::test_three::test_four` |"), &[]);
        check_page(&table("| a | b | |"), &["docs/security.md:3: this line names no test"]);
        for wrong in ["http::gates::two", "http::one::gates", "tokens::gates::one", "one", ""] {
            let expected = format!("docs/security.md:3: there is no test `{wrong}`");
            check_page(&table(&format!("| a | b | `{wrong}` |")), &[&expected]);
        }
        check_page("| who | what |\n| --- | --- |\n| a | b |\n", &[]);
        let two =
            format!("{}\n| x | y |\n| --- | --- |\n| a | b |\n", table("| a | b | `http::one` |"));
        check_page(&two, &[]);
    }
}
