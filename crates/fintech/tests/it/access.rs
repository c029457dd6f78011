//! Who may do what: every operation that a manifest declares, asked for by everybody. Not in here:
//! how a caller is known.

use kernel::manifest::{Method, Operation, Who};
use serde_json::{Value, json};

use crate::contract::served;
use crate::samples::{Sample, ok, sample};
use crate::services;
use crate::site::{Actor, Answer, Asked, Site};
use crate::transport;
use http_api::Settings;

/// What each caller gets, in the order of [`Actor::ALL`]: nobody (and whoever shows a bad token, or one
/// of somebody who was disabled since),
/// another customer, the owner, an operator, a service with the scope `payments`, one without. `+`
/// says that it leaves a line on the audit list.
type Row = (&'static str, [&'static str; 6]);

const NO: &str = "401 unauthorized";
const NOT_FOR: &str = "403 forbidden";
const NOT_THERE: &str = "404 not-found";

/// A customer's, which nobody else may see but operators.
const fn owners(done: &'static str) -> [&'static str; 6] {
    [NO, NOT_THERE, done, done, NOT_THERE, NOT_THERE]
}

/// A movement of a customer's, who leaves no line where an operator leaves one.
const fn moves(done: &'static str, by_operator: &'static str) -> [&'static str; 6] {
    [NO, NOT_THERE, done, by_operator, NOT_THERE, NOT_THERE]
}

/// The same as `owners`, for services that move payments too.
const fn parties(done: &'static str) -> [&'static str; 6] {
    [NO, NOT_THERE, done, done, done, NOT_THERE]
}

const fn operators(done: &'static str) -> [&'static str; 6] {
    [NO, NOT_FOR, NOT_FOR, done, NOT_FOR, NOT_FOR]
}

const fn everybody(done: &'static str) -> [&'static str; 6] {
    [NO, done, done, done, done, done]
}

/// Of who proves by what he sends who he is.
const fn whoever(done: &'static str) -> [&'static str; 6] {
    [done; 6]
}

const TABLE: [Row; 48] = [
    ("create_wallet", everybody("201 ACTIVE")),
    ("list_wallets", [NO, "200 none", "200 some", "200 none", "200 none", "200 none"]),
    ("get_wallet", owners("200 ACTIVE")),
    ("credit_wallet", moves("200", "200 +")),
    ("debit_wallet", moves("200", "200 +")),
    ("transfer", moves("200", "200 +")),
    ("list_transactions", owners("200 some")),
    ("get_statement", owners("200")),
    ("freeze_wallet", operators("200 FROZEN +")),
    ("unfreeze_wallet", operators("200 ACTIVE +")),
    ("close_wallet", operators("200 CLOSED +")),
    ("reverse_transaction", operators("200 +")),
    // Whether the wallet is the caller's to spend, the wallet service says.
    (
        "request_payment",
        [
            NO,
            "200 FAILED wallet-not-found",
            "200 SUCCESSFUL",
            "200 SUCCESSFUL",
            "200 SUCCESSFUL",
            "200 FAILED wallet-not-found",
        ],
    ),
    ("get_payment", parties("200 SUCCESSFUL")),
    ("list_payments_by_wallet", [NO, "200 none", "200 some", "200 some", "200 some", "200 none"]),
    ("list_payments", operators("200 some")),
    ("capture_payment", [NO, NOT_FOR, NOT_FOR, "200 SUCCESSFUL +", "200 SUCCESSFUL", NOT_FOR]),
    (
        "void_payment",
        [NO, NOT_FOR, NOT_FOR, "200 VOIDED requested +", "200 VOIDED requested", NOT_FOR],
    ),
    ("refund_payment", [NO, NOT_FOR, NOT_FOR, "200 SUCCESSFUL +", "200 SUCCESSFUL", NOT_FOR]),
    ("list_refunds", parties("200 some")),
    ("get_refund", parties("200 SUCCESSFUL")),
    ("get_payment_timeline", parties("200 some")),
    ("apply_for_loan", everybody("201 PENDING")),
    ("get_loan", owners("200 PENDING")),
    ("list_loans_by_wallet", [NO, "200 none", "200 some", "200 some", "200 none", "200 none"]),
    ("list_loans", operators("200 some")),
    ("approve_loan", operators("200 APPROVED +")),
    ("reject_loan", operators("200 REJECTED Too young +")),
    ("get_me", everybody("200")),
    ("get_trial_balance", operators("200")),
    ("list_sagas", operators("200 none")),
    ("list_events", operators("200 some")),
    ("list_dead_letters", operators("200 some")),
    ("redrive_dead_letter", operators("200 +")),
    ("list_audit", operators("200 some")),
    ("sign_up", whoever("201 +")),
    ("log_in", whoever("200 +")),
    ("refresh_session", whoever("200")),
    ("log_out", whoever("200 +")),
    ("change_password", whoever("200 +")),
    ("issue_token", whoever("200 +")),
    ("create_user", operators("201 +")),
    ("list_users", operators("200 some")),
    ("grant_right", operators("200 +")),
    ("revoke_right", operators("200 +")),
    ("disable_user", operators("200 +")),
    ("enable_user", operators("200 +")),
    ("reset_password", operators("200 +")),
];

/// The rows of what is served here.
fn rows() -> impl Iterator<Item = (&'static Operation, [&'static str; 6])> {
    served().into_iter().map(|operation| {
        let row = TABLE.iter().find(|(name, _)| *name == operation.name);
        let name = operation.name;
        (operation, row.unwrap_or_else(|| panic!("{name} has no row: say here who may call it")).1)
    })
}

#[test]
fn every_operation_has_its_row() {
    let here_alone = services::HERE_ALONE.operations.iter().map(|operation| operation.name);
    let mut declared: Vec<_> = rows().map(|(operation, _)| operation.name).collect();
    declared.extend(here_alone.filter(|name| !declared.contains(name)).collect::<Vec<_>>());
    assert_eq!(TABLE.len(), declared.len(), "a row is of no operation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_his() {
    for (operation, expected) in rows() {
        let site = Site::new();
        for (actor, expected) in Actor::ALL.into_iter().zip(expected) {
            let sample = sample(&site, operation).await;
            check(&site, &sample, actor, expected).await;
        }
        let [nobody, ..] = expected;
        if nobody == NO {
            refuse(&site, &sample(&site, operation).await, nobody).await;
        } else {
            overlook(&site, operation, nobody).await;
        }
    }
}

/// Who shows a bad token gets what nobody gets, and learns that it is bad.
async fn refuse(site: &Site, sample: &Sample, expected: &str) {
    let mut bad_tokens = site.bad_tokens();
    bad_tokens.extend(of_disabled(site).await.map(|token| ("of a disabled operator", token)));
    let (name, before) = (sample.operation.name, site.state().await);
    for (what, token) in bad_tokens {
        let asked = Asked::of(Actor::Nobody, &sample.asked(), &sample.body);
        let answer = site.send(&asked.with("authorization", &format!("Bearer {token}"))).await;
        assert_eq!(answer.line(), expected, "{name} with a token that is {what}: {answer:?}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#), "{name}, {what}");
    }
    assert_eq!(site.state().await, before, "{name} did something for a bad token");
}

/// The token of an operator who was let in by it and was disabled since; none where accounts are
/// somebody else's, who alone knows of it: there it is good until it ends.
async fn of_disabled(site: &Site) -> Option<String> {
    if !served().iter().any(|operation| operation.name == "disable_user") {
        return None;
    }
    let made = async |email: &str| {
        let asked = json!({ "email": email, "rights": ["operators"] });
        let made = ok(site, Actor::Operator, "POST /auth/users", asked).await;
        let chosen = json!({ "email": email, "password": made["one_time_password"],
            "new_password": "staple of the horse" });
        (made, ok(site, Actor::Nobody, "POST /auth/password", chosen).await)
    };
    // The last one who has chosen his password could not be disabled.
    made("olga@example.org").await;
    let (made, began) = made("dora@example.org").await;
    let token = began["access_token"].as_str().unwrap();
    let me = Asked::of(Actor::Nobody, "GET /me", &Value::Null);
    let me = site.send(&me.with("authorization", &format!("Bearer {token}"))).await.expect(200);
    assert_eq!(me.at("/role"), "operator");
    let path = format!("POST /auth/users/{}/disable", made["user"]["sub"].as_str().unwrap());
    ok(site, Actor::Operator, &path, json!({})).await;
    Some(token.to_owned())
}

/// Where everybody may come a bad token is in nobody's way: who gets a new one still has the old one.
async fn overlook(site: &Site, operation: &'static Operation, expected: &str) {
    for (what, token) in site.bad_tokens().into_iter().take(2) {
        let sample = sample(site, operation).await;
        let asked = Asked::of(Actor::Nobody, &sample.asked(), &sample.body);
        let answer = site.send(&asked.with("authorization", &format!("Bearer {token}"))).await;
        let status = expected.split(' ').next().unwrap();
        assert_eq!(answer.line(), status, "{} with a token that is {what}", operation.name);
    }
}

async fn check(site: &Site, sample: &Sample, actor: Actor, expected: &str) {
    let (before, audited) = (site.state().await, site.audited().await);
    let answer = site.ask(actor, &sample.asked(), &sample.body).await;
    let audited = site.audited().await - audited;
    let mut line = answer.line();
    if let Some(reason) = answer.json["reason"].as_str() {
        line = format!("{line} {reason}");
    }
    if audited == 1 {
        line.push_str(" +");
        expect_booked(site, sample, actor).await;
    }
    let name = sample.operation.name;
    assert_eq!(line, expected, "{name} by {actor:?}: {answer:?}");
    assert!(audited <= 1, "{name} by {actor:?} left {audited} lines");
    if answer.status >= 400 {
        assert_eq!(site.state().await, before, "{name} by {actor:?} was refused and did something");
    }
    if answer.status == 404 {
        expect_as_if_not_there(site, sample, actor, &answer).await;
    }
    if sample.operation.who.contains(&Who::Nobody) {
        return;
    }
    let is_strange = matches!(actor, Actor::Other | Actor::Reports);
    if is_strange && answer.status == 200 && sample.body.is_null() {
        for (_, id) in &sample.ids {
            assert!(!answer.text.contains(id.as_str()), "{name} shows {actor:?} {id}");
        }
    }
}

/// The newest line of the audit list is about the sample.
async fn expect_booked(site: &Site, sample: &Sample, actor: Actor) {
    let audit = site.ask(Actor::Operator, "GET /audit?limit=1", &Value::Null).await.expect(200);
    let name = sample.operation.name;
    if sample.operation.who.contains(&Who::Nobody) {
        // By the user himself, of whom no test has the id beforehand.
        assert_eq!(audit.at("/items/0/operation"), name);
        return assert!(audit.at("/items/0/sub").starts_with("usr_"));
    }
    assert_eq!(
        (&*audit.at("/items/0/operation"), &*audit.at("/items/0/sub")),
        (name, actor.name())
    );
    let subject = audit.at("/items/0/subject");
    if name == "create_user" {
        return assert!(subject.starts_with("usr_"), "{subject}");
    }
    assert!(sample.ids.iter().any(|(_, id)| *id == subject), "{name}: {subject}");
}

/// What is somebody else's cannot be told from what is not there.
async fn expect_as_if_not_there(site: &Site, sample: &Sample, actor: Actor, answer: &Answer) {
    let mut other = sample.clone();
    for (_, id) in &mut other.ids {
        let prefix = id.split('_').next().unwrap();
        *id = format!("{prefix}_00000000-0000-7000-8000-00000000ffff");
    }
    let not_there = site.ask(actor, &other.asked(), &other.body).await;
    let general = |answer: &Answer| {
        let mut problem = answer.json.clone();
        let members = problem.as_object_mut().unwrap();
        members.remove("instance");
        members.remove("request_id");
        (answer.status, problem)
    };
    assert_eq!(general(&not_there), general(answer), "{} tells them apart", sample.operation.name);
}

/// Without self-funding an owner may not credit his wallet, nor learn of one that is not his.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_self_funding_only_operators_credit() {
    let site = Site::with(Settings::new([7; 32]));
    let operation = &wallet::manifest::CREDIT_WALLET;
    let expected = [NO, NOT_FOR, NOT_FOR, "200 +", NOT_FOR, NOT_FOR];
    for (actor, expected) in Actor::ALL.into_iter().zip(expected) {
        let sample = sample(&site, operation).await;
        check(&site, &sample, actor, expected).await;
    }
}

/// HEAD is asked like GET; the gateway has no route for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_are_guarded_like_bodies() {
    let site = Site::new();
    for operation in served().into_iter().filter(|operation| operation.method == Method::Get) {
        let sample = sample(&site, operation).await;
        for actor in Actor::ALL {
            let get = Asked::of(actor, &sample.asked(), &Value::Null);
            let mut head = get.clone();
            "HEAD".clone_into(&mut head.method);
            let (get, head) = (site.send(&get).await, site.send(&head).await);
            if !transport::ANSWERS_EVERY_PATH {
                assert_eq!(head.line(), "404", "{} by {actor:?}", operation.name);
                continue;
            }
            assert_eq!(head.status, get.status, "{} by {actor:?}", operation.name);
            assert_eq!(head.text, "", "{} by {actor:?}", operation.name);
        }
    }
}
