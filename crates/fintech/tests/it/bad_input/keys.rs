//! The same request twice: with a key it is done once and answered alike, another body is refused;
//! without one, of two at once that cannot both be done one is. Not in here: keys that are none.

use serde_json::{Value, json};

use super::{Scene, posts};
use crate::site::{Actor, Answer, Asked};

/// Another body that would work too, if there is any.
fn other(scene: &Scene) -> Option<Value> {
    let mut body = scene.sample.body.clone();
    let fields = body.as_object_mut().unwrap();
    if fields.contains_key("amount") {
        fields.insert("amount".to_owned(), json!("2.00"));
    } else if fields.contains_key("reason") {
        fields.insert("reason".to_owned(), json!("Another"));
    } else if fields.contains_key("currency") {
        fields.insert("currency".to_owned(), json!("EUR"));
    } else {
        assert!(fields.is_empty(), "{}: say here how its body differs", scene.name());
        return None;
    }
    Some(body)
}

fn keyed(asked: Asked) -> Asked {
    asked.with("idempotency-key", "one-of-its-kind")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stands_for_one_request() {
    let mut without_fields = Vec::new();
    for operation in posts() {
        let scene = Scene::of(operation).await;
        let first = scene.site.send(&keyed(scene.asked())).await;
        assert!(matches!(first.status, 200 | 201), "{}: {first:?}", operation.name);
        let scene = Scene { state: scene.site.state().await, ..scene };
        let again = scene.site.send(&keyed(scene.asked())).await;
        assert_eq!((again.status, &again.json), (first.status, &first.json), "{}", operation.name);
        // The fields in another order, and spaces between, are the same body.
        let mut fields: Vec<_> = scene.sample.body.as_object().unwrap().iter().collect();
        fields.reverse();
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!(" {name:?} : {value} ")).collect();
        let spaced = keyed(scene.asked().saying(format!("{{{}}}", fields.join(","))));
        let again = scene.site.send(&spaced).await;
        assert_eq!((again.status, &again.json), (first.status, &first.json), "{}", operation.name);
        match other(&scene) {
            Some(other) => {
                let reused = keyed(scene.saying(&other));
                scene.refuses(reused, "422 idempotency-key-reused").await;
            }
            None => without_fields.push(operation.name),
        }
        assert!(scene.site.state().await == scene.state, "{} was done twice", operation.name);
    }
    assert_eq!(without_fields, ["void_payment", "approve_loan", "redrive_dead_letter"]);
}

/// A key is one caller's, for one operation on one thing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_of_a_caller_and_an_operation() {
    let scene = Scene::of(&wallet::manifest::CREDIT_WALLET).await;
    let second = crate::samples::wallet(&scene.site, "5.00").await;
    let scene = Scene { state: scene.site.state().await, ..scene };
    let wallet_id = &scene.sample.ids[0].1;
    let body = json!({ "amount": "1.00" });
    let mut before = scene.state.len();
    // An operator in somebody else's wallet leaves a line on the audit list too.
    for (actor, path, lines) in [
        (Actor::Owner, format!("POST /wallet/{wallet_id}/credit"), 1),
        (Actor::Operator, format!("POST /wallet/{wallet_id}/credit"), 2),
        (Actor::Owner, format!("POST /wallet/{wallet_id}/debit"), 1),
        (Actor::Owner, format!("POST /wallet/{second}/credit"), 1),
    ] {
        scene.site.send(&keyed(Asked::of(actor, &path, &body))).await.expect(200);
        let after = scene.site.state().await.len();
        assert_eq!(after, before + lines, "{path} by {actor:?}");
        before = after;
    }
}

/// A refusal wrote nothing, so the same request is decided again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_is_decided_again() {
    let scene = Scene::of(&wallet::manifest::DEBIT_WALLET).await;
    let debit = keyed(scene.saying(&json!({ "amount": "100.01" })));
    scene.refuses(debit.clone(), "422 insufficient-funds").await;
    let credit = scene.sample.asked().replace("/debit", "/credit");
    scene.site.ask(scene.actor, &credit, &json!({ "amount": "0.01" })).await.expect(200);
    let done = scene.site.send(&debit).await.expect(200);
    assert_eq!(done.at("/wallet/balance"), "0.00");
    assert_eq!(scene.site.send(&debit).await.expect(200).json, done.json);
}

async fn at_once<const N: usize>(scene: &Scene, asked: [Asked; N]) -> Vec<Answer> {
    let sent = asked.iter().map(|asked| scene.site.send(asked));
    futures_util::future::join_all(sent).await
}

/// How many lines more are stored.
async fn added(scene: &Scene) -> usize {
    scene.site.state().await.len() - scene.state.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_at_once_with_one_key_one_is_done() {
    for operation in posts() {
        let once = Scene::of(operation).await;
        once.site.send(&keyed(once.asked())).await;
        let scene = Scene::of(operation).await;
        let answers = at_once(&scene, [(); 8].map(|()| keyed(scene.asked()))).await;
        for answer in &answers {
            let (first, this) = (&answers[0], answer);
            assert!(matches!(first.status, 200 | 201), "{}: {first:?}", operation.name);
            assert_eq!(
                (this.status, &this.json),
                (first.status, &first.json),
                "{}",
                operation.name
            );
        }
        assert_eq!(added(&scene).await, added(&once).await, "{}", operation.name);
    }
}

/// Two that are alike, without a key, where the second finds nothing left to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_at_once_without_a_key_as_many_are_done_as_can_be() {
    let all = json!({ "amount": "100.00" });
    let whole = json!({});
    let expected: &[(&str, Option<&Value>, [&str; 2])] = &[
        ("create_wallet", None, ["201 ACTIVE", "201 ACTIVE"]),
        ("credit_wallet", None, ["200", "200"]),
        ("debit_wallet", Some(&all), ["200", "422 insufficient-funds"]),
        ("transfer", None, ["200", "200"]),
        ("freeze_wallet", None, ["200 FROZEN", "409 wrong-state"]),
        ("unfreeze_wallet", None, ["200 ACTIVE", "409 wrong-state"]),
        ("close_wallet", None, ["200 CLOSED", "409 wrong-state"]),
        ("reverse_transaction", None, ["200", "409 already-reversed"]),
        ("request_payment", None, ["200 SUCCESSFUL", "200 SUCCESSFUL"]),
        ("capture_payment", None, ["200 SUCCESSFUL", "409 wrong-state"]),
        ("void_payment", None, ["200 VOIDED", "409 wrong-state"]),
        ("refund_payment", Some(&whole), ["200 SUCCESSFUL", "422 refund-exceeds-capture"]),
        ("apply_for_loan", None, ["201 PENDING", "201 PENDING"]),
        ("approve_loan", None, ["200 APPROVED", "409 wrong-state"]),
        ("reject_loan", None, ["200 REJECTED", "409 wrong-state"]),
        // It is a dead letter again before the second comes, or on its way.
        ("redrive_dead_letter", None, ["200", "200 or 404 not-found"]),
    ];
    for operation in posts() {
        let row = expected.iter().find(|(name, _, _)| *name == operation.name);
        let (_, body, lines) = row.unwrap_or_else(|| panic!("{} has no row", operation.name));
        let scene = Scene::of(operation).await;
        let asked = scene.saying(body.unwrap_or(&scene.sample.body));
        let answers = at_once(&scene, [asked.clone(), asked]).await;
        let mut found: Vec<_> = answers.iter().map(Answer::line).collect();
        found.sort_unstable();
        let mut both = found.iter().zip(lines);
        let are_such = both.all(|(found, line)| line.split(" or ").any(|line| line == found));
        assert!(are_such, "{}: {found:?}, not {lines:?}", operation.name);
    }
}
