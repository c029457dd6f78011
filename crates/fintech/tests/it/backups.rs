//! `fintech backup`: a copy that is taken beside a busy server is a data folder again.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::program::{Server, run, text};

#[test]
fn a_backup_beside_a_busy_server_is_a_data_folder_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.sqlite3"));
    let server = Server::start(&data);
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    let path = format!("/v1/wallet/{wallet_id}/credit");
    let credit = || server.post(&path, &json!({ "amount": "1.00" })).expect(200);
    let is_over = AtomicBool::new(false);
    let credit_on = || {
        let mut count = 0_u64;
        while !is_over.load(Ordering::Relaxed) {
            credit();
            count += 1;
        }
        count
    };
    // What was acknowledged before the backup began is in it.
    (0..20).for_each(|_| drop(credit()));
    let (made, meanwhile) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(credit_on)).collect();
        let made = run(&["backup", text(&copy), "--data", text(&data)]);
        is_over.store(true, Ordering::Relaxed);
        (made, clients.into_iter().map(|client| client.join().unwrap()).sum::<u64>())
    });
    assert_eq!(made.expect(0).out, format!("{}\n", copy.display()));
    let again = run(&["backup", text(&copy), "--data", text(&data)]).expect(2);
    assert!(again.err.contains("is there already"), "{again:?}");
    server.stop();

    let restored = folder.path().join("restored");
    fs::create_dir(&restored).unwrap();
    fs::rename(&copy, restored.join("fintech.sqlite3")).unwrap();
    let report = run(&["verify", "--data", text(&restored), "--json"]).expect(0).json();
    let transfers = report["transfers"].as_u64().unwrap();
    assert!((20..=20 + meanwhile).contains(&transfers), "{transfers} of 20 and {meanwhile}");
    let server = Server::start(&restored);
    let balance = server.get(&format!("/v1/wallet/{wallet_id}")).expect(200).text("/balance");
    assert_eq!(balance, format!("{transfers}.00"));
    server.post(&path, &json!({ "amount": "1.00" })).expect(200);
    server.stop();
    run(&["verify", "--data", text(&restored)]).expect(0);
}

#[test]
fn what_cannot_be_backed_up_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.sqlite3");
    let missing = folder.path().join("missing");
    let ended = run(&["backup", text(&copy), "--data", text(&missing)]).expect(2);
    assert!(ended.err.contains("no data folder"), "{ended:?}");
    Server::start(&missing).stop();
    let nowhere = folder.path().join("nowhere/copy.sqlite3");
    let ended = run(&["backup", text(&nowhere), "--data", text(&missing)]).expect(2);
    let told = format!("fintech: {}: there is no such folder", nowhere.display());
    assert!(ended.err.contains(&told), "{ended:?}");
    assert!(!copy.exists() && !nowhere.exists());
}
