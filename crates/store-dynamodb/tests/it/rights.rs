//! Every action and every index can be tried, and trying writes nothing. What a role is refused only AWS,
//! or an emulator of its roles, can say.

use aws_sdk_dynamodb::types::AttributeValue;
use store_dynamodb::emulator::{NOT_BUILT, create, size, skipped};
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Options};

use crate::scene::{SERVICES, emulator};

const ACTIONS: [&str; 6] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
];

#[tokio::test]
async fn what_is_tried_changes_nothing() {
    let Some(emulator) = emulator() else {
        return skipped(NOT_BUILT);
    };
    let (client, all) = (emulator.client(), tables(&SERVICES));
    let prefix = format!("rights{}", std::process::id());
    create(&client, &prefix, &all).await.unwrap();
    let store = DynamoStore::new(Options::new(client.clone(), &prefix, all.clone()));
    for table in &all {
        for action in ACTIONS {
            assert_eq!(store.try_action(table.service, action, None).await, Ok(()), "{action}");
        }
        let global = table.indexes.iter().map(|index| index.name.as_str());
        for index in global.chain(table.local_indexes.iter().map(|index| index.name)) {
            assert_eq!(store.try_index(table.service, index).await, Ok(()), "{index}");
        }
        let scanned = client.scan().table_name(table.name(&prefix)).send().await.unwrap();
        assert_eq!(scanned.items().iter().map(size).sum::<usize>(), 0, "{}", table.service);
    }
    let unknown = store.try_action("wallet", "dynamodb:DeleteTable", None).await.unwrap_err();
    assert!(unknown.contains("knows no action dynamodb:DeleteTable"), "{unknown}");

    // A record of the key stays as it is. The emulator denies nobody anything.
    let name = all[0].name(&prefix);
    let record = client.put_item().table_name(&name).item("id", AttributeValue::S("one".into()));
    let record = record.item("sequence", AttributeValue::N("0".into()));
    record.item("is", AttributeValue::S("there".into())).send().await.unwrap();
    for action in ACTIONS {
        assert_eq!(store.try_action(all[0].service, action, Some("one")).await, Ok(()), "{action}");
    }
    let denied = store.try_denied(all[0].service, "dynamodb:PutItem", "one").await;
    assert_eq!(denied.unwrap_err(), "it is allowed, and must not be");
    let scanned = client.scan().table_name(&name).send().await.unwrap();
    assert!(scanned.items()[0].contains_key("is"), "{:?}", scanned.items());

    client.delete_table().table_name(&name).send().await.unwrap();
    for action in ACTIONS {
        let why = store.try_action(all[0].service, action, None).await.unwrap_err();
        assert!(why.contains("ResourceNotFoundException"), "{action}: {why}");
    }
    let index = &all[0].indexes[0].name;
    let why = store.try_index(all[0].service, index).await.unwrap_err();
    assert!(why.contains("ResourceNotFoundException"), "{why}");
}
