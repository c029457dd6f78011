//! Query strings: parameters that there are not or that are there twice, values that are none of
//! theirs, limits, and cursors that no list gave.

use serde_json::Value;

use super::{Scene, actor_of};
use crate::contract::{operations, place_of};
use crate::samples::sample;
use crate::site::{Asked, Site};

/// The parameters of an operation's query string.
fn parameters(scene: &Scene) -> Vec<String> {
    let described = scene.site.contract.document.pointer(&place_of(scene.sample.operation));
    let parameters = described.unwrap()["parameters"].as_array().cloned().unwrap_or_default();
    let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

/// What is wrong for a parameter, as it stands in a query string.
fn wrong_for(operation: &str, name: &str) -> &'static [&'static str] {
    match name {
        // What was done is done to whatever has an id, a dead letter too.
        "subject" if operation == "list_audit" => {
            &["", "%20", "a%00b", "a%0Ab", "%E2%80%AE", "%ff"]
        }
        "service" => &["", "savings", "WALLET", "wallet,loan"],
        "sub" => &["", "a%20b", "a%00b", "ä", "%ff"],
        "limit" => &[
            "",
            "0",
            "101",
            "-1",
            "-0",
            "%2B5",
            "+5",
            "1.0",
            "1e1",
            "abc",
            "0x10",
            "1_0",
            "5%00",
            "1000000000000000000000000000000",
            "%D9%A5",
        ],
        "cursor" => &["", "x", "AAAA", "%00", "../..", "AQAAAAAAAAAA", "+", "ä", "%F0%9F%92%A9"],
        "at" | "from" | "to" => &[
            "",
            "yesterday",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "1767225600",
            "2026-01-01T00:00:00%2B99:00",
            "-1",
            "2026-01-01T25:00:00Z",
        ],
        "status" => &["", "pending", "PENDINGS", "NONE", "PENDING,FAILED", "1"],
        "state" => &["", "OPEN", "closed", "open,stuck"],
        "type" => &["", "credit", "NOTHING", "PAYMENT_", "1"],
        "topic" => &["", "payment", "PAYMENT_EVENTS", "savings_event"],
        "subject" => &["", "pay_1", "x", "pay_01979e6c4a3b7c548d1e2f3a4b5c6d7e"],
        "merchant_id" | "reference" | "operation" => &[
            "",
            "%20",
            "a%00b",
            "a%0Ab",
            "%E2%80%AE",
            "%ff",
            "%C3%28",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
        _ => panic!("say here what is wrong for `{name}`"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_are_known_and_there_once() {
    for operation in operations() {
        let scene = Scene::of(operation).await;
        let known = parameters(&scene);
        for name in ["surprise", "Limit", "wallet_id", "amount", "a.b", "limit[]"] {
            for value in ["1", ""] {
                let asked = scene.asked().query(&format!("{name}={value}"));
                scene.refuses(asked, &format!("400 malformed {name}")).await;
            }
        }
        scene.refuses(scene.asked().query("surprise"), "400 malformed surprise").await;
        scene.refuses(scene.asked().query("=1"), "400 malformed query").await;
        scene.refuses(scene.asked().query("%ff=1"), "400 malformed query").await;
        for name in known {
            if !scene.asked().path.contains(&format!("{name}=")) {
                let asked = scene.asked().query(&format!("{name}=1&{name}=1"));
                scene.refuses(asked, &format!("400 malformed {name}")).await;
            }
        }
        // Nothing after the sign is nothing asked.
        if !scene.asked().path.contains('?') {
            let mut asked = scene.asked();
            asked.path.push('?');
            let answer = scene.site.send(&asked).await;
            assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", operation.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_parameter_says_what_is_wrong_with_it() {
    let mut count = 0;
    for operation in operations() {
        let scene = Scene::of(operation).await;
        for name in parameters(&scene) {
            for value in wrong_for(operation.name, &name) {
                let mut asked = scene.asked();
                if asked.path.contains(&format!("?{name}=")) {
                    asked.path.truncate(asked.path.find('?').unwrap());
                }
                let expected = format!("400 malformed {name}");
                scene.refuses(asked.query(&format!("{name}={value}")), &expected).await;
                count += 1;
            }
        }
        scene.works().await;
    }
    assert!(count > 100, "{count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_period_ends_after_it_begins() {
    for operation in [&wallet::manifest::LIST_TRANSACTIONS, &wallet::manifest::GET_STATEMENT] {
        let scene = Scene::of(operation).await;
        let asked = scene.asked().query("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z");
        scene.refuses(asked, "400 malformed to").await;
    }
}

/// The lists, each with two items at least.
async fn lists(site: &Site) -> Vec<Asked> {
    let mut lists = Vec::new();
    for operation in operations() {
        sample(site, operation).await;
        let second = sample(site, operation).await;
        let asked = Asked::of(actor_of(operation), &second.asked(), &second.body);
        let described = site.contract.document.pointer(&place_of(operation)).unwrap();
        if described.to_string().contains("\"name\":\"cursor\"") {
            lists.push(asked);
        }
    }
    assert!(lists.len() > 8, "{lists:?}");
    lists
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_good_for_the_list_that_gave_it_and_as_it_was_given() {
    let site = Site::new();
    let lists = lists(&site).await;
    let mut given = Vec::new();
    for list in &lists {
        let page = site.send(&list.clone().query("limit=1")).await.expect(200);
        if let Some(cursor) = page.json["next_cursor"].as_str() {
            let next = list.clone().query(&format!("cursor={cursor}"));
            site.send(&next).await.expect(200);
            given.push((list, cursor.to_owned()));
        }
    }
    assert!(given.len() > 4, "{given:?}");
    let state = site.state().await;
    let refused = async |list: &Asked, cursor: &str| {
        let asked = list.clone().query(&format!("cursor={cursor}"));
        let answer = site.send(&asked).await;
        assert_eq!(answer.line(), "400 malformed cursor", "{}: {answer:?}", asked.path);
        super::expect_problem(&asked, &answer);
    };
    for (list, cursor) in &given {
        for (other, of_other) in &given {
            if list.path != other.path {
                refused(list, of_other).await;
            }
        }
        for place in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            refused(list, &String::from_utf8(forged).unwrap()).await;
        }
        refused(list, &cursor[1..]).await;
        refused(list, &cursor[..cursor.len() - 1]).await;
        refused(list, &format!("{cursor}A")).await;
        refused(list, &format!("{cursor}%3D")).await;
        refused(list, &cursor.repeat(50)).await;
    }
    assert!(site.state().await == state, "a list did something");
}

/// A cursor belongs to its filter too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_not_good_for_another_filter() {
    let scene = Scene::of(&payment::manifest::LIST_PAYMENTS).await;
    sample(&scene.site, &payment::manifest::LIST_PAYMENTS).await;
    let scene = Scene { state: scene.site.state().await, ..scene };
    let page = scene.asked().query("limit=1&merchant_id=bookshop");
    let page = scene.site.send(&page).await.expect(200);
    let cursor = page.at("/next_cursor");
    let next = scene.asked().query(&format!("merchant_id=bookshop&cursor={cursor}"));
    assert_eq!(scene.site.send(&next).await.line(), "200 some");
    let other = scene.asked().query(&format!("merchant_id=hotel&cursor={cursor}"));
    scene.refuses(other, "400 malformed cursor").await;
    let none = Asked::of(scene.actor, &scene.sample.asked(), &Value::Null);
    scene.refuses(none.query(&format!("cursor={cursor}")), "400 malformed cursor").await;
}
