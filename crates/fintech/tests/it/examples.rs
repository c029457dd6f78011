//! The examples of `--help` that ask a server where people sign in, line by line in one shell session, as
//! somebody does who has just started it. Not in here: that every example is a command, see `cli`.

use crate::accounts::{OPERATOR, told};
use crate::program::{Server, ended, run, skipped};
use crate::readme::{PASSWORD, URL, is_there, shell};

/// The lines under a heading of a command's help, to the next empty one.
fn under(command: &[&str], heading: &str) -> String {
    let help = run(&[command, &["--help"]].concat()).expect(0).out;
    let (_, examples) = help.split_once(&format!("{heading}\n")).unwrap_or_else(|| {
        panic!("{command:?} has no {heading:?}: {help}");
    });
    examples.split("\n\n").next().unwrap().to_owned()
}

#[test]
fn examples_that_ask_a_server_work_one_after_another() {
    if let Some(missing) = ["bash", "curl"].into_iter().find(|program| !is_there(program)) {
        return skipped(&format!("there is no {missing}"));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    let heading = "While it runs, in another terminal, with the password of the first start:";
    let begin = under(&["serve"], heading);
    let (choose, begin) = begin.split_once('\n').unwrap();
    let script = [
        "set -euo pipefail",
        choose,
        "export FINTECH_PASSWORD=$FINTECH_NEW_PASSWORD",
        begin,
        &under(&["demo"], "Where people sign in, by an operator's token:"),
        &under(&["user"], "Examples:"),
        &under(&["token"], "Examples:").replace("olga@example.org", OPERATOR),
        "fintech dead-letters list --server http://127.0.0.1:8080",
    ];
    let script = script.join("\n").replace(URL, &server.url);
    let mut session = shell(&script, &server);
    session.env("FINTECH_PASSWORD", told(&mut server)).env("FINTECH_NEW_PASSWORD", PASSWORD);
    let session = ended(&mut session).expect(0);
    let seen = ["wal_", "Where to look", "olga@example.org", "DISABLED", r#""role":"operator""#];
    for words in seen {
        assert!(session.out.contains(words), "no {words} of\n{script}\nin {session:?}");
    }
    server.stop();
}
