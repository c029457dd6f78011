//! An institution moves from the one program to AWS: what is exported from SQLite and loaded into
//! DynamoDB is the same ledger there, nothing is published by it, and what was open goes on.

use std::sync::Arc;

use kernel::Time;
use kernel::due::{Pace, decide_due};
use kernel::event::Capture;
use kernel::memory::value_of;
use kernel::record::{Column as _, Stored};
use kernel::saga::FIRST_WAIT;
use kernel::store::StorePort;
use kernel::time::System;
use operations::portable;
use operations::verify::verify;
use simulation::candidates::{Embedded, Memory, Mishap};
use simulation::hands::HandClock;
use simulation::institution::{By, Echo, Institution, SERVICES, What, kinds};
use store_dynamodb::emulator::{Emulator, NOT_BUILT, Stream, create, skipped, streams};
use store_dynamodb::items::{envelopes, kind_of};
use store_dynamodb::tables::{SAYS, tables};
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
        return skipped(NOT_BUILT);
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

/// What the relay and the functions do, until nobody has anything more to hear.
async fn hear_all(to: &DynamoStore, streams: &mut [Stream]) {
    loop {
        let mut heard = 0;
        for (table, stream) in to.tables().iter().zip(&mut *streams) {
            let items = stream.read().await.unwrap();
            for item in items.iter().filter(|item| item.contains_key(SAYS)) {
                for event in envelopes(kind_of(table, item).unwrap(), item).unwrap() {
                    let all = SERVICES.iter().flat_map(|service| service.subscriptions);
                    for subscription in all.filter(|one| one.hears.contains(&event.kind())) {
                        let decision = (subscription.react)(&event).unwrap();
                        to.decide(decision, event.context()).await.unwrap();
                        heard += 1;
                    }
                }
            }
        }
        if heard == 0 {
            return;
        }
    }
}

/// How every payment and loan stands.
async fn states(port: &dyn StorePort) -> Vec<String> {
    let records = exported(port).await;
    let column =
        |stored: &Stored, name| String::from_value(&value_of(stored, name)).unwrap_or_default();
    let of = |kind: &str, name| -> Vec<String> {
        let some = records.iter().filter(|stored| stored.record.kind().name == kind);
        some.map(|stored| format!("{kind} {}", column(stored, name))).collect()
    };
    let mut states = [of("payment", "status"), of("loan", "status")].concat();
    states.sort();
    states
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_open_goes_on_to_its_end() {
    let Some(emulator) = Emulator::start().unwrap() else { return };
    // The reference store delivers nothing by itself: what is asked for stays open.
    let mut institution = Institution::open(&Memory(Mishap::None), Echo::None).await;
    institution.do_act(What::OpenWallet.by(By::Alice)).await;
    institution.do_act(What::Credit { wallet: 0, cents: 10_000 }.by(By::Operator)).await;
    let pay = |cents, capture| What::Pay { wallet: 0, cents, capture }.by(By::Alice);
    institution.do_act(pay(2_500, Capture::Automatic)).await;
    institution.do_act(pay(10_001, Capture::Automatic)).await;
    institution.do_act(pay(1_000, Capture::Manual)).await;
    institution.do_act(What::Apply { wallet: 0, cents: 50_000 }.by(By::Alice)).await;
    institution.do_act(What::Approve { loan: 0 }.by(By::Operator)).await;
    let records = exported(&**institution.store().port()).await;

    let clock = Arc::new(HandClock::default());
    clock.pass_to(institution.store().now());
    let tables = tables(&SERVICES);
    create(&emulator.client(), "open", &tables).await.unwrap();
    let options = Options::new(emulator.client(), "open", tables);
    let to = DynamoStore::new(Options { clock: clock.clone(), ..options });
    to.load(&records).await.unwrap();
    let mut streams = streams(&emulator, "open", to.tables()).await.unwrap();
    hear_all(&to, &mut streams).await;
    let pending = ["loan APPROVED", "payment PENDING", "payment PENDING", "payment PENDING"];
    assert_eq!(states(&to).await, pending, "what is loaded counts as said");

    clock.pass(FIRST_WAIT);
    let mut asked = 0;
    for due in SERVICES.iter().flat_map(|service| service.due) {
        let pace = Pace { page: 25, partitions: 4, until: Time::MAX };
        asked += decide_due(&to, due, pace, &System).await.unwrap().records;
    }
    assert_eq!(asked, 4);
    hear_all(&to, &mut streams).await;
    let ended = ["loan APPROVED", "payment AUTHORIZED", "payment FAILED", "payment SUCCESSFUL"];
    assert_eq!(states(&to).await, ended);
    let report = verify(&to, &mut |_| {}).await.unwrap();
    assert_eq!(report.violations, [""; 0]);
    assert_eq!(report.transfers, 3, "the credit, the payment and the loan");
}
