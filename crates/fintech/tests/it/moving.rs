//! An institution moves between its homes by the program's own commands: from a folder into tables and
//! back, with the same figures on both sides, and what was open goes on to its end.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kernel::event::Capture;
use kernel::text::MerchantId;
use kernel::time::System;
use kernel::{Amount, Clock as _, Context, CorrelationId, Currency, Ids as _, Store};
use operations::portable;
use payment::decide::RequestPayment;
use serde_json::{Value, json};
use store_dynamodb::emulator::{Emulator, create};
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Options};
use store_embedded::EmbeddedStore;

use crate::program::{Ended, Server, command, ended, run, skipped, text};
use crate::services::{SERVICES, kinds};

/// An emulator with empty tables; none where it was not built.
pub(crate) async fn emulator(prefix: &str) -> Option<Emulator> {
    let Some(emulator) = Emulator::start().unwrap() else {
        skipped("the emulator of DynamoDB is not built, see `make emulator`");
        return None;
    };
    create(&emulator.client(), prefix, &tables(&SERVICES)).await.unwrap();
    Some(emulator)
}

/// Runs a command that reaches AWS there.
fn run_at(emulator: &Emulator, arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env(name, "local");
    }
    command.env_remove("AWS_CA_BUNDLE").env_remove("AWS_SESSION_TOKEN");
    ended(command.env("AWS_ENDPOINT_URL", emulator.endpoint()))
}

/// A folder with a little world in it, and a wallet with 10.00.
fn folder(data: &Path) -> String {
    let server = Server::start(data);
    run(&["demo", "--server", &server.url]).expect(0);
    let wallet_id = server.post("/v1/wallet", &json!({})).expect(201).text("/wallet_id");
    let credit = json!({ "amount": "10.00" });
    server.post(&format!("/v1/wallet/{wallet_id}/credit"), &credit).expect(200);
    server.stop();
    wallet_id
}

/// Asks for a payment of 4.00 while nobody is there who could hear it.
async fn ask_unheard(data: &Path, wallet_id: &str) -> String {
    let options = store_embedded::Options::new(data, kinds(), Vec::new());
    let port = EmbeddedStore::open(options).unwrap();
    let request = RequestPayment {
        wallet_id: wallet_id.parse().unwrap(),
        merchant_id: MerchantId::new("shop").unwrap(),
        amount: Amount::from_minor(400, Currency::USD).unwrap(),
        capture: Capture::Automatic,
        description: None,
        reference: None,
        hold_life: Duration::from_secs(60),
        caller: kernel::Caller {
            sub: kernel::Subject::new("local").unwrap(),
            role: kernel::Role::Operator,
        },
        key: None,
    };
    let store = Store::new(Arc::<EmbeddedStore>::clone(&port));
    let context = Context::request(CorrelationId(System.draw()), None);
    let asked = store.decide(request, context).await.unwrap().unwrap();
    tokio::task::spawn_blocking(move || port.close()).await.unwrap();
    asked.payment_id.to_string()
}

/// Every line but the first, which tells of a moment, in an order of its own.
fn lines(file: &Path) -> Vec<String> {
    let mut lines: Vec<_> =
        fs::read_to_string(file).unwrap().lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn figures(verified: Ended) -> Value {
    verified.expect(0).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_it_is_the_same_ledger() {
    let Some(emulator) = emulator("moved").await else { return };
    let folder_of_all = tempfile::tempdir().unwrap();
    let at = |name: &str| folder_of_all.path().join(name);
    let (data, back) = (at("data"), at("back"));
    let (first, second) = (at("first.jsonl"), at("second.jsonl"));
    let wallet_id = folder(&data);
    let payment_id = ask_unheard(&data, &wallet_id).await;
    let moved = ["--data", "dynamodb:moved"];
    let with = |words: &[&str]| run_at(&emulator, &[words, &moved].concat());

    let told = run(&["export", text(&first), "--data", text(&data)]).expect(1);
    for words in [
        "1 of them waiting for an answer",
        "not in it: 1 message\n",
        &format!("PAYMENT_REQUESTED of {payment_id} to process_payment_request waits"),
    ] {
        assert!(told.err.contains(words), "{words:?} is not in {}", told.err);
    }
    with(&["load", text(&first)]).expect(0);
    let before = figures(run(&["verify", "--data", text(&data), "--json"]));
    assert_eq!(figures(with(&["verify", "--still", "--json"])), before);
    assert!(before["transfers"].as_u64().unwrap() > 10, "{before}");

    with(&["export", text(&second)]).expect(0);
    assert_eq!(lines(&second), lines(&first));
    run(&["load", text(&second), "--data", text(&back)]).expect(0);
    assert_eq!(figures(run(&["verify", "--data", text(&back), "--json"])), before);

    // What was open asks again and comes to its end.
    let later = System.now().plus(Duration::from_secs(90)).to_string();
    let ticked = run(&["tick", "--at", &later, "--data", text(&back)]).expect(0);
    assert_eq!(ticked.out, "1 payment that waits for an answer asked again.\n");
    let server = Server::start(&back);
    let paid = server.get(&format!("/v1/payment/{payment_id}")).expect(200);
    assert_eq!(paid.text("/status"), "SUCCESSFUL");
    let wallet = server.get(&format!("/v1/wallet/{wallet_id}")).expect(200);
    assert_eq!(wallet.text("/balance"), "6.00");
    server.stop();
    let after = figures(run(&["verify", "--data", text(&back), "--json"]));
    assert_eq!(after["transfers"].as_u64(), before["transfers"].as_u64().map(|before| before + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_was_cut_off_goes_on_and_tables_of_others_are_refused() {
    let Some(emulator) = emulator("half").await else { return };
    let folder_of_all = tempfile::tempdir().unwrap();
    let at = |name: &str| folder_of_all.path().join(name);
    let (data, file) = (at("data"), at("all.jsonl"));
    folder(&data);
    run(&["export", text(&file), "--data", text(&data)]).expect(0);
    let into = ["--data", "dynamodb:half"];
    let with = |words: &[&str]| run_at(&emulator, &[words, &into].concat());

    let records: Vec<_> =
        fs::read_to_string(&file).unwrap().lines().skip(1).map(str::to_owned).collect();
    let half = records[..records.len() / 2].iter();
    let half: Vec<_> = half.map(|line| portable::read(&kinds(), line).unwrap()).collect();
    let store = DynamoStore::new(Options::new(emulator.client(), "half", tables(&SERVICES)));
    store.load(&half).await.unwrap();
    with(&["load", text(&file)]).expect(0);
    with(&["load", text(&file)]).expect(0);
    let report = figures(run(&["verify", "--data", text(&data), "--json"]));
    assert_eq!(figures(with(&["verify", "--still", "--json"])), report);

    let (others, other) = (at("others"), at("other.jsonl"));
    folder(&others);
    run(&["export", text(&other), "--data", text(&others)]).expect(0);
    let refused = with(&["load", text(&other)]).expect(2);
    assert!(refused.err.contains("the tables of half are not empty"), "{refused:?}");
    assert_eq!(figures(with(&["verify", "--still", "--json"])), report, "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_to_reach_the_tables_is_told() {
    let Some(emulator) = emulator("there").await else { return };
    let missing = ended(
        command(&["verify", "--data", "dynamodb:there"])
            .env("AWS_REGION", "local")
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY"),
    );
    let missing = missing.expect(2);
    for words in ["AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "aws configure export-credentials"] {
        assert!(missing.err.contains(words), "{missing:?}");
    }
    let nameless = run_at(&emulator, &["verify", "--data", "dynamodb:"]).expect(2);
    assert!(nameless.err.contains("dynamodb:fintech"), "{nameless:?}");
    let elsewhere = run_at(&emulator, &["verify", "--data", "dynamodb:away"]).expect(3);
    for words in ["the table away-wallet in local cannot be read", "terraform"] {
        assert!(elsewhere.err.contains(words), "{elsewhere:?}");
    }
    for command in ["serve", "tick", "import"] {
        let help = run(&[command, "--help"]).expect(0).out;
        assert!(!help.contains("dynamodb:"), "{help}");
    }
    let served = run(&["serve", "--listen", "127.0.0.1:0", "--data", "dynamodb:there"]).expect(2);
    assert!(served.err.contains("verify, export and load"), "{served:?}");
}

/// A file of these lines is refused, and nothing is left in the folder.
#[track_caller]
fn check_refused(folder: &Path, lines: &[&str], expected: &str) {
    let (file, data) = (folder.join("some.jsonl"), folder.join("data"));
    fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let refused = run(&["load", text(&file), "--data", text(&data)]).expect(2);
    assert!(refused.err.contains(expected), "{expected:?} is not in {}", refused.err);
    assert!(!data.join("fintech.sqlite3").exists());
    run(&["verify", "--data", text(&data)]).expect(2);
}

#[test]
fn a_line_that_cannot_be_taken_is_named_and_nothing_is_loaded() {
    let folder_of_all = tempfile::tempdir().unwrap();
    let at = |name: &str| folder_of_all.path().join(name);
    let (data, file) = (at("whole"), at("all.jsonl"));
    let server = Server::start(&data);
    server.post("/v1/wallet", &json!({})).expect(201);
    server.stop();
    run(&["export", text(&file), "--data", text(&data)]).expect(0);
    let whole = fs::read_to_string(&file).unwrap();
    let [head, entry, trailer] = whole.lines().collect::<Vec<_>>()[..] else { panic!("{whole}") };

    let check =
        |lines: &[&str], expected: &str| check_refused(folder_of_all.path(), lines, expected);
    check(&[], "line 0: it does not begin as what `fintech export` makes");
    check(&[entry, trailer], "line 1: it does not begin");
    check(&[&head.replace(":1,", ":2,"), entry, trailer], "line 1: the export is of form 2");
    check(&[head, entry], "line 2: the file is cut off");
    check(&[head, trailer], "line 2: 1 records are told of, not 0");
    check(&[head, entry, entry, trailer], "line 3: wal_");
    check(&[head, entry, trailer, entry], "line 4: something follows");
    check(&[head, &entry.replace("USD", "US?"), trailer], "line 2: ");
    check(
        &[head, &entry.replace("\"entry\"", "\"entries\""), trailer],
        "which this program does not know",
    );
    check(&[head, "{", trailer], "line 2: it is no line of an export");

    let directory = run(&["load", text(&data), "--data", text(&at("data"))]).expect(2);
    assert!(directory.err.contains("is no file"), "{directory:?}");
    let full = run(&["load", text(&file), "--data", text(&data)]).expect(2);
    assert!(
        full.err.contains("is not empty") && full.err.contains("a folder that is new"),
        "{full:?}"
    );
    let server = Server::start(&at("held"));
    let held = run(&["load", text(&file), "--data", text(&at("held"))]).expect(3);
    assert!(held.err.contains("in use by process"), "{held:?}");
    server.stop();
    run(&["load", text(&file), "--data", text(&at("data"))]).expect(0);
}
