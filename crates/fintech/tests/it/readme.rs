//! The README to the letter: its tour, every line of it, in one shell session against the real
//! program, and the commands that it shows. Not in here: what the steps of the tour mean.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::accounts;
use crate::program::{Ended, Server, command, ended, skipped, text};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
/// The operator's.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The address that the README speaks of.
pub(crate) const URL: &str = "http://127.0.0.1:8080";
/// Printed after each block, to tell their outputs apart.
const MARK: &str = "-- end of a block --";

/// A fenced block, and whether nothing but an end of line stands between it and the one before.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    language: String,
    lines: Vec<String>,
    follows: bool,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_open, mut follows) = (false, false);
    for line in page.lines() {
        match (line.strip_prefix("```"), is_open) {
            (Some(language), false) => {
                let language = language.to_owned();
                blocks.push(Block { language, lines: Vec::new(), follows });
                is_open = true;
            }
            (Some(_), true) => (is_open, follows) = (false, true),
            (None, true) => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            (None, false) => follows &= line.is_empty(),
        }
    }
    assert!(!is_open, "a block is not closed");
    blocks
}

/// The blocks to run, each with what it is to print, if the page says so.
fn steps(blocks: &[Block]) -> Vec<(&[String], Option<&[String]>)> {
    let indexed = blocks.iter().enumerate().filter(|(_, block)| block.language == "sh");
    let steps = indexed.map(|(place, block)| {
        let shown = blocks.get(place + 1).filter(|next| next.follows && next.language != "sh");
        (&block.lines[..], shown.map(|next| &next.lines[..]))
    });
    steps.collect()
}

/// The line with `…` in the place of every id and every time.
fn general(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = after_uuid(rest).or_else(|| after_time(rest)) {
            out.push('…');
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn after_uuid(text: &str) -> Option<&str> {
    let form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    after_form(text, form, |byte| byte.is_ascii_hexdigit())
}

fn after_time(text: &str) -> Option<&str> {
    let rest = after_form(text, "xxxx-xx-xxTxx:xx:xx", |byte| byte.is_ascii_digit())?;
    rest.trim_start_matches(|character: char| character == '.' || character.is_ascii_digit())
        .strip_prefix('Z')
}

fn after_form<'t>(text: &'t str, form: &str, is_x: impl Fn(u8) -> bool) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(form.len())?;
    let mut bytes = head.bytes().zip(form.bytes());
    bytes.all(|(byte, form)| if form == b'x' { is_x(byte) } else { byte == form }).then_some(rest)
}

/// Whether the line is as shown; `…` stands for anything.
fn is_as_shown(line: &str, shown: &str) -> bool {
    let (line, shown) = (general(line), general(shown));
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

/// Every line as shown, in order; a line that is `…` alone stands for any number of lines.
fn are_as_shown(lines: &[&str], shown: &[String]) -> bool {
    let Some((first, later)) = shown.split_first() else { return lines.is_empty() };
    if first == "…" {
        return (0..=lines.len()).any(|skipped| are_as_shown(&lines[skipped..], later));
    }
    let Some((line, lines)) = lines.split_first() else { return false };
    is_as_shown(line, first) && are_as_shown(lines, later)
}

#[test]
fn what_is_shown_is_compared() {
    let id = "wal_01a214c1-30f2-7449-95f8-486dd05fe435";
    let other = "wal_00000000-30f2-7449-95f8-486dd05fe435";
    let yes = [
        (id, other),
        (id, "wal_…"),
        ("at 2026-01-01T00:00:00Z", "at 2027-01-01T00:00:00.123Z"),
        ("a 1 b 2 c", "a … b … c"),
        ("a", "a"),
    ];
    for (line, shown) in yes {
        assert!(is_as_shown(line, shown), "{line} {shown}");
    }
    let no = [(id, "pay_…"), ("1.00", "1.01"), ("a b c", "a … d"), ("a b", "a"), ("a", "a b")];
    for (line, shown) in no {
        assert!(!is_as_shown(line, shown), "{line} {shown}");
    }
    let shown = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(are_as_shown(&["a", "b", "c"], &shown(&["a", "…", "c"])));
    assert!(are_as_shown(&["a"], &shown(&["a", "…"])));
    assert!(!are_as_shown(&["a", "b"], &shown(&["a"])));
    assert!(!are_as_shown(&["a"], &shown(&["a", "b"])));
    let page = blocks("```sh\na\n```\n```json\nb\n```\ntext\n```text\nc\n```\n```sh\nd\n```\n");
    let (a, b, d) = (shown(&["a"]), shown(&["b"]), shown(&["d"]));
    assert_eq!(steps(&page), [(&a[..], Some(&b[..])), (&d[..], None)]);
}

pub(crate) fn is_there(program: &str) -> bool {
    let mut asked = Command::new(program);
    asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

#[test]
fn every_line_of_the_tour_works_as_written() {
    if let Some(missing) = ["bash", "curl"].into_iter().find(|program| !is_there(program)) {
        return skipped(&format!("there is no {missing}"));
    }
    let page = fs::read_to_string(README).unwrap();
    let blocks = blocks(&page);
    let steps = steps(&blocks);
    assert!(steps.len() >= 8, "the tour has become short: {steps:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    accounts::choose_password(&mut server, PASSWORD);
    // The second time it comes to what the first has left.
    for _ in 0..2 {
        walk(&steps, &server);
    }
    server.stop();
}

/// As somebody's who has the program on his path, and has told it his password.
pub(crate) fn shell(script: &str, server: &Server) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_fintech"));
    let path = std::env::var("PATH").unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script]);
    bash.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
    bash.env("FINTECH_SERVER", &server.url).env("FINTECH_PASSWORD", PASSWORD);
    bash
}

fn walk(steps: &[(&[String], Option<&[String]>)], server: &Server) {
    let mut script = "set -euo pipefail\n".to_owned();
    for (lines, _) in steps {
        script.push_str(&format!("{}\necho '{MARK}'\n", lines.join("\n")));
    }
    let script = script.replace(URL, &server.url);
    let Ended { code, out, err } = ended(&mut shell(&script, server));
    let outputs: Vec<_> = out.split_inclusive(&format!("{MARK}\n")).collect();
    for ((lines, shown), output) in steps.iter().zip(&outputs) {
        let output = output.trim_end_matches(&format!("{MARK}\n"));
        let printed: Vec<_> = output.lines().collect();
        assert!(
            are_as_shown(&printed, shown.unwrap_or_default()),
            "\n{}\nprinted\n{output}\nnot\n{}\n{err}",
            lines.join("\n"),
            shown.unwrap_or_default().join("\n")
        );
        assert!(output.is_empty() || output.ends_with('\n'), "no end of line: {output:?}");
    }
    assert_eq!((code, err.as_str(), outputs.len()), (Some(0), "", steps.len()), "{out}");
}

/// `$ fintech …` and what it prints, in the order of the page.
#[test]
fn the_commands_that_are_shown_print_what_is_shown() {
    let page = fs::read_to_string(README).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut count = 0;
    for block in blocks(&page) {
        let first = block.lines.iter().position(|line| line.starts_with("$ "));
        let Some(first) = first else { continue };
        assert_eq!(first, 0, "a session begins with what is typed: {block:?}");
        for shown in block.lines.chunk_by(|_, line| !line.starts_with("$ ")) {
            let typed = shown[0].replace(URL, &server.url);
            let arguments: Vec<_> = typed.strip_prefix("$ fintech ").unwrap().split(' ').collect();
            let run = ended(command(&arguments).env("FINTECH_DATA", text(folder.path())));
            let run = run.expect(0);
            let printed: Vec<_> = run.out.lines().collect();
            assert!(
                are_as_shown(&printed, &shown[1..]),
                "\n{typed}\nprinted\n{}\nnot\n{}",
                run.out,
                shown[1..].join("\n")
            );
            count += 1;
        }
    }
    assert!(count > 0, "the page shows no command any more");
    server.stop();
}
