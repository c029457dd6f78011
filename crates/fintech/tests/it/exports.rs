//! `fintech export`: every record as a line, beside a running server, and never half a file.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

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
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(line["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for kind in ["entry", "payment", "refund", "loan", "hold", "audit"] {
        assert!(counts.contains_key(kind), "no {kind}: {counts:?}");
    }
    assert_eq!(told.err.trim(), format!("{} records", counts.values().sum::<usize>()));
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
