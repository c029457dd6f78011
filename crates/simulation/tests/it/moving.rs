//! An institution moves from the one program to AWS: what is exported from SQLite and loaded into
//! DynamoDB is the same ledger there, nothing is published by it, and what was open goes on.

use kernel::record::Stored;
use kernel::store::StorePort;
use operations::portable;
use operations::verify::verify;
use simulation::candidates::{Embedded, Mishap};
use simulation::institution::{Echo, Institution, SERVICES, kinds};
use store_dynamodb::emulator::{Emulator, create, streams};
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Loaded, Options};
use store_embedded::Durability;

use crate::sagas::scenarios::SCENARIOS;

/// Every record as a line, and read back.
async fn exported(port: &dyn StorePort) -> Vec<Stored> {
    let mut records = Vec::new();
    for kind in kinds() {
        let mut after = None;
        loop {
            let scan = port.scan(kind, after, 10).await.unwrap();
            let lines = scan.rows.into_iter().map(|row| portable::line(&row.unwrap()));
            records.extend(lines.map(|line| portable::read(&kinds(), &line).unwrap()));
            after = scan.next;
            if after.is_none() {
                break;
            }
        }
    }
    records
}

async fn empty(emulator: &Emulator, prefix: &str) -> DynamoStore {
    let tables = tables(&SERVICES);
    create(&emulator.client(), prefix, &tables).await.unwrap();
    DynamoStore::new(Options::new(emulator.client(), prefix, tables))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_loaded_is_the_same_ledger() {
    let Some(emulator) = Emulator::start().unwrap() else {
        println!("skipped, for the emulator was not built (make emulator)");
        return;
    };
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let sqlite = Embedded(Durability::Sqlite, Mishap::None);
        let mut institution = Institution::open(&sqlite, Echo::None).await;
        (scenario.play)(&mut institution).await;
        institution.rest().await;
        let from = institution.store();
        let records = exported(&**from.port()).await;
        let count = u64::try_from(records.len()).unwrap();
        assert!(count > 0, "{}", scenario.name);

        let prefix = format!("moved{number}");
        let to = empty(&emulator, &prefix).await;
        let put = to.load(&records).await.unwrap();
        assert_eq!(put, Loaded { put: count, there: 0 }, "{}", scenario.name);
        let again = to.load(&records).await.unwrap();
        assert_eq!(again, Loaded { put: 0, there: count }, "{}: a second time", scenario.name);

        let there = exported(&to).await;
        let told = |records: &[Stored]| {
            let mut lines: Vec<_> = records.iter().map(portable::line).collect();
            lines.sort();
            lines
        };
        assert_eq!(told(&there), told(&records), "{}", scenario.name);
        let [before, after] = [
            verify(&**from.port(), &mut |_| {}).await.unwrap(),
            verify(&to, &mut |_| {}).await.unwrap(),
        ];
        assert_eq!(after.violations, [""; 0], "{}", scenario.name);
        assert_eq!(format!("{after:?}"), format!("{before:?}"), "{}", scenario.name);
        let streams = streams(&emulator, &prefix, to.tables()).await.unwrap();
        let mut seen = 0;
        for mut stream in streams {
            for item in stream.read().await.unwrap() {
                seen += 1;
                assert!(!item.contains_key("says"), "it would be published: {item:?}");
            }
        }
        assert!(seen > 0, "{}: the streams show nothing", scenario.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_not_written_over() {
    let Some(emulator) = Emulator::start().unwrap() else { return };
    let sqlite = Embedded(Durability::Sqlite, Mishap::None);
    let mut institution = Institution::open(&sqlite, Echo::None).await;
    (SCENARIOS[0].play)(&mut institution).await;
    institution.rest().await;
    let mut records = exported(&**institution.store().port()).await;
    let to = empty(&emulator, "kept").await;
    to.load(&records[..1]).await.unwrap();
    records[0].version += 1;
    let refused = to.load(&records[..1]).await.unwrap_err().to_string();
    assert!(refused.contains("is there already, and is another"), "{refused}");
}
