//! Requests that are well-formed and that a rule says no to: at once where the service itself knows,
//! by the saga's end where the wallet service does. Nothing moves.

use serde_json::{Value, json};

use super::Scene;
use crate::samples::{new_wallet, ok, payment};
use crate::site::{Actor, Answer, Site};

const NOBODYS: &str = "wal_00000000-0000-7000-8000-00000000ffff";

/// The sample's body with other values.
fn with(scene: &Scene, more: &Value) -> Value {
    let mut body = scene.sample.body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[track_caller]
fn check<'s>(scene: &'s Scene, more: &Value, expected: &'s str) -> impl Future<Output = ()> + 's {
    scene.refuses(scene.saying(&with(scene, more)), expected)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn movements_of_a_wallet() {
    for operation in [
        &wallet::manifest::CREDIT_WALLET,
        &wallet::manifest::DEBIT_WALLET,
        &wallet::manifest::TRANSFER,
    ] {
        let scene = Scene::of(operation).await;
        check(&scene, &json!({ "currency": "EUR" }), "422 currency-mismatch").await;
        check(&scene, &json!({ "currency": "JPY", "amount": "1" }), "422 currency-mismatch").await;
        // It is read in the currency that it names.
        let fine = json!({ "currency": "JPY", "amount": "1.00" });
        check(&scene, &fine, "400 malformed amount").await;
        let most = json!({ "amount": "90071992547409.91" });
        let expected = if operation.name == "credit_wallet" {
            "422 balance-limit"
        } else {
            "422 insufficient-funds"
        };
        check(&scene, &most, expected).await;
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_has_two_wallets() {
    let scene = Scene::of(&wallet::manifest::TRANSFER).await;
    let itself = &scene.sample.ids[0].1;
    check(&scene, &json!({ "to_wallet_id": itself }), "422 same-wallet").await;
    check(&scene, &json!({ "to_wallet_id": NOBODYS }), "422 wallet-not-found").await;
    let krona = ok(&scene.site, Actor::Other, "POST /wallet", json!({ "currency": "SEK" })).await;
    let scene = Scene { state: scene.site.state().await, ..scene };
    let to_krona = json!({ "to_wallet_id": krona["wallet_id"] });
    check(&scene, &to_krona, "422 currency-mismatch").await;
    scene.works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yen_has_no_decimals() {
    let site = Site::new();
    let yen = ok(&site, Actor::Owner, "POST /wallet", json!({ "currency": "JPY" })).await;
    assert_eq!(yen["balance"], "0");
    let wallet_id = yen["wallet_id"].as_str().unwrap();
    let path = format!("POST /wallet/{wallet_id}/credit");
    let state = site.state().await;
    for amount in [json!("100.00"), json!("100.0"), json!("0.5"), json!("100."), json!(1.5)] {
        let answer = site.ask(Actor::Owner, &path, &json!({ "amount": amount })).await;
        assert_eq!(answer.line(), "400 malformed amount", "{amount}");
    }
    assert!(site.state().await == state);
    let credited = ok(&site, Actor::Owner, &path, json!({ "amount": 100 })).await;
    assert_eq!(credited["wallet"]["balance"], "100");
}

/// Capture and refund are of what was held or taken, at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_taken_or_given_back_than_there_is() {
    let scene = Scene::of(&payment::manifest::CAPTURE_PAYMENT).await;
    for amount in ["10.01", "90071992547409.91"] {
        check(&scene, &json!({ "amount": amount }), "422 capture-exceeds-hold").await;
    }
    scene.works().await;
    let scene = Scene::of(&payment::manifest::REFUND_PAYMENT).await;
    for amount in ["10.01", "90071992547409.91"] {
        check(&scene, &json!({ "amount": amount }), "422 refund-exceeds-capture").await;
    }
    scene.works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_another_state_stays_in_it() {
    let scene = Scene::of(&wallet::manifest::CLOSE_WALLET).await;
    let full = crate::samples::wallet(&scene.site, "1.00").await;
    let taken =
        payment(&scene.site, &crate::samples::wallet(&scene.site, "10.00").await, "automatic")
            .await;
    let held =
        payment(&scene.site, &crate::samples::wallet(&scene.site, "10.00").await, "manual").await;
    let scene = Scene { state: scene.site.state().await, actor: Actor::Operator, ..scene };
    let check = async |path: String, expected: &'static str| {
        let asked = crate::site::Asked::of(Actor::Operator, &path, &json!({}));
        scene.refuses(asked, expected).await;
    };
    check(format!("POST /wallet/{full}/close"), "422 wallet-not-empty").await;
    check(format!("POST /wallet/{full}/unfreeze"), "409 wrong-state").await;
    check(format!("POST /payment/{taken}/capture"), "409 wrong-state").await;
    check(format!("POST /payment/{taken}/void"), "409 wrong-state").await;
    check(format!("POST /payment/{held}/refund"), "409 wrong-state").await;
    scene.works().await;
}

/// What only the wallet service knows is said by the saga's end, and nothing has moved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_cannot_be_ends_with_the_reason() {
    let scene = Scene::of(&payment::manifest::REQUEST_PAYMENT).await;
    let others = new_wallet(&scene.site, Actor::Other).await;
    let wallet_id = scene.sample.body["wallet_id"].as_str().unwrap().to_owned();
    let cases = [
        (json!({ "wallet_id": NOBODYS }), "wallet-not-found"),
        (json!({ "wallet_id": others }), "wallet-not-found"),
        (json!({ "currency": "EUR" }), "currency-mismatch"),
        (json!({ "currency": "JPY", "amount": 1 }), "currency-mismatch"),
        (json!({ "amount": "100.01" }), "insufficient-funds"),
        (json!({ "amount": "90071992547409.91", "capture": "manual" }), "insufficient-funds"),
    ];
    for (more, reason) in cases {
        let answer = scene.site.send(&scene.saying(&with(&scene, &more))).await.expect(200);
        assert_eq!(
            (answer.line().as_str(), &*answer.at("/reason")),
            ("200 FAILED", reason),
            "{more}"
        );
        let wallet = format!("GET /wallet/{wallet_id}");
        let wallet: Answer = scene.site.ask(Actor::Owner, &wallet, &Value::Null).await.expect(200);
        assert_eq!((&*wallet.at("/balance"), &*wallet.at("/held")), ("100.00", "0.00"), "{more}");
    }
    scene.works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loan_that_cannot_be_paid_out_ends_with_the_reason() {
    let scene = Scene::of(&loan::manifest::APPLY_FOR_LOAN).await;
    let others = new_wallet(&scene.site, Actor::Other).await;
    let cases = [
        (json!({ "wallet_id": NOBODYS }), "wallet-not-found"),
        (json!({ "wallet_id": others }), "wallet-not-found"),
        (json!({ "currency": "EUR" }), "currency-mismatch"),
    ];
    for (more, reason) in cases {
        let applied = scene.site.send(&scene.saying(&with(&scene, &more))).await.expect(201);
        let path = format!("POST /loan/{}/approve", applied.at("/loan_id"));
        let approved = scene.site.ask(Actor::Operator, &path, &Value::Null).await.expect(200);
        let found = (approved.line(), approved.at("/reason"));
        assert_eq!(found, ("200 FUNDING_FAILED".to_owned(), reason.to_owned()), "{more}");
    }
    // With its interest it would be more than a balance can be.
    let scene = Scene { state: scene.site.state().await, ..scene };
    let most = json!({ "amount": "90071992547409.91" });
    check(&scene, &most, "400 malformed amount").await;
    scene.works().await;
}
