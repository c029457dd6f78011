//! Who may do what, over every route: somebody else, who asked, whose wallet it is, an operator, a
//! service with the scope, one without, nobody.

use kernel::event::Capture;

use super::super::world::{World, customer, failed, successful};
use super::site::{Site, WALLET, order};

/// A payment that Eve asked for, on Anna's wallet.
fn on_annas_wallet(world: &World) -> String {
    let mut asked = world.order(Capture::Automatic);
    asked.caller = customer("eve");
    let id = world.decide(&asked).unwrap().payment_id;
    world.hear(successful(world, id));
    assert!(world.refund(id, Some(100), None).is_ok());
    id.to_string()
}

async fn check(asked: &str, body: &str, expected: [(&str, &str); 7]) {
    for (caller, line) in expected {
        let site = Site::new();
        let id = on_annas_wallet(&site.world);
        let refund_id = site.world.last_refund().refund_id.to_string();
        let path = asked.replace("{id}", &id).replace("{ref}", &refund_id);
        let said = site.world.said().len();
        let answer = site.ask(caller, &path, body).await;
        assert_eq!(answer.line(), line, "{caller:?}: {asked}");
        let has_said = site.world.said().len() > said;
        assert_eq!(has_said, answer.line() == "202", "{caller:?}: {asked}");
    }
}

#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    let seen = [
        ("eve", "200"),
        ("anna", "200"),
        ("bob", "404 not-found"),
        ("olga", "200"),
        ("shop", "200"),
        ("printer", "404 not-found"),
        ("", "401 unauthorized"),
    ];
    check("GET /payment/{id}", "", seen).await;
    check("GET /payment/{id}/refunds", "", seen).await;
    check("GET /payment/{id}/refunds/{ref}", "", seen).await;
    check("GET /payment/{id}/timeline", "", seen).await;
}

#[tokio::test]
async fn capture_void_and_refund_are_for_operators_and_services() {
    let held_by = |allowed: &'static str| {
        [
            ("eve", "403 forbidden"),
            ("anna", "403 forbidden"),
            ("bob", "403 forbidden"),
            ("olga", allowed),
            ("shop", allowed),
            ("printer", "403 forbidden"),
            ("", "401 unauthorized"),
        ]
    };
    check("POST /payment/{id}/refund", "", held_by("202")).await;
    check("POST /payment/{id}/capture", "", held_by("409 wrong-state")).await;
    check("POST /payment/{id}/void", "", held_by("409 wrong-state")).await;
}

#[tokio::test]
async fn only_operators_see_the_payments_of_all() {
    let expected = [
        ("eve", "403 forbidden"),
        ("anna", "403 forbidden"),
        ("bob", "403 forbidden"),
        ("olga", "200"),
        ("shop", "403 forbidden"),
        ("printer", "403 forbidden"),
        ("", "401 unauthorized"),
    ];
    check("GET /payment", "", expected).await;
}

#[tokio::test]
async fn anybody_with_a_name_may_ask_for_a_payment() {
    // Whether the wallet is his to spend, the wallet service decides.
    let expected = [
        ("eve", "202"),
        ("anna", "202"),
        ("bob", "202"),
        ("olga", "202"),
        ("shop", "202"),
        ("printer", "202"),
        ("", "401 unauthorized"),
    ];
    check("POST /payment", &order(""), expected).await;
}

#[tokio::test]
async fn a_list_by_wallet_shows_what_is_the_callers() {
    for (caller, expected) in
        [("eve", 1), ("anna", 2), ("bob", 1), ("olga", 3), ("shop", 3), ("printer", 0)]
    {
        let site = Site::new();
        // Eve's on Anna's wallet; Anna's own; Bob's, which the wallet refused.
        on_annas_wallet(&site.world);
        site.world.payment_that_is("successful");
        let mut bobs = site.world.order(Capture::Automatic);
        bobs.caller = customer("bob");
        let bobs = site.world.decide(&bobs).unwrap().payment_id;
        site.world.hear(failed(&site.world, bobs));
        let answer = site.ask(caller, &format!("GET /payment/by-wallet/{WALLET}"), "").await;
        assert_eq!(answer.line(), "200");
        let items = answer.json["items"].as_array().unwrap();
        assert_eq!(items.len(), expected, "{caller}: {}", answer.json);
    }
}
