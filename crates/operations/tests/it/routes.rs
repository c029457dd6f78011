//! The routes: who may call them, and what each shows.

use std::sync::Arc;

use kernel::audit::AuditLine;
use kernel::event::Capture;
use kernel::saga::{STUCK_AFTER, SayAgain};
use payment::records::Payment;

use crate::client::Client;
use crate::letters::Letters;
use crate::world::World;

fn client(world: &World) -> Client {
    Client::new(&world.store, world.store.clone())
}

#[tokio::test]
async fn only_operators_may_look() {
    let client = client(&World::new());
    for operation in operations::MANIFEST.operations {
        let line = format!("{} {}", operation.method.text(), operation.path);
        let expected = match operation.name {
            "get_me" => [401, 200, 200, 200],
            // There is no such letter.
            "redrive_dead_letter" => [401, 403, 403, 404],
            _ => [401, 403, 403, 200],
        };
        for (who, expected) in ["", "alice", "shop", "olga"].into_iter().zip(expected) {
            let answer = client.send(who, &line, None).await;
            assert_eq!(answer.status, expected, "{who} {line} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_caller_learns_who_he_is() {
    let client = client(&World::new());
    for (who, role, scopes) in [
        ("alice", "customer", vec![]),
        ("olga", "operator", vec![]),
        ("shop", "service", vec!["payments"]),
    ] {
        let me = client.send(who, "GET /me", None).await.body;
        assert_eq!(me, serde_json::json!({ "sub": who, "role": role, "scopes": scopes }));
    }
}

#[tokio::test]
async fn the_trial_balance_sums_to_zero() {
    let world = World::new();
    let balance = client(&world).get("/ledger/trial-balance").await.body;
    assert_eq!(
        balance["accounts"],
        serde_json::json!([
            { "class": "loan", "currency": "USD", "balance": "-200.00" },
            { "class": "merchant", "currency": "USD", "balance": "35.50" },
            { "class": "wallet", "currency": "KWD", "balance": "5.001" },
            { "class": "wallet", "currency": "USD", "balance": "1664.50" },
            { "class": "world", "currency": "KWD", "balance": "-5.001" },
            { "class": "world", "currency": "USD", "balance": "-1500.00" },
        ])
    );
    assert_eq!(
        balance["currencies"],
        serde_json::json!([
            { "currency": "KWD", "sum": "0.000" },
            { "currency": "USD", "sum": "0.00" },
        ])
    );
    assert!(balance["as_of"].as_str().unwrap().starts_with("2026-01-09T"), "{balance}");
}

#[tokio::test]
async fn sagas_are_open_and_after_a_while_stuck() {
    let mut world = World::new();
    let client = client(&world);
    assert!(client.all("/sagas", "id").await.is_empty());
    let old: Vec<_> = [world.pay(100, Capture::Automatic), world.pay(100, Capture::Manual)]
        .map(|payment_id| payment_id.to_string())
        .into();
    world.store.pass(STUCK_AFTER);
    let mut young = vec![world.refund(world.captured, 100).to_string()];
    young.push(world.approved_loan(world.alice).to_string());
    young.push(world.pay(300, Capture::Automatic).to_string());

    let all = [old.clone(), young.clone()].concat();
    assert_eq!(client.all("/sagas", "id").await, all);
    assert_eq!(client.all("/sagas?state=open", "id").await, all);
    assert_eq!(client.all("/sagas?state=stuck", "id").await, old);
    let shown = client.get("/sagas").await;
    assert_eq!(shown.each("state"), ["stuck", "stuck", "open", "open", "open"]);
    assert_eq!(shown.each("saga"), ["payment", "payment", "refund", "loan", "payment"]);
    assert_eq!(shown.each("service"), ["payment", "payment", "payment", "loan", "payment"]);

    // One that has spoken again comes after those that will speak sooner.
    let first: kernel::PaymentId = old[0].parse().unwrap();
    assert!(world.decide(&SayAgain::<Payment>::of(first)));
    assert_eq!(client.all("/sagas", "id").await.last(), Some(&old[0]));
    assert_eq!(client.all("/sagas?state=stuck", "id").await, [&*old[1], &*old[0]]);
    world.settle();
    assert!(client.all("/sagas", "id").await.is_empty());
    for query in ["?state=lost", "?cursor=forged", "?stat=open"] {
        assert_eq!(client.get(&format!("/sagas{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn events_are_listed_oldest_first_by_what_they_say() {
    let world = World::new();
    let client = client(&world);
    let said: Vec<_> = world.store.said().iter().map(|event| event.id.to_string()).collect();
    assert_eq!(client.all("/events", "id").await, said);
    let loan = client.all(&format!("/events?subject={}", world.loan), "type").await;
    assert_eq!(loan, ["LOAN_APPROVED", "LOAN_FUNDED"]);
    let topic = client.all("/events?topic=loan_events&type=LOAN_FUNDING_FAILED", "subject").await;
    assert_eq!(topic, [world.unfunded.to_string()]);
    assert!(client.all("/events?topic=payment_events&type=LOAN_FUNDED", "id").await.is_empty());
    let first = &client.get("/events?limit=1").await.body["items"][0];
    assert_eq!((&first["specversion"], &first["source"]), (&"1.0".into(), &"payment".into()));
    for (query, field) in [
        ("topic=savings_events", "topic"),
        ("type=PAYMENT_LOST", "type"),
        ("subject=pay_1", "subject"),
        ("subject=", "subject"),
        ("source=loan", "source"),
        ("cursor=x", "cursor"),
    ] {
        let answer = client.get(&format!("/events?{query}")).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (400, &field.into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_audit_list_shows_every_act_newest_first() {
    let world = World::new();
    let mut acts = world.store.records::<AuditLine>();
    acts.sort_by_key(|act| std::cmp::Reverse(act.at));
    let expected: Vec<_> = acts.iter().map(|act| act.operation.to_string()).collect();
    let client = client(&world);
    assert_eq!(client.all("/audit", "operation").await, expected);
    for operation in ["approve_loan", "freeze_wallet", "reverse_transaction"] {
        assert!(expected.iter().any(|act| act == operation), "{operation} in {expected:?}");
    }
    let newest = &client.get("/audit").await.body["items"][0];
    let line = ["operation", "service", "sub", "role", "subject"]
        .map(|field| newest[field].as_str().unwrap_or_default().to_owned());
    let rejected = world.rejected.to_string();
    assert_eq!(line, ["reject_loan", "loan", "olga", "operator", &rejected]);
}

#[tokio::test]
async fn a_dead_letter_is_redriven_once_for_each_key() {
    let world = World::new();
    let letters = Arc::new(Letters::new(world.store.clone(), &["1-0", "2-0", "3-1"]));
    let client = Client::new(&world.store, letters.clone());
    assert_eq!(client.all("/dead-letters", "dead_letter_id").await, ["1-0", "2-0", "3-1"]);
    let shown = &client.get("/dead-letters?limit=1").await.body["items"][0];
    assert_eq!(shown["subscription"], "process_payment_request");
    assert_eq!((&shown["attempts"], &shown["reason"]), (&9.into(), &"it broke".into()));
    assert_eq!(shown["event"]["type"], "PAYMENT_REQUESTED");

    let redrive = async |id: &str, key| {
        let line = format!("POST /dead-letters/{id}/redrive");
        let answer = client.send("olga", &line, key).await;
        (answer.status, answer.body["state"].as_str().unwrap_or_default().to_owned())
    };
    let waits = (200, "WAITING".to_owned());
    assert_eq!(redrive("1-0", Some("a")).await, waits);
    assert_eq!(client.all("/dead-letters", "dead_letter_id").await, ["2-0", "3-1"]);
    assert_eq!(redrive("1-0", Some("a")).await, waits, "the same request again");
    assert_eq!(redrive("1-0", Some("b")).await.0, 404, "another request");
    assert_eq!(redrive("2-0", None).await, waits);
    assert_eq!(redrive("2-0", None).await.0, 404);
    for id in ["x", "9-9", "%20", "a%00b", &"1".repeat(200)] {
        assert_eq!(redrive(id, None).await.0, 404, "{id}");
    }
    // It died again: the first request does not redrive it a second time, a new one does.
    letters.dies("1-0");
    assert_eq!(redrive("1-0", Some("a")).await, waits);
    assert_eq!(client.all("/dead-letters", "dead_letter_id").await, ["3-1", "1-0"]);
    assert_eq!(redrive("1-0", Some("b")).await, waits);
    let audit = client.get("/audit?limit=3").await;
    assert_eq!(audit.each("operation"), ["redrive_dead_letter"; 3]);
    assert_eq!(audit.each("subject"), ["1-0", "2-0", "1-0"]);
    assert_eq!(audit.each("service"), ["operations"; 3]);
}

#[tokio::test]
async fn every_operation_has_its_route() {
    let routes = operations::routes();
    let mounted: Vec<_> = routes.operations().iter().map(|operation| operation.name).collect();
    let declared = operations::MANIFEST.operations.iter().map(|operation| operation.name);
    assert_eq!(mounted, declared.collect::<Vec<_>>());
    let (_, document) = routes.into_parts();
    assert!(document.paths.paths.contains_key("/v1/ledger/trial-balance"));
}

#[test]
fn everything_that_can_wait_is_looked_at() {
    let sagas = operations::SERVICES.iter().flat_map(|service| service.sagas);
    let names: Vec<_> = sagas.map(|saga| saga.name).collect();
    assert_eq!(names, ["payment", "refund", "loan"]);
}
