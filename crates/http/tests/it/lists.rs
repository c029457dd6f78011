//! Lists: every page, in order, once; limits and cursors. Not in here: other query strings.

use std::collections::BTreeSet;

use kernel::record::Shard;
use kernel::{Id, PaymentId, Time, WalletId};
use proptest::prelude::*;

use crate::notes::Note;
use crate::service::Service;

/// Notes with times that many share, spread over all shards.
async fn filled(count: u128) -> Service {
    let service = Service::new();
    for number in 0..count {
        let note_id = PaymentId::from_uuid((number * 7919) % 1009);
        let note = Note {
            note_id,
            wallet_id: WalletId::from_uuid(number % 2),
            shard: Shard::of(note_id),
            created_at: Time::from_micros(i64::try_from(number / 5).unwrap()),
            done: u32::from(number % 10 == 0),
        };
        service.put(note).await;
    }
    service
}

/// Reads a list to its end, page by page.
async fn read(service: &Service, path: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let answer = service.get(&format!("{path}{separator}limit={limit}{cursor}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let items = answer.body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        found.extend(items.iter().map(|item| item.get("note_id").unwrap_or(item).to_string()));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
        assert_eq!(items.len(), limit, "a page before the last is full");
    }
}

#[tokio::test]
async fn pages_show_everything_once_and_in_order() {
    let service = filled(120).await;
    for limit in [1, 7, 60, 100] {
        let wallets =
            read(&service, &format!("/v1/of-wallet/{}", WalletId::from_uuid(1)), limit).await;
        let all = read(&service, "/v1/notes", limit).await;
        assert_eq!((wallets.len(), all.len()), (60, 120), "limit {limit}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 120);
        let at_once = read(&service, "/v1/notes", 100).await;
        assert_eq!(all, at_once, "limit {limit}");
        let mut newest = service.memory.records::<Note>();
        newest.retain(|note| note.wallet_id == WalletId::from_uuid(1));
        newest.sort_by_key(|note| std::cmp::Reverse((note.created_at, note.note_id)));
        let newest: Vec<_> = newest.iter().map(|note| format!("\"{}\"", note.note_id)).collect();
        assert_eq!(wallets, newest, "limit {limit}");
    }
    assert_eq!(read(&service, "/v1/numbers", 7).await.len(), 50);
    assert_eq!(read(&service, "/v1/names", 2).await, ["\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\""]);
}

#[tokio::test]
async fn a_page_with_a_filter_is_filled_as_far_as_can_be() {
    let service = filled(120).await;
    assert_eq!(read(&service, "/v1/notes?done=1", 5).await.len(), 12);
    let answer = service.get("/v1/notes?done=7").await;
    assert_eq!(answer.body, serde_json::json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_page_does_not_look_for_ever() {
    let service = filled(1009).await;
    let answer = service.get("/v1/notes?done=7").await;
    assert_eq!(answer.body["items"], serde_json::json!([]));
    let next = answer.body["next_cursor"].as_str().unwrap();
    let answer = service.get(&format!("/v1/notes?done=7&cursor={next}")).await;
    assert_eq!(answer.body["next_cursor"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_cursor_is_stable_while_things_are_added() {
    let service = filled(50).await;
    let path = format!("/v1/of-wallet/{}", WalletId::from_uuid(0));
    let first = service.get(&format!("{path}?limit=10")).await;
    let next = first.body["next_cursor"].as_str().unwrap();
    let before = service.get(&format!("{path}?limit=10&cursor={next}")).await;
    let newer = PaymentId::from_uuid(5000);
    service
        .put(Note {
            note_id: newer,
            wallet_id: WalletId::from_uuid(0),
            shard: Shard::of(newer),
            created_at: Time::from_micros(1_000_000),
            done: 0,
        })
        .await;
    let after = service.get(&format!("{path}?limit=10&cursor={next}")).await;
    assert_eq!(before.body, after.body);
}

#[tokio::test]
async fn limits_and_cursors_are_read_strictly() {
    let service = filled(50).await;
    let check = async |path: &str, expected: &str| {
        let answer = service.get(path).await;
        let found = match answer.status {
            200 => answer.body["items"].as_array().unwrap().len().to_string(),
            status => format!("{status} {}", answer.fields().join(" ")),
        };
        assert_eq!(found, expected, "{path}");
    };
    check("/v1/notes", "20").await;
    check("/v1/notes?limit=1", "1").await;
    check("/v1/notes?limit=100", "50").await;
    for limit in ["0", "101", "-1", "+5", "x", "", "1.5", "99999999999999999999", "٥"] {
        let limit = limit.replace('٥', "%D9%A5");
        check(&format!("/v1/notes?limit={limit}"), "400 limit").await;
    }
    check("/v1/notes?limit=1&limit=2", "400 limit").await;
    check("/v1/notes?colour=1", "400 colour").await;
    check("/v1/numbers?colour=1", "400 colour").await;
    check("/v1/notes?done=x", "400 done").await;

    let next =
        async |path: &str| service.get(path).await.body["next_cursor"].as_str().unwrap().to_owned();
    let notes = next("/v1/notes?limit=10").await;
    let done = next("/v1/notes?limit=10&done=0").await;
    let number = next("/v1/numbers?limit=10").await;
    check(&format!("/v1/notes?cursor={notes}"), "20").await;
    // The limit may change from page to page; the filter and the list may not.
    check(&format!("/v1/notes?cursor={notes}&done=0"), "400 cursor").await;
    check(&format!("/v1/notes?cursor={done}"), "400 cursor").await;
    check(&format!("/v1/notes?cursor={done}&done=1"), "400 cursor").await;
    check(&format!("/v1/notes?cursor={number}"), "400 cursor").await;
    check(&format!("/v1/numbers?cursor={notes}"), "400 cursor").await;
    check(&format!("/v1/of-wallet/{}?cursor={notes}", WalletId::from_uuid(0)), "400 cursor").await;
    for forged in ["", "x", "AAAA", &notes[1..], &format!("{notes}A"), &"A".repeat(5000)] {
        check(&format!("/v1/notes?cursor={forged}"), "400 cursor").await;
    }
}

proptest! {
    #[test]
    fn a_cursor_with_any_byte_changed_is_forged(place in 0_usize..80, letter in "[A-Za-z0-9_-]") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = filled(30).await;
            let answer = service.get("/v1/notes?limit=10").await;
            let cursor = answer.body["next_cursor"].as_str().unwrap();
            let place = place % cursor.len();
            let forged = format!("{}{letter}{}", &cursor[..place], &cursor[place + 1..]);
            let answer = service.get(&format!("/v1/notes?cursor={forged}")).await;
            assert_eq!(answer.status == 200, forged == cursor, "{forged}");
        });
    }
}
