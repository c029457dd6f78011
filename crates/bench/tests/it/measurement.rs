//! The program as a whole, measuring its own floor server in the place of the real one.
//!
//! Times are not looked at: only that everything asked for is measured, reported and cleared away.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const BENCH: &str = env!("CARGO_BIN_EXE_bench");

fn bench(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BENCH)
        .current_dir(folder)
        .args(["--quick", "--seconds", "1", "--wallets", "10"])
        .args(arguments)
        .output()
        .unwrap()
}

fn json(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("target/bench.json")).unwrap()).unwrap()
}

/// The values of a field in a list of objects.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list.as_array().unwrap().iter().map(|item| item.get(field).unwrap_or(&Value::Null)).collect()
}

#[test]
fn a_whole_measurement_leaves_its_report_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = ["--scenarios", "payment-saga,sustained", "--payments-resident", "100"];
    let output = bench(folder.path(), &[&["--server-binary", BENCH], &scenarios[..]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors, "", "nothing is shown where standard error is no terminal");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("payment-saga"), "{text}");
    assert!(text.contains("ready again after"), "{text}");

    let report = json(folder.path());
    assert_eq!(all(&report["runs"], "scenario"), ["payment-saga", "sustained"]);
    assert_eq!(all(&report["runs"], "connections"), [64, 64]);
    let floors = [["http"; 4].as_slice(), &["append-and-sync"; 3]].concat();
    assert_eq!(all(&report["floors"], "floor"), floors);
    for measured in [&report["runs"], &report["floors"]] {
        for rate in all(measured, "per_second") {
            assert!(rate.as_f64().unwrap() > 0.0, "{report:#}");
        }
    }
    for run in report["runs"].as_array().unwrap() {
        assert_eq!(run["errors"], 0, "{run:#}");
        assert!(run["http_floor_ratio"].as_f64().unwrap() > 0.0, "{run:#}");
        assert!(run["server_cpu_us_by_part"].get("http").is_some(), "{run:#}");
    }
    assert!(report["sustained"]["payments_made"].as_u64().unwrap() >= 100);

    let left = std::fs::read_dir(folder.path().join("target")).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["bench-server.log", "bench.json"]);
}

#[test]
fn a_server_that_cannot_run_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let output = bench(folder.path(), &["--server-binary", "nothing-there"]);
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("there is no program nothing-there"), "{errors}");

    let output = bench(folder.path(), &["--server-binary", "/bin/false"]);
    assert_eq!(output.status.code(), Some(3));
    let why = "/bin/false: it ended before it was ready";
    assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    let report = json(folder.path());
    assert_eq!(all(&report["floors"], "floor"), ["http"], "what was measured before is kept");
    assert!(report["ended_early"].as_str().unwrap().contains(why));
}
