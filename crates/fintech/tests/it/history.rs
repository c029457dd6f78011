//! `fintech import` and what `fintech verify` says of it, over a small history and a bank's own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{Ended, Server, run, skipped, text};

const MAPPING: &str = r#"
source = "small"
currency = "USD"
account = "account"
reference = "reference"
date = { column = "date", format = "%Y-%m-%d" }
amount = "amount"
description = ["text"]
"#;

const ROWS: &str = "\
account,reference,date,amount,text
ada,1,2024-01-01,100.00,Salary
ben,1,2024-01-01,-1.00,Overdraft
ada,2,2024-01-02,-120.00,Rent
ada,3,2024-01-02,50.00,Gift
ben,2,1899-12-31,5.00,Too old
ben,3,2024-02-30,5.00,No such day
ada,4,2024-01-03,-1.00,Bread
";

struct History {
    folder: tempfile::TempDir,
}

impl History {
    fn new(mapping: &str, rows: &[u8]) -> Self {
        let history = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(history.path("mapping.toml"), mapping).unwrap();
        fs::write(history.path("rows.csv"), rows).unwrap();
        history
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn import(&self, more: &[&str]) -> Ended {
        import(&self.path("rows.csv"), &self.path("mapping.toml"), &self.data(), more)
    }
}

fn import(file: &Path, mapping: &Path, data: &Path, more: &[&str]) -> Ended {
    let files = ["import", text(file), "--mapping", text(mapping), "--data", text(data)];
    run(&[&files[..], more].concat())
}

fn lines(summary: &Value) -> Vec<u64> {
    let refusals = summary["refusals"].as_array().unwrap();
    refusals.iter().map(|refusal| refusal["line"].as_u64().unwrap()).collect()
}

#[test]
fn a_small_history_is_imported_once() {
    let history = History::new(MAPPING, ROWS.as_bytes());
    let first = history.import(&["--json"]).expect(1).json();
    let mut keys: Vec<_> = first.as_object().unwrap().keys().cloned().collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "already_booked",
            "booked",
            "refusals",
            "refused",
            "rows",
            "seconds",
            "wallets",
            "wallets_created"
        ]
    );
    let counts = ["rows", "booked", "already_booked", "refused", "wallets_created"];
    assert_eq!(counts.map(|name| first[name].as_u64().unwrap()), [7, 4, 0, 3, 1]);
    assert!(first["seconds"].is_number());
    assert_eq!(lines(&first), [3, 6, 7]);
    assert!(first["refusals"][1]["reason"].as_str().unwrap().contains("before 1900"));

    let second = history.import(&["--json"]).expect(1).json();
    assert_eq!(counts.map(|name| second[name].as_u64().unwrap()), [7, 0, 4, 3, 0]);
    assert_eq!(lines(&second), [3, 6, 7]);
    assert_eq!(second["wallets"], first["wallets"]);

    let told = history.import(&[]).expect(1);
    assert!(told.out.starts_with("7 rows in ") && told.out.contains("\nline 3: "), "{told:?}");

    let server = Server::start(&history.data());
    let wallet_id = first["wallets"]["ada"].as_str().unwrap();
    let at = |time: &str| {
        server.get(&format!("/v1/wallet/{wallet_id}?at={time}")).expect(200).text("/balance")
    };
    assert_eq!(at("2023-12-31T00:00:00Z"), "0.00");
    assert_eq!(at("2024-01-01T00:00:00Z"), "100.00");
    assert_eq!(at("2024-01-02T00:00:00Z"), "30.00");
    let entries = server.get(&format!("/v1/wallet/{wallet_id}/transactions")).expect(200).json();
    let newest = &entries["items"][0];
    assert_eq!(
        (&newest["type"], &newest["amount"], &newest["description"], &newest["reference"]),
        (&json!("IMPORT"), &json!("-1.00"), &json!("Bread"), &json!("4"))
    );
    server.stop();
    run(&["verify", "--data", text(&history.data())]).expect(0);
}

#[test]
fn what_was_refused_is_tried_again_and_booked_once_it_can_be() {
    let rows = "account,reference,date,amount,text\n\
        ada,1,2024-01-01,100.00,Salary\n\
        ada,2,2024-01-02,-120.00,Rent\n\
        ben,1,2024-02-30,5.00,No such day\n\
        eve,1,2024-01-01,-1.00,Too early\n\
        eve,2,2024-01-02,1.00,Too late\n";
    let history = History::new(MAPPING, rows.as_bytes());
    let counts = |ended: Ended| {
        let summary = ended.expect(1).json();
        (summary["booked"].as_u64().unwrap(), lines(&summary))
    };
    assert_eq!(counts(history.import(&["--json"])), (2, vec![3, 4, 5]));
    assert_eq!(counts(history.import(&["--json"])), (0, vec![3, 4, 5]));
    // One row is corrected; a row of the same day brings what another lacked.
    let rows = rows.replace("02-30", "02-28") + "ada,3,2024-01-02,50.00,Gift\n";
    fs::write(history.path("rows.csv"), rows).unwrap();
    assert_eq!(counts(history.import(&["--json"])), (3, vec![5]));
    assert_eq!(counts(history.import(&["--json"])), (0, vec![5]));
    run(&["verify", "--data", text(&history.data())]).expect(0);
}

fn check_wrong(mapping: &str, rows: &[u8], words: &str) {
    let history = History::new(mapping, rows);
    let ended = history.import(&[]).expect(2);
    assert!(ended.err.contains(words), "{words:?} is not in {ended:?}");
    assert!(!history.data().exists(), "something was made although nothing was imported");
}

#[test]
fn a_mapping_or_a_file_that_does_not_fit_books_nothing() {
    let rows = ROWS.as_bytes();
    check_wrong(&MAPPING.replace("amount =", "amonut ="), rows, "unknown field `amonut`");
    check_wrong(&MAPPING.replace("\"reference\"", "\"ref\""), rows, "no column `ref`");
    check_wrong(&format!("delimiter = \";\"{MAPPING}"), rows, "delimiter");
    check_wrong(&MAPPING.replace("%Y-%m-%d", "%d.%m.%Y"), rows, "fits no row");
    let misfit = History::new(&MAPPING.replace("%Y-%m-%d", "%d.%m.%Y"), rows);
    let told = misfit.import(&[]).expect(2);
    assert_eq!((told.out.as_str(), told.err.lines().count()), ("", 1), "{told:?}");
    let told = misfit.import(&["--json"]).expect(2).json();
    assert_eq!((&told["booked"], &told["refused"]), (&json!(0), &json!(7)));
    check_wrong(MAPPING, b"", "empty");
    check_wrong(MAPPING, b"acc\xf6unt,reference\n", "not UTF-8");
    let history = History::new(MAPPING, rows);
    let ended =
        import(&history.path("none.csv"), &history.path("mapping.toml"), &history.data(), &[]);
    assert!(ended.expect(2).err.contains("none.csv"));
    let ended = import(&history.path("rows.csv"), &history.path("none.toml"), &history.data(), &[]);
    assert!(ended.expect(2).err.contains("none.toml"));
}

#[test]
fn a_file_without_rows_is_done_at_once() {
    let history = History::new(MAPPING, b"account,reference,date,amount,text\n");
    assert_eq!(history.import(&["--json"]).expect(0).json()["rows"], 0);
}

#[test]
fn a_byte_changed_in_the_database_is_found_and_named() {
    let history = History::new(MAPPING, ROWS.as_bytes());
    let summary = history.import(&["--json"]).expect(1).json();
    let wallet_id = summary["wallets"]["ada"].as_str().unwrap();
    let database = rusqlite::Connection::open(history.data().join("fintech.sqlite3")).unwrap();
    let changed = database
        .execute("UPDATE entry SET description = 'Gifs' WHERE description = 'Gift'", [])
        .unwrap();
    assert_eq!(changed, 1);
    drop(database);
    let report = run(&["verify", "--data", text(&history.data()), "--json"]).expect(1).json();
    let violations = report["violations"].to_string();
    assert!(violations.contains(wallet_id), "{violations}");
}

/// As a program before audit trails left it: what operators did stands in a list without hashes.
#[test]
fn a_folder_of_an_older_program_is_taken_over_before_it_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    server.post(&format!("/v1/wallet/{wallet_id}/freeze"), &json!({})).expect(200);
    server.stop();
    let verify = || run(&["verify", "--data", text(folder.path()), "--json"]);
    let trails = verify().expect(0).json()["trails"].clone();
    let database = rusqlite::Connection::open(folder.path().join("fintech.sqlite3")).unwrap();
    let columns = "audit_id, service, at, sub, role, operation, subject";
    let moved = format!(
        "INSERT INTO audit ({columns}, version, said_count, schema_version) \
         SELECT {columns}, 1, 0, 1 FROM audit_line"
    );
    assert_eq!(database.execute(&moved, []).unwrap(), 1);
    assert_eq!(database.execute("DELETE FROM audit_line", []).unwrap(), 1);
    drop(database);

    let told = verify().expect(3).err;
    assert!(told.contains("fintech tick --data") && told.contains("then verify"), "{told}");
    run(&["tick", "--data", text(folder.path())]).expect(0);
    let again = verify().expect(0).json()["trails"].clone();
    assert_eq!(again[0]["lines"], trails[0]["lines"]);
    assert_ne!(again, trails, "its line was adopted");
}

/// 28,205 rows of a bank; the six debits that its own data shows as overdrafts are refused.
#[test]
fn the_history_of_a_bank() {
    let file = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/czech-bank/trans.csv"
    ));
    if !file.exists() {
        return skipped(&format!("{} is not there", file.display()));
    }
    let mapping =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/import/czech-bank.toml"));
    let folder = tempfile::tempdir().unwrap();
    let first = import(file, mapping, folder.path(), &["--json"]).expect(1).json();
    let counts = ["rows", "booked", "already_booked", "refused", "wallets_created"];
    assert_eq!(counts.map(|name| first[name].as_u64().unwrap()), [28_205, 28_199, 0, 6, 1_139]);
    let overdrafts = [4_705, 4_721, 12_201, 12_846, 19_822, 24_877];
    assert_eq!(lines(&first), overdrafts);
    let second = import(file, mapping, folder.path(), &["--json"]).expect(1).json();
    assert_eq!(counts.map(|name| second[name].as_u64().unwrap()), [28_205, 0, 28_199, 6, 0]);
    assert_eq!(lines(&second), overdrafts);
    let report = run(&["verify", "--data", text(folder.path()), "--json"]).expect(0).json();
    assert_eq!((&report["transfers"], &report["accounts"]), (&json!(28_199), &json!(1_140)));
    assert_eq!(report["currencies"], json!([{ "currency": "CZK", "sum": "0.00" }]));
}
