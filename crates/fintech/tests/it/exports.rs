//! `fintech export`: every record as a line, beside a running server, and never half a file.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::letters::with_dead_letters;
use crate::program::{Server, run, text};

#[test]
fn every_record_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("all.jsonl"));
    let server = Server::start(&data);
    run(&["demo", "--server", &server.url]).expect(0);
    let told = run(&["export", text(&file), "--data", text(&data)]).expect(0);
    let written = fs::read_to_string(&file).unwrap();
    let mut lines = written.lines().map(|line| -> Value { serde_json::from_str(line).unwrap() });
    assert_eq!(lines.next().unwrap()["fintech_export"], 1);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut told_of = 0;
    for line in lines {
        match line["kind"].as_str() {
            Some(kind) => *counts.entry(kind.to_owned()).or_default() += 1,
            None => told_of = line["records"].as_u64().unwrap(),
        }
    }
    assert_eq!(told_of, counts.values().sum::<u64>());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for kind in ["entry", "payment", "refund", "loan", "hold", "audit_line"] {
        assert!(counts.contains_key(kind), "no {kind}: {counts:?}");
    }
    assert_eq!(told.err.trim(), format!("{} records", counts.values().sum::<u64>()));
    assert_eq!(told.out, "");
    let again = run(&["export", text(&file), "--data", text(&data)]).expect(2);
    assert!(again.err.contains("is there already"), "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written, "it is as it was");
    server.stop();
}

#[test]
fn half_an_export_is_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("all.jsonl"));
    let server = Server::start(&data);
    run(&["demo", "--server", &server.url]).expect(0);
    server.stop();
    let database = rusqlite::Connection::open(data.join("fintech.sqlite3")).unwrap();
    assert!(database.execute("UPDATE payment SET status = 'PERHAPS'", ()).unwrap() > 0);
    drop(database);
    let told = run(&["export", text(&file), "--data", text(&data)]).expect(3);
    assert!(told.err.contains("fintech verify"), "{told:?}");
    assert!(!file.exists());
    let missing =
        run(&["export", text(&file), "--data", text(&folder.path().join("no"))]).expect(2);
    assert!(missing.err.contains("no data folder"), "{missing:?}");
}

#[test]
fn what_was_not_heard_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("all.jsonl"));
    let payment_id = with_dead_letters(&data);
    let told = run(&["export", text(&file), "--data", text(&data)]).expect(1);
    for words in [
        "not in it: 2 messages",
        &format!(
            "PAYMENT_REQUESTED of {payment_id} to process_payment_request is a dead letter: it was away"
        ),
        "fintech dead-letters",
    ] {
        assert!(told.err.contains(words), "{words:?} is not in {}", told.err);
    }
    // It is a whole export nevertheless, for whoever wants it so.
    run(&["load", text(&file), "--data", text(&folder.path().join("other"))]).expect(0);
    run(&["dead-letters", "redrive", "--all", "--data", text(&data)]).expect(0);
    let again = folder.path().join("again.jsonl");
    let told = run(&["export", text(&again), "--data", text(&data)]).expect(0);
    assert!(!told.err.contains("not heard"), "{told:?}");
}
