//! Records as lines: what is read back is what was written, and a line that cannot be is told.

use kernel::record::Stored;
use kernel::store::StorePort;
use operations::SERVICES;
use operations::portable::{line, read};

use crate::world::World;

fn kinds() -> Vec<&'static kernel::Kind> {
    SERVICES.iter().flat_map(|service| service.kinds.iter().copied()).collect()
}

async fn records(world: &World) -> Vec<Stored> {
    let mut all = Vec::new();
    for kind in kinds() {
        let scan = world.store.scan(kind, None, usize::MAX).await.unwrap();
        all.extend(scan.rows.into_iter().map(Result::unwrap));
    }
    all
}

#[tokio::test]
async fn what_is_read_back_is_what_was_written() {
    let all = records(&World::new()).await;
    let saying = all.iter().filter(|stored| !stored.said.is_empty()).count();
    assert!(all.len() > 20 && saying > 5, "{} records, {saying} say something", all.len());
    for stored in all {
        let text = line(&stored);
        assert!(!text.contains('\n'), "{text}");
        let back = read(&kinds(), &text).unwrap();
        assert_eq!(format!("{back:?}"), format!("{stored:?}"), "{text}");
        assert_eq!(line(&back), text);
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_is_told() {
    let all = records(&World::new()).await;
    let kind_of = |name| move |stored: &&Stored| stored.record.kind().name == name;
    let payment = line(all.iter().find(kind_of("payment")).unwrap());
    let entry = line(all.iter().find(kind_of("entry")).unwrap());
    let saying = line(all.iter().find(|stored| !stored.said.is_empty()).unwrap());
    let check = |text: &str, from: &str, to: &str, expected: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in {text}");
        let told = read(&kinds(), &changed).unwrap_err().to_string();
        assert!(told.contains(expected), "{to}: {told}");
    };
    check(&payment, "{", "", "it is no line of an export");
    check(&payment, "{", "{\"more\":1,", "unknown field `more`");
    check(
        &payment,
        "\"kind\":\"payment\"",
        "\"kind\":\"pay\"",
        "`pay`, which this program does not",
    );
    check(&payment, "\"schema_version\":1", "\"schema_version\":9", "has schema version 9");
    check(&payment, "\"amount_minor\":", "\"sum\":1,\"amount_minor\":", "`sum` is unknown");
    check(
        &payment,
        "\"amount_minor\":2550",
        "\"amount_minor\":\"2550\"",
        "`amount_minor` is unknown or",
    );
    check(
        &payment,
        "\"payment_id\":\"pay_",
        "\"payment_id\":\"",
        "`payment_id` is unknown or holds",
    );
    check(&saying, "\"type\":\"", "\"type\":\"NO_", "its `type`");
    check(&saying, "\"correlation\":\"", "\"correlation\":\"x", "its `correlation`");
    check(&entry, "\"hash\":\"", "\"hash\":\"0", "`hash` is unknown or holds");
    check(&entry, "\"hash\":\"", "\"hash\":\"zz", "`hash` is unknown or holds");
}
