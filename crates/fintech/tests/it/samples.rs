//! A request for every operation, with all its fields, that works for whoever may make it, and the
//! things of Ada's that it is about, new each time. Not in here: what comes of it.

use std::sync::atomic::{AtomicU64, Ordering};

use kernel::manifest::Operation;
use serde_json::{Value, json};

use crate::services;
use crate::site::{Actor, Site};

/// A request that works.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) operation: &'static Operation,
    /// The ids in its path, by their names there.
    pub(crate) ids: Vec<(&'static str, String)>,
    /// What stands behind its path.
    pub(crate) query: &'static str,
    /// Its body, with every field; null without one.
    pub(crate) body: Value,
}

impl Sample {
    /// `METHOD /path`, below `/v1`.
    pub(crate) fn asked(&self) -> String {
        let Self { operation, ids, query, .. } = self;
        let path = ids.iter().fold(operation.path.to_owned(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        });
        assert!(!path.contains('{'), "{path}");
        format!("{} {path}{query}", operation.method.text())
    }

    /// The same, about other things.
    pub(crate) fn about(&self, name: &str, id: &str) -> Self {
        let mut other = self.clone();
        let of_name = other.ids.iter_mut().find(|(known, _)| *known == name);
        of_name.unwrap().1 = id.to_owned();
        other
    }
}

/// A sample of an operation.
pub(crate) async fn sample(site: &Site, operation: &'static Operation) -> Sample {
    let wallet_id = wallet(site, "100.00").await;
    let with =
        |ids: Vec<(&'static str, String)>, body: Value| Sample { operation, ids, query: "", body };
    let of_wallet = |body: Value| with(vec![("wallet_id", wallet_id.clone())], body);
    match operation.name {
        "create_wallet" => with(vec![], json!({ "currency": "USD" })),
        "list_wallets" | "get_me" | "get_trial_balance" => with(vec![], Value::Null),
        "get_wallet" | "list_transactions" | "get_statement" => of_wallet(Value::Null),
        "credit_wallet" | "debit_wallet" => of_wallet(movement(json!({}))),
        "transfer" => {
            let to = new_wallet(site, Actor::Other).await;
            of_wallet(movement(json!({ "to_wallet_id": to })))
        }
        "freeze_wallet" => of_wallet(json!({ "reason": "She lost her phone" })),
        "unfreeze_wallet" => {
            ok(site, Actor::Operator, &format!("POST /wallet/{wallet_id}/freeze"), json!({})).await;
            of_wallet(json!({ "reason": "She has it again" }))
        }
        "close_wallet" => {
            let empty = new_wallet(site, Actor::Owner).await;
            with(vec![("wallet_id", empty)], json!({ "reason": "As she wished" }))
        }
        "reverse_transaction" => {
            let path = format!("POST /wallet/{wallet_id}/credit");
            let credited = ok(site, Actor::Operator, &path, json!({ "amount": "1.00" })).await;
            let transaction_id = text(&credited, "/transaction/transaction_id");
            let ids = vec![("wallet_id", wallet_id), ("transaction_id", transaction_id)];
            with(ids, json!({ "reason": "A mistake" }))
        }
        name => match of_payment(site, name, &wallet_id).await {
            Some((ids, body)) => with(ids, body),
            None => of_others(site, operation, &wallet_id).await,
        },
    }
}

type Ids = Vec<(&'static str, String)>;

async fn of_payment(site: &Site, name: &str, wallet_id: &str) -> Option<(Ids, Value)> {
    let of = |id: String| vec![("transaction_id", id)];
    Some(match name {
        "request_payment" => {
            let body = json!({
                "wallet_id": wallet_id, "merchant_id": "bookshop", "capture": "automatic",
            });
            (vec![], movement(body))
        }
        "list_payments_by_wallet" => {
            payment(site, wallet_id, "automatic").await;
            (vec![("wallet_id", wallet_id.to_owned())], Value::Null)
        }
        "list_payments" => {
            payment(site, wallet_id, "automatic").await;
            (vec![], Value::Null)
        }
        "get_payment" | "get_payment_timeline" => {
            (of(payment(site, wallet_id, "automatic").await), Value::Null)
        }
        "capture_payment" => {
            (of(payment(site, wallet_id, "manual").await), json!({ "amount": "1.00" }))
        }
        "void_payment" => (of(payment(site, wallet_id, "manual").await), json!({})),
        "refund_payment" => {
            let body = json!({ "amount": "1.00", "description": "Torn", "reference": "return-1" });
            (of(payment(site, wallet_id, "automatic").await), body)
        }
        "list_refunds" | "get_refund" => {
            let payment_id = payment(site, wallet_id, "automatic").await;
            let path = format!("POST /payment/{payment_id}/refund");
            let refund = ok(site, Actor::Operator, &path, json!({ "amount": "1.00" })).await;
            let mut ids = of(payment_id);
            if name == "get_refund" {
                ids.push(("refund_id", text(&refund, "/refund_id")));
            }
            (ids, Value::Null)
        }
        _ => return None,
    })
}

async fn of_others(site: &Site, operation: &'static Operation, wallet_id: &str) -> Sample {
    let application = json!({ "wallet_id": wallet_id, "amount": "12.00", "loan_term_months": 12 });
    let (ids, query, body) = match operation.name {
        "apply_for_loan" => {
            let mut body = application;
            body["currency"] = json!("USD");
            (vec![], "", body)
        }
        "get_loan" | "approve_loan" | "reject_loan" | "list_loans_by_wallet" | "list_loans" => {
            let loan = ok(site, Actor::Owner, "POST /loan", application).await;
            let ids = match operation.name {
                "list_loans" => vec![],
                "list_loans_by_wallet" => vec![("wallet_id", wallet_id.to_owned())],
                _ => vec![("loan_id", text(&loan, "/loan_id"))],
            };
            let body = match operation.name {
                "approve_loan" => json!({}),
                "reject_loan" => json!({ "reason": "Too young" }),
                _ => Value::Null,
            };
            (ids, if operation.name == "list_loans" { "?status=PENDING" } else { "" }, body)
        }
        "list_sagas" => (vec![], "", Value::Null),
        "list_audit" => {
            let path = format!("POST /wallet/{wallet_id}/freeze");
            ok(site, Actor::Operator, &path, json!({})).await;
            (vec![], "", Value::Null)
        }
        "list_events" => {
            payment(site, wallet_id, "automatic").await;
            (vec![], "", Value::Null)
        }
        "list_dead_letters" => {
            dead_letter(site, application).await;
            (vec![], "", Value::Null)
        }
        "redrive_dead_letter" => {
            let id = dead_letter(site, application).await;
            (vec![("dead_letter_id", id)], "", json!({}))
        }
        name if services::HERE_ALONE.operations.iter().any(|one| one.name == name) => {
            let (ids, body) = of_sign_in(site, name).await;
            (ids, "", body)
        }
        name => panic!("{name} has no sample: say here what a request for it is"),
    };
    Sample { operation, ids, query, body }
}

/// Somebody new each time.
fn address() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("ada{}@example.org", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn of_sign_in(site: &Site, name: &str) -> (Ids, Value) {
    const PASSWORD: &str = "correct horse";
    let email = address();
    let known = json!({ "email": email, "password": PASSWORD });
    if matches!(name, "log_in" | "change_password" | "refresh_session" | "log_out") {
        ok(site, Actor::Nobody, "POST /auth/signup", known.clone()).await;
    }
    let body = match name {
        "sign_up" => known,
        "log_in" => json!({ "email": email, "password": PASSWORD, "cookie": false }),
        "change_password" => json!({ "email": email, "password": PASSWORD,
            "new_password": "staple of the horse", "cookie": false }),
        "refresh_session" | "log_out" => {
            let began = ok(site, Actor::Nobody, "POST /auth/login", known).await;
            let token = text(&began, "/refresh_token");
            let here = json!({ "refresh_token": token, "everywhere": false });
            if name == "log_out" { here } else { json!({ "refresh_token": token }) }
        }
        "issue_token" => {
            let service = address().replace(['@', '.'], "-");
            let asked = json!({ "service": service, "rights": ["payments"] });
            let made = ok(site, Actor::Operator, "POST /auth/users", asked).await;
            json!({ "grant_type": "client_credentials",
                "client_id": text(&made, "/user/sub"),
                "client_secret": text(&made, "/client_secret") })
        }
        "create_user" => json!({ "email": email, "rights": ["operators"] }),
        _ => {
            let asked = json!({ "email": email });
            let made = ok(site, Actor::Operator, "POST /auth/users", asked).await;
            let body = match name {
                "list_users" => return (vec![], Value::Null),
                "grant_right" | "revoke_right" => json!({ "right": "operators" }),
                _ => json!({}),
            };
            return (vec![("sub", text(&made, "/user/sub"))], body);
        }
    };
    (vec![], body)
}

/// 1.00 with everything that a movement can say, and more.
fn movement(mut more: Value) -> Value {
    let said = json!({
        "amount": "1.00", "currency": "USD", "description": "Two novels", "reference": "order-1",
    });
    more.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    more
}

/// Something that is to work.
pub(crate) async fn ok(site: &Site, actor: Actor, asked: &str, body: Value) -> Value {
    let answer = site.ask(actor, asked, &body).await;
    assert!(matches!(answer.status, 200 | 201), "{asked}: {answer:?}");
    answer.json
}

fn text(json: &Value, place: &str) -> String {
    json.pointer(place).and_then(Value::as_str).unwrap().to_owned()
}

pub(crate) async fn new_wallet(site: &Site, actor: Actor) -> String {
    text(&ok(site, actor, "POST /wallet", json!({})).await, "/wallet_id")
}

/// A wallet of Ada's with so much in it.
pub(crate) async fn wallet(site: &Site, amount: &str) -> String {
    let wallet_id = new_wallet(site, Actor::Owner).await;
    let path = format!("POST /wallet/{wallet_id}/credit");
    ok(site, Actor::Operator, &path, json!({ "amount": amount })).await;
    wallet_id
}

/// A payment of 10.00 that is taken, or held.
pub(crate) async fn payment(site: &Site, wallet_id: &str, capture: &str) -> String {
    let body = json!({
        "wallet_id": wallet_id, "merchant_id": "bookshop", "amount": "10.00", "capture": capture,
    });
    text(&ok(site, Actor::Owner, "POST /payment", body).await, "/transaction_id")
}

/// A letter about a loan that was rejected for this.
async fn dead_letter(site: &Site, application: Value) -> String {
    let loan = ok(site, Actor::Owner, "POST /loan", application).await;
    let loan_id = text(&loan, "/loan_id");
    ok(site, Actor::Operator, &format!("POST /loan/{loan_id}/reject"), json!({})).await;
    // It dies beside the answer, soon after it.
    loop {
        let page = ok(site, Actor::Operator, "GET /dead-letters?limit=100", Value::Null).await;
        let letters = page["items"].as_array().unwrap();
        if let Some(letter) = letters.iter().find(|letter| letter["event"]["subject"] == loan_id) {
            return text(letter, "/dead_letter_id");
        }
        tokio::task::yield_now().await;
    }
}
