//! What people, operators and the clock do, through the functions: whoever gets no answer asks again
//! under the same key. And how everything stands, in words that are the same in every run.

use std::collections::BTreeSet;
use std::time::Duration;

use operations::verify::verify;
use serde_json::{Value, json};
use store_dynamodb::Waits;
use store_dynamodb::emulator::Emulator;

use super::cloud::Cloud;
use crate::functions::{POOL, by_operator, by_person, request};

/// How often somebody asks again who gets no answer.
const AGAIN_MAX: usize = 10;

/// What a rival writes beside his movements.
const RIVAL: &str = "rival";

/// Members whose values are others in every run; a rival's entries come between in a wallet.
const UNTOLD: [&str; 5] =
    ["next_cursor", "correlationid", "causationid", "traceparent", "sequence"];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Person,
    Operator,
}

/// See the file's comment.
pub(super) struct World {
    pub(super) cloud: Cloud,
    /// Tells the keys of this run from those of others.
    run: usize,
    acts: usize,
    pub(super) wallets: Vec<String>,
    pub(super) payments: Vec<String>,
    pub(super) loans: Vec<String>,
    /// What was acknowledged: the function, the request, the answer in words.
    acknowledged: Vec<(&'static str, Value, String)>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Wallets, payments, loans, in short.
    pub(super) line: String,
    /// What was acknowledged.
    pub(super) answers: Vec<String>,
    /// What the services tell.
    pub(super) books: Vec<String>,
    /// What was said, each once.
    pub(super) said: BTreeSet<String>,
}

impl World {
    /// Over tables of its own.
    pub(super) async fn open(emulator: &Emulator, waits: Waits) -> Self {
        let cloud = Cloud::open(emulator, waits).await;
        Self {
            cloud,
            run: 0,
            acts: 0,
            wallets: Vec::new(),
            payments: Vec::new(),
            loans: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    /// A new run begins, with new wallets and keys.
    pub(super) fn begin(&mut self) {
        self.run += 1;
        self.acts = 0;
        self.wallets.clear();
        self.payments.clear();
        self.loans.clear();
        self.acknowledged.clear();
        self.cloud.begin();
    }

    /// Asks until it is answered; the answer's body. Whoever asks again asks under the same key.
    pub(super) async fn ask(
        &mut self,
        by: By,
        name: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let method = if body.is_some() { "POST" } else { "GET" };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut event = request(method, &format!("/v1{path}"), body.as_ref());
        event["rawQueryString"] = json!(query);
        self.acts += 1;
        event["headers"]["idempotency-key"] = json!(format!("run-{}-act-{}", self.run, self.acts));
        event = match by {
            By::Operator => by_operator(event),
            By::Person => by_person(&self.person(), event),
        };
        let mut unanswered = Vec::new();
        for attempt in 0..AGAIN_MAX {
            let answer = match self.cloud.invoke(name, &event, attempt).await {
                Ok(answer) if answer["statusCode"].as_u64().unwrap() < 500 => answer,
                none => {
                    unanswered.push(none);
                    continue;
                }
            };
            let status = &answer["statusCode"];
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            self.note(&body);
            let words = format!("{name}: {status} {}", self.plain(&body));
            self.acknowledged.push((name, event, words));
            return body;
        }
        panic!("nobody answers {name}: {unanswered:?}");
    }

    /// Asks for what is of all runs, so that no two answers are the same.
    pub(super) async fn look(&mut self, name: &'static str, path: &str) {
        self.ask(By::Operator, name, path, None).await;
        self.acknowledged.pop();
    }

    /// Whoever asks and is no operator.
    pub(super) fn person(&self) -> String {
        format!("person-{}", self.run)
    }

    /// Keeps the ids of what came to be.
    fn note(&mut self, body: &Value) {
        let known = [
            ("wallet_id", "wal_", &mut self.wallets),
            ("transaction_id", "pay_", &mut self.payments),
            ("loan_id", "loan_", &mut self.loans),
        ];
        for (name, prefix, ids) in known {
            let is_its_own = name != "wallet_id" || body["balance"].is_string();
            let id = body[name].as_str().filter(|id| is_its_own && id.starts_with(prefix));
            if let Some(id) = id.filter(|id| !ids.iter().any(|known| known == id)) {
                ids.push(id.to_owned());
            }
        }
    }

    /// The provider of sign-in has one more key, of this name. With the others tokens stay good.
    pub(super) fn publish_key(&mut self, name: &str) {
        let mut keys: Value = serde_json::from_slice(&POOL.forge.jwks()).unwrap();
        let mut key = keys["keys"][0].clone();
        key["kid"] = json!(name);
        keys["keys"].as_array_mut().unwrap().push(key);
        *self.cloud.provider.0.lock() = Some(keys.to_string().into_bytes());
    }

    pub(super) async fn settle(&mut self) {
        self.cloud.settle().await;
    }

    /// Time passes, in seconds.
    pub(super) fn pass(&self, seconds: u64) {
        self.cloud.clock.pass(Duration::from_secs(seconds));
    }

    /// A schedule comes, and comes again if it could not.
    pub(super) async fn tick(&mut self, name: &str) {
        let schedule = serde_json::from_str(include_str!("../../events/schedule.json")).unwrap();
        self.cloud.insist(name, &schedule).await;
        self.settle().await;
    }

    /// What was said and not yet shown is lost for ever.
    pub(super) async fn forget(&mut self) {
        self.cloud.forget().await;
    }

    /// The same of what is said when that schedule comes.
    pub(super) async fn forget_after(&mut self, name: &str) {
        let schedule = serde_json::from_str(include_str!("../../events/schedule.json")).unwrap();
        self.cloud.insist(name, &schedule).await;
        self.forget().await;
    }

    /// From now on a rival who comes first takes a cent out of the first wallet, and puts it in again.
    pub(super) fn let_rival(&mut self) {
        let Some(wallet) = self.wallets.first() else { return };
        let calls = [("debit_wallet", "debit"), ("credit_wallet", "credit")].map(|(name, path)| {
            let body = json!({ "amount": "0.01", "description": RIVAL });
            let path = format!("/v1/wallet/{wallet}/{path}");
            let mut event = by_operator(request("POST", &path, Some(&body)));
            event["headers"].as_object_mut().unwrap().remove("idempotency-key");
            (name, event)
        });
        self.cloud.rival = calls.to_vec();
    }

    /// How it ended. Everything that was acknowledged is asked for once more, and is the same.
    pub(super) async fn outcome(&mut self) -> Outcome {
        let acknowledged = std::mem::take(&mut self.acknowledged);
        let (mut line, mut books) = (Vec::new(), Vec::new());
        for (name, event, _) in &acknowledged {
            let again = self.cloud.invoke_calmly(name, event).await;
            let body: Value = serde_json::from_str(again["body"].as_str().unwrap()).unwrap();
            books.push(format!("{name} again: {} {}", again["statusCode"], self.plain(&body)));
        }
        for id in self.wallets.clone() {
            let wallet = self.read("get_wallet", &format!("/wallet/{id}")).await;
            line.push(short("wallet", &wallet, &["balance", "held", "status"]));
            books.push(self.plain(&wallet).to_string());
            let path = format!("/wallet/{id}/transactions?limit=100");
            let mut moved = self.read("list_transactions", &path).await;
            let items = moved["items"].as_array_mut().unwrap();
            items.retain(|item| item["description"] != RIVAL);
            let mut told: Vec<_> = items
                .iter_mut()
                .map(|item| {
                    // Which of two payments is booked first is nobody's promise.
                    item.as_object_mut().unwrap().remove("balance_after");
                    self.plain(item).to_string()
                })
                .collect();
            told.sort();
            books.extend(told);
        }
        for id in self.payments.clone() {
            let payment = self.read("get_payment", &format!("/payment/{id}")).await;
            line.push(short("payment", &payment, &["status", "reason", "refunded_amount"]));
            books.push(self.plain(&payment).to_string());
            let refunds = self.read("list_refunds", &format!("/payment/{id}/refunds")).await;
            books.push(self.plain(&refunds).to_string());
        }
        for id in self.loans.clone() {
            let loan = self.read("get_loan", &format!("/loan/{id}")).await;
            line.push(short("loan", &loan, &["status", "reason"]));
            books.push(self.plain(&loan).to_string());
        }
        if let Some(kept) = operations::keys::kept(&self.cloud.store()).await.unwrap() {
            books.push(kept.keys);
        }
        let said = self.cloud.said();
        let said = said.iter().map(|event| {
            let mut fields = ["type", "subject", "data"].map(|name| event[name].clone()).to_vec();
            fields.push(json!(place(event, &said)));
            self.plain(&json!(fields)).to_string()
        });
        Outcome {
            line: line.join(", "),
            answers: acknowledged.into_iter().map(|(_, _, words)| words).collect(),
            said: said.collect(),
            books,
        }
    }

    /// The whole ledger is right, and all money in it sums to zero.
    pub(super) async fn verify(&self) {
        let report = verify(&**self.cloud.store().port(), &mut |_| {}).await.unwrap();
        assert_eq!(report.violations, [""; 0]);
        for currency in report.currencies {
            assert!(currency.sum.trim_matches(['0', '.']).is_empty(), "{currency:?}");
        }
    }

    async fn read(&mut self, name: &str, path: &str) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut event = by_operator(request("GET", &format!("/v1{path}"), None));
        event["rawQueryString"] = json!(query);
        let answer = self.cloud.invoke_calmly(name, &event).await;
        assert_eq!(answer["statusCode"], 200, "{name}: {answer}");
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    }

    /// The same without what is another in every run: times are gone, ids are numbers.
    fn plain(&self, value: &Value) -> Value {
        match value {
            Value::Array(all) => Value::Array(all.iter().map(|one| self.plain(one)).collect()),
            Value::Object(members) => {
                let is_told = |(name, _): &(&String, &Value)| !UNTOLD.contains(&name.as_str());
                let members = members.iter().filter(is_told);
                members.map(|(name, value)| (name.clone(), self.plain(value))).collect()
            }
            Value::String(text) => json!(self.plain_text(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn plain_text(&self, text: &str) -> String {
        if text == self.person() {
            return "person".to_owned();
        }
        if text.parse::<kernel::Time>().is_ok() {
            return "time".to_owned();
        }
        if let Some((class, id)) = text.split_once(':') {
            return format!("{class}:{}", self.plain_text(id));
        }
        for (name, ids) in
            [("wallet", &self.wallets), ("payment", &self.payments), ("loan", &self.loans)]
        {
            if let Some(number) = ids.iter().position(|id| id == text) {
                return format!("{name} {number}");
            }
        }
        let id = text.parse::<kernel::AnyId>();
        id.map_or_else(|_| text.to_owned(), |id| id.prefix.text().to_owned())
    }
}

impl Outcome {
    /// Asserts that it is the expected one.
    pub(super) fn assert_is(&self, expected: &Self, told: &str) {
        let parts = |outcome: &Self| {
            let said = outcome.said.iter().cloned().collect();
            [vec![outcome.line.clone()], outcome.answers.clone(), outcome.books.clone(), said]
        };
        for (found, expected) in parts(self).iter().zip(&parts(expected)) {
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!(found, expected, "{told}");
            }
            assert_eq!(found.len(), expected.len(), "{told}: {found:#?}");
        }
    }
}

/// Which of a record's versions that said something an event is of, for a record may say again between
/// them what it said.
fn place(event: &Value, said: &[Value]) -> usize {
    let is_before = |other: &&Value| {
        let sequences = [other, event].map(|event| event["sequence"].as_u64().unwrap());
        other["subject"] == event["subject"] && sequences[0] < sequences[1]
    };
    let before = said.iter().filter(is_before).map(|other| &other["sequence"]);
    before.map(Value::to_string).collect::<BTreeSet<_>>().len()
}

/// Some members of a body that say something.
fn short(name: &str, body: &Value, members: &[&str]) -> String {
    let values = members.iter().filter_map(|member| body[member].as_str());
    let said = values.filter(|value| !["0.00", "ACTIVE"].contains(value));
    [name].into_iter().chain(said).collect::<Vec<_>>().join(" ")
}
