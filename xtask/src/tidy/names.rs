//! The same word everywhere, and whole words: names that are banned, with what to say instead.
//! Not in here: names of others. A word after `.` or `::` was declared elsewhere, so it is not ours
//! to judge; neither is what strings and comments say.

use super::finding::Finding;
use super::tokens::{Kind, Token};
use super::tree::File;

/// Words, alone or in a row, that are in no identifier, however it is written: `user_id` also bans
/// `UserId` and `new_user_id`.
const WORDS: &[(&[&str], &str)] = &[
    (&["user", "id"], "say `sub`: who calls, as the token names him"),
    (&["customer", "id"], "say `sub`: who calls, as the token names him"),
    (&["txn"], "say `transfer`, or `transaction` for what the API calls so"),
    (&["txns"], "say `transfers`, or `transactions` for what the API calls so"),
    (&["xfer"], "say `transfer`"),
    (&["acct"], "say `account`"),
    (&["amt"], "say `amount`"),
    (&["bal"], "say `balance`"),
    (&["ccy"], "say `currency`"),
    (&["curr"], "say `currency` or `current`"),
    (&["pmt"], "say `payment`"),
    (&["usr"], "say `sub` or `caller`"),
    (&["merch"], "say `merchant`"),
    (&["mgr"], "name what it does"),
    (&["manager"], "name what it does"),
    (&["cnt"], "say `count`"),
    (&["qty"], "say what is counted"),
    (&["idx"], "say `index`, or what it is the index of"),
    (&["msg"], "say `message`"),
    (&["evt"], "say `event`"),
    (&["cmd"], "say `command`"),
    (&["req"], "say `request`"),
    (&["resp"], "say `response` or `answer`"),
    (&["conn"], "say `connection`"),
    (&["stmt"], "say `statement`"),
    (&["ctx"], "say what it holds"),
];

/// Files, folders and modules named after nothing.
const MODULES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "stuff", "manager", "managers", "data",
    "shared",
];

/// What is measured in a unit, and the numbers that do not say which.
const MEASURES: &[&str] =
    &["timeout", "interval", "delay", "ttl", "latency", "elapsed", "duration", "age"];
const NUMBERS: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64",
];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut findings: Vec<Finding> = module_path(file).into_iter().collect();
    let mut before: Option<&Kind> = None;
    for (index, token) in file.tokens.iter().enumerate() {
        if let Kind::Word(name) = &token.kind
            && !matches!(before, Some(Kind::PathSeparator | Kind::Punctuation('.')))
        {
            let after = file.tokens.get(index.saturating_add(1)..).unwrap_or_default();
            findings.extend(banned_words(file, token.line, name));
            findings.extend(inline_module(file, name, after));
            findings.extend(unit_missing(file, token.line, name, after));
        }
        before = Some(&token.kind);
    }
    findings
}

fn banned_words(file: &File, line: usize, name: &str) -> Option<Finding> {
    let words = words(name);
    let (_, instead) =
        WORDS.iter().find(|(banned, _)| words.windows(banned.len()).any(|part| part == *banned))?;
    Some(file.finding(line, format!("`{name}` is not our word"), *instead))
}

/// The words of an identifier, in small letters: `HeldAfter`, `held_after` and `HELD_AFTER` alike.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for character in name.chars() {
        if character == '_' || (character.is_uppercase() && after_small) {
            words.push(std::mem::take(&mut word));
        }
        if character != '_' {
            word.extend(character.to_lowercase());
        }
        after_small = character.is_lowercase() || character.is_ascii_digit();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A source file, or a folder of them, whose name says nothing.
fn module_path(file: &File) -> Option<Finding> {
    let path = [".rs", ".ts", ".tsx"].iter().find_map(|ending| file.path.strip_suffix(ending))?;
    let name = path.split('/').find(|part| MODULES.contains(part))?;
    Some(unnamed(file, 1, name))
}

fn inline_module(file: &File, keyword: &str, after: &[Token]) -> Option<Finding> {
    let [Token { kind: Kind::Word(name), line }, Token { kind: Kind::Open(_), .. }, ..] = after
    else {
        return None;
    };
    (keyword == "mod" && MODULES.contains(&name.as_str())).then(|| unnamed(file, *line, name))
}

fn unnamed(file: &File, line: usize, name: &str) -> Finding {
    file.finding(
        line,
        format!("the module `{name}` is named after nothing"),
        "name it after what is in it",
    )
}

/// A number of time that does not say of what: `timeout: u64`.
fn unit_missing(file: &File, line: usize, name: &str, after: &[Token]) -> Option<Finding> {
    let [Token { kind: Kind::Punctuation(':'), .. }, Token { kind: Kind::Word(number), .. }, ..] =
        after
    else {
        return None;
    };
    let words = words(name);
    let measures = words.last().is_some_and(|last| MEASURES.contains(&last.as_str()));
    (measures && NUMBERS.contains(&number.as_str())).then(|| {
        file.finding(
            line,
            format!("`{name}: {number}` does not say its unit"),
            format!("name it `{name}_ms`, or make it a `Duration`"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_text(text: &str, expected: &[&str]) {
        check_path("a.rs", text, expected);
    }

    fn check_path(path: &str, text: &str, expected: &[&str]) {
        assert_found(check(&File::new(path, text)), expected);
    }

    #[test]
    fn banned_words_are_found_in_every_spelling() {
        check_text("let txn = 1;", &["a.rs:1: `txn` is not our word"]);
        check_text("\nstruct NewTxnId;", &["a.rs:2: `NewTxnId` is not our word"]);
        check_text("const AMT_MAX: Amount = a;", &["a.rs:1: `AMT_MAX` is not our word"]);
        check_text("fn a(user_id: Id) {}", &["a.rs:1: `user_id` is not our word"]);
        check_text("struct UserId;", &["a.rs:1: `UserId` is not our word"]);
        check_text("record! { A { acct: B } }", &["a.rs:1: `acct` is not our word"]);
    }

    #[test]
    fn other_words_are_not() {
        check_text(
            "let user = id; let amount = 1; fn command() {} let balance = 1; struct Context;",
            &[],
        );
        check_text(
            "let message = 1; fn requested() {} let user_identity = 1; let uid: Id = a;",
            &[],
        );
        check_text("// txn\nlet a = \"user_id\"; use hyper::server::conn; b.msg;", &[]);
    }

    #[test]
    fn modules_are_named_after_something() {
        check_path(
            "crates/a/src/utils.rs",
            "",
            &["crates/a/src/utils.rs:1: the module `utils` is named after nothing"],
        );
        check_path(
            "tests/common/mod.rs",
            "",
            &["tests/common/mod.rs:1: the module `common` is named after nothing"],
        );
        check_path(
            "web/src/helpers.ts",
            "",
            &["web/src/helpers.ts:1: the module `helpers` is named after nothing"],
        );
        check_text("\nmod misc { }", &["a.rs:2: the module `misc` is named after nothing"]);
        check_path("docs/data/a.json", "", &[]);
        check_path("crates/a/src/database.rs", "mod money {} let data = 1;", &[]);
    }

    #[test]
    fn a_number_of_time_says_its_unit() {
        check_text("struct A { timeout: u64 }", &["a.rs:1: `timeout: u64` does not say its unit"]);
        check_text(
            "fn a(poll_interval: u32) {}",
            &["a.rs:1: `poll_interval: u32` does not say its unit"],
        );
        check_text(
            "struct A { timeout_ms: u64, timeout: Duration, message: u64, timeouts: u64 }",
            &[],
        );
    }
}
