//! `GET /payment/by-wallet/{wallet_id}` and `GET /payment`, over a store that keeps every index and
//! over one that keeps only those of every home.

use kernel::PaymentId;
use kernel::event::Capture;
use kernel::text::{MerchantId, Reference};

use super::super::world::{World, authorized, customer, failed, successful};
use super::site::{Site, WALLET};

/// Eight payments: to two merchants, with two references, in four states.
fn fill(world: &World) -> Vec<PaymentId> {
    let mut ids = Vec::new();
    for number in 0..8_usize {
        let capture = if number % 4 < 2 { Capture::Automatic } else { Capture::Manual };
        let mut order = world.order(capture);
        let merchant = if number < 4 { "books" } else { "bread" };
        order.merchant_id = MerchantId::new(merchant).unwrap();
        order.reference =
            (number % 2 == 0).then(|| Reference::new(&format!("r-{merchant}")).unwrap());
        let id = world.decide(&order).unwrap().payment_id;
        match number % 4 {
            0 => {
                world.hear(successful(world, id));
            }
            1 => {
                world.hear(failed(world, id));
            }
            2 => {
                world.hear(authorized(world, id));
            }
            _ => {}
        }
        ids.push(id);
    }
    ids
}

fn frugal() -> (Site, Vec<PaymentId>) {
    let (site, ids) = generous();
    site.world.store.pay_for_indexes();
    (site, ids)
}

fn generous() -> (Site, Vec<PaymentId>) {
    let site = Site::new();
    let ids = fill(&site.world);
    (site, ids)
}

/// Which payments the whole list shows, page after page of `limit`, by their number.
async fn numbers((site, ids): &(Site, Vec<PaymentId>), path: &str, limit: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..=ids.len() {
        let join = if path.contains('?') { '&' } else { '?' };
        let answer = site.ask("olga", &format!("GET {path}{join}limit={limit}{cursor}"), "").await;
        assert_eq!(answer.line(), "200", "{path}: {}", answer.json);
        let items = answer.json["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        for item in items {
            let id: PaymentId = item["transaction_id"].as_str().unwrap().parse().unwrap();
            found.push(ids.iter().position(|known| *known == id).unwrap());
        }
        match answer.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("the list {path} does not end: {found:?}")
}

async fn check(site: &(Site, Vec<PaymentId>), query: &str, expected: &[usize]) {
    for limit in [1, 2, 3, 100] {
        let found = numbers(site, &format!("/payment{query}"), limit).await;
        assert_eq!(found, expected, "{query}, limit {limit}");
    }
}

#[tokio::test]
async fn operators_find_payments_by_what_they_know() {
    let site = generous();
    check(&site, "", &[7, 6, 5, 4, 3, 2, 1, 0]).await;
    check(&site, "?status=PENDING", &[7, 3]).await;
    check(&site, "?status=AUTHORIZED", &[6, 2]).await;
    check(&site, "?status=SUCCESSFUL", &[4, 0]).await;
    check(&site, "?status=FAILED", &[5, 1]).await;
    check(&site, "?status=VOIDED", &[]).await;
    check(&site, "?merchant_id=books", &[3, 2, 1, 0]).await;
    check(&site, "?merchant_id=nobody", &[]).await;
    check(&site, "?merchant_id=books&status=FAILED", &[1]).await;
    check(&site, "?reference=r-bread", &[6, 4]).await;
    check(&site, "?reference=r-bread&status=AUTHORIZED", &[6]).await;
    check(&site, "?reference=r-bread&merchant_id=books", &[]).await;
    check(&site, "?reference=r-bread&merchant_id=bread&status=SUCCESSFUL", &[4]).await;
}

#[tokio::test]
async fn where_indexes_are_paid_for_what_is_open_is_found() {
    let site = frugal();
    check(&site, "?status=PENDING", &[7, 3]).await;
    check(&site, "?status=AUTHORIZED", &[6, 2]).await;
    check(&site, "?status=AUTHORIZED&merchant_id=books", &[2]).await;
    check(&site, "?status=AUTHORIZED&reference=r-bread", &[6]).await;
    for query in ["", "?status=SUCCESSFUL", "?merchant_id=books", "?reference=r-bread"] {
        let answer = site.0.ask("olga", &format!("GET /payment{query}"), "").await;
        assert_eq!(answer.line(), "400 malformed status", "{query}");
    }
    let path = format!("/payment/by-wallet/{WALLET}");
    assert_eq!(numbers(&site, &path, 3).await, [7, 6, 5, 4, 3, 2, 1, 0]);
}

/// What waits for a capture is authorized, and not pending, in both homes.
#[tokio::test]
async fn a_capture_under_way_is_listed_as_authorized() {
    for site in [generous(), frugal()] {
        let held = site.1[2];
        assert!(site.0.world.capture(held, None, None).is_ok());
        check(&site, "?status=PENDING", &[7, 3]).await;
        check(&site, "?status=AUTHORIZED", &[6, 2]).await;
    }
}

#[tokio::test]
async fn a_list_by_wallet_is_newest_first_and_stable() {
    let site = generous();
    let path = format!("/payment/by-wallet/{WALLET}");
    for limit in [1, 3, 8, 100] {
        assert_eq!(numbers(&site, &path, limit).await, [7, 6, 5, 4, 3, 2, 1, 0]);
    }
    let first = site.0.ask("anna", &format!("GET {path}?limit=2"), "").await;
    let cursor = first.text("next_cursor");
    site.0.pending();
    let next = site.0.ask("anna", &format!("GET {path}?limit=2&cursor={cursor}"), "").await;
    let ids: Vec<_> = next.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["transaction_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [site.1[5].to_string(), site.1[4].to_string()]);
    let nobodys = "GET /payment/by-wallet/wal_00000000-0000-0000-0000-000000000006";
    let answer = site.0.ask("anna", nobodys, "").await;
    assert_eq!(answer.json, serde_json::json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_list_by_wallet_does_not_tell_that_a_stranger_has_payments() {
    let (site, _) = generous();
    let mut order = site.world.order(Capture::Automatic);
    order.caller = customer("boris");
    assert!(site.world.decide(&order).is_ok());
    let path = format!("GET /payment/by-wallet/{WALLET}?limit=1");
    let answer = site.ask("boris", &path, "").await;
    assert_eq!(answer.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(answer.json["next_cursor"], serde_json::Value::Null);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let (site, _) = generous();
    for (query, field) in [
        ("status=pending", "status"),
        ("status=", "status"),
        ("state=PENDING", "state"),
        ("status=PENDING&status=FAILED", "status"),
        ("merchant_id=", "merchant_id"),
        ("reference=%00", "reference"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=forged", "cursor"),
    ] {
        let answer = site.ask("olga", &format!("GET /payment?{query}"), "").await;
        assert_eq!(answer.line(), format!("400 malformed {field}"), "{query}");
    }
    // A cursor is good for the filter that gave it.
    let page = site.ask("olga", "GET /payment?limit=1", "").await;
    let cursor = page.text("next_cursor");
    let answer = site.ask("olga", &format!("GET /payment?status=FAILED&cursor={cursor}"), "").await;
    assert_eq!(answer.line(), "400 malformed cursor");
    let answer = site.ask("anna", "GET /payment/by-wallet/x", "").await;
    assert_eq!(answer.line(), "404 not-found");
    let answer =
        site.ask("anna", &format!("GET /payment/by-wallet/{WALLET}?status=FAILED"), "").await;
    assert_eq!(answer.line(), "400 malformed status");
}
