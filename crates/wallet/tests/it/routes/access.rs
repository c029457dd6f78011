//! Every route against every kind of caller: nobody, the owner, another customer, a service and an
//! operator; and crediting where customers may not.

use super::service::Service;

/// Sends one request as each caller, to a fresh service; `expected` in the order nobody, alice (who
/// owns `A`), bob, shop (a service), olga (an operator).
async fn check(line: &str, body: &str, expected: [&str; 5]) {
    let mut found = Vec::new();
    for caller in ["nobody", "alice", "bob", "shop", "olga"] {
        let service = Service::new();
        service.bank.credit("A", 100);
        if line.ends_with("A/unfreeze") {
            service.bank.freeze("A");
        }
        if line.ends_with("A/close") {
            service.bank.debit("A", 100);
        }
        let transfer = service.bank.last_transfer("A").to_string();
        let (method, path) = line.split_once(' ').unwrap();
        let path = path.replace("{transaction}", &transfer);
        let to = service.bank.id("B").to_string();
        let body = body.replace("{B}", &to);
        found.push(service.send(&format!("{method} {caller} {path}"), &[], &body).await.short());
    }
    assert_eq!(found, expected, "{line}");
}

const NOBODY: &str = "401 unauthorized";
const ABSENT: &str = "404 not-found";
const FORBIDDEN: &str = "403 forbidden";

#[tokio::test]
async fn a_wallet_is_its_owners_and_operators() {
    for path in ["A", "A/transactions", "A/statement"] {
        check(&format!("GET {path}"), "", [NOBODY, "200", ABSENT, ABSENT, "200"]).await;
    }
    for path in ["A/credit", "A/debit"] {
        let body = r#"{"amount": "0.50"}"#;
        check(&format!("POST {path}"), body, [NOBODY, "200", ABSENT, ABSENT, "200"]).await;
    }
    let body = r#"{"amount": "0.50", "to_wallet_id": "{B}"}"#;
    check("POST A/transfer", body, [NOBODY, "200", ABSENT, ABSENT, "200"]).await;
}

#[tokio::test]
async fn only_operators_freeze_close_and_reverse() {
    for path in ["A/freeze", "A/unfreeze", "A/close"] {
        let expected = [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200"];
        check(&format!("POST {path}"), "", expected).await;
    }
    let line = "POST A/transactions/{transaction}/reverse";
    let expected = [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, "200"];
    check(line, r#"{"reason": "a mistake"}"#, expected).await;
}

#[tokio::test]
async fn anybody_who_is_somebody_has_wallets() {
    check("POST /v1/wallet", "", [NOBODY, "201", "201", "201", "201"]).await;
    check("GET /v1/wallet", "", [NOBODY, "200", "200", "200", "200"]).await;
}

#[tokio::test]
async fn without_self_funding_only_operators_credit() {
    let service = Service::with(|settings| settings.self_funding = false);
    let body = r#"{"amount": "0.50"}"#;
    assert_eq!(service.post("alice A/credit", body).await.short(), FORBIDDEN);
    assert_eq!(service.post("olga A/credit", body).await.short(), "200");
}

#[tokio::test]
async fn each_sees_his_own_wallets_alone() {
    let service = Service::new();
    for (caller, count) in [("alice", 2), ("bob", 1), ("olga", 0)] {
        let answer = service.get(&format!("{caller} /v1/wallet")).await;
        assert_eq!(answer.body["items"].as_array().unwrap().len(), count, "{caller}");
    }
}

/// Each operation of the manifest is mounted; its answers differ from those of no route.
#[test]
fn every_operation_has_its_route() {
    let routes = wallet::routes();
    let mounted: Vec<_> = routes.operations().iter().map(|operation| operation.name).collect();
    let declared: Vec<_> =
        wallet::MANIFEST.operations.iter().map(|operation| operation.name).collect();
    assert_eq!(mounted, declared);
    let (_, openapi) = routes.into_parts();
    assert_eq!(openapi.paths.paths.len(), 11, "two of the operations share a path");
}
