//! Every Rust file begins by saying what it is for.
//! Not in here: whether what it says is true, which a reader must judge.

use super::finding::Finding;
use super::tree::File;

pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let first = file.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|said| !said.trim().is_empty());
    if says {
        return Vec::new();
    }
    vec![file.finding(
        1,
        "the first line is no `//!` comment",
        "begin with `//!` and say what the file is for and what is not in it",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn the_first_line_says_what_the_file_is_for() {
        let missing = ["build.rs:1: the first line is no `//!` comment"];
        check_text("build.rs", "//! Makes things.\nfn main() {}\n", &[]);
        check_text("build.rs", "fn main() {}\n", &missing);
        check_text("build.rs", "\n//! Too late.\n", &missing);
        check_text("build.rs", "/// Of an item.\n", &missing);
        check_text("build.rs", "//!\n", &missing);
        check_text("build.rs", "", &missing);
        check_text("build.ts", "", &[]);
    }
}
