//! What is asked in each scenario, and which answers are good.
//!
//! How requests travel is in `client.rs` and `load.rs`; when which scenario runs, in `plan.rs` and
//! `run.rs`. Every request is built before the clock starts: while it runs, one is chosen and
//! copied. Money is text here, as it is in the interface.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::text_field;
use crate::failure::{Failure, doing};
use crate::load::{Load, Workload};

/// Enough for a hundred million payments or transfers of a cent from one wallet.
const FIRST_CREDIT: &str = "1000000.00";
const SMALLEST_AMOUNT: &str = "0.01";
const MERCHANTS: usize = 100;
const SET_UP_CONNECTIONS: usize = 64;
const SET_UP_TIME_MAX: Duration = Duration::from_secs(120);
/// So that two runs choose the same wallets in the same order.
const SEED: u64 = 0x0BE2_C4A5;

/// The scenarios, as the command line and the tables name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Whole payment sagas (`POST /v1/payment`, waited for), over all wallets.
    PaymentSaga,
    /// The same, all from one wallet.
    PaymentSagaHot,
    /// Single credits over all wallets.
    Credit,
    /// Single credits to one wallet.
    CreditHot,
    /// Transfers from one wallet to another, over all wallets.
    Transfer,
    /// A few payments a second, alone and beside floods of wrong passwords.
    WrongPasswords,
    /// Payment sagas at 64 connections for a minute, then until enough payments were made; then
    /// the memory, and how long a killed server takes to be ready again.
    Sustained,
}

impl Scenario {
    /// The name in tables and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PaymentSaga => "payment-saga",
            Self::PaymentSagaHot => "payment-saga-hot",
            Self::Credit => "credit",
            Self::CreditHot => "credit-hot",
            Self::Transfer => "transfer",
            Self::WrongPasswords => "wrong-passwords",
            Self::Sustained => "sustained",
        }
    }

    /// Its requests to a server that listens there, and its judgement of the answers. They carry these
    /// whole header lines, if any: who asks.
    pub(crate) fn workload(self, address: SocketAddr, wallets: &[String], who: &str) -> Repeated {
        let one = wallets.get(..1).unwrap_or(wallets);
        match self {
            Self::PaymentSaga | Self::WrongPasswords | Self::Sustained => {
                Repeated::new(payments(address, wallets, who), paid)
            }
            Self::PaymentSagaHot => Repeated::new(payments(address, one, who), paid),
            Self::Credit => Repeated::new(credits(address, wallets, who, SMALLEST_AMOUNT), ok),
            Self::CreditHot => Repeated::new(credits(address, one, who, SMALLEST_AMOUNT), ok),
            Self::Transfer => Repeated::new(transfers(address, wallets, who), ok),
        }
    }
}

/// Whole requests, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.bytes.get(start.unwrap_or_default()..end).unwrap_or_default()
    }

    /// Adds `POST path` with a JSON body and, where there are any, whole header lines.
    pub(crate) fn post(&mut self, address: SocketAddr, path: &str, headers: &str, body: &str) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             {headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.add(&[head.as_bytes(), body.as_bytes()]);
    }

    /// Adds a request of these parts.
    pub(crate) fn add(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
    }
}

fn payments(address: SocketAddr, wallets: &[String], who: &str) -> Requests {
    let headers = format!("{who}Prefer: wait=10\r\n");
    let mut requests = Requests::default();
    for (wallet, merchant) in wallets.iter().zip((0..MERCHANTS).cycle()) {
        let body = format!(
            r#"{{"wallet_id":"{wallet}","merchant_id":"merchant-{merchant:03}","amount":"{SMALLEST_AMOUNT}","currency":"USD"}}"#
        );
        requests.post(address, "/v1/payment", &headers, &body);
    }
    requests
}

fn credits(address: SocketAddr, wallets: &[String], who: &str, amount: &str) -> Requests {
    let mut requests = Requests::default();
    for wallet in wallets {
        let body = format!(r#"{{"amount":"{amount}"}}"#);
        requests.post(address, &format!("/v1/wallet/{wallet}/credit"), who, &body);
    }
    requests
}

/// From each wallet to the next, the last to the first.
fn transfers(address: SocketAddr, wallets: &[String], who: &str) -> Requests {
    let mut requests = Requests::default();
    for (from, to) in wallets.iter().zip(wallets.iter().cycle().skip(1)) {
        let body = format!(r#"{{"to_wallet_id":"{to}","amount":"{SMALLEST_AMOUNT}"}}"#);
        requests.post(address, &format!("/v1/wallet/{from}/transfer"), who, &body);
    }
    requests
}

/// The kind of error that an answer of this status is: problem documents say which rule said no.
fn unexpected(status: u16, body: &[u8]) -> String {
    match text_field(body, "type") {
        Some(kind) => format!("status {status} {kind}"),
        None => format!("status {status}"),
    }
}

/// Good where the payment is through: 200, and `SUCCESSFUL`.
fn paid(status: u16, body: &[u8]) -> Result<(), String> {
    if status != 200 {
        return Err(unexpected(status, body));
    }
    match text_field(body, "status") {
        Some("SUCCESSFUL") => Ok(()),
        other => Err(format!("a payment that is {}", other.unwrap_or("without a status"))),
    }
}

/// Good where it is 200.
pub(crate) fn ok(status: u16, body: &[u8]) -> Result<(), String> {
    if status == 200 { Ok(()) } else { Err(unexpected(status, body)) }
}

/// The same requests again and again, in an order that looks random and is not.
#[derive(Debug)]
pub(crate) struct Repeated {
    requests: Requests,
    random: u64,
    judge: fn(u16, &[u8]) -> Result<(), String>,
}

impl Repeated {
    fn new(requests: Requests, judge: fn(u16, &[u8]) -> Result<(), String>) -> Self {
        Self { requests, random: SEED, judge }
    }

    /// The request of the payment saga, to a server that only answers.
    pub(crate) fn post_floor(address: SocketAddr) -> Self {
        let wallet = "wal_00000000-0000-7000-8000-000000000000".to_owned();
        Self::new(payments(address, &[wallet], ""), ok)
    }

    /// `GET` of this path.
    pub(crate) fn get(address: SocketAddr, path: &str) -> Self {
        Self::get_with(address, path, "")
    }

    /// `GET` of this path, with these whole header lines.
    pub(crate) fn get_with(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut requests = Requests::default();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        requests.add(&[head.as_bytes()]);
        Self::new(requests, ok)
    }

    /// A number below the count, by SplitMix64 (Steele, Lea, Flood 2014).
    fn draw(&mut self, count: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed >> 1).unwrap_or_default().checked_rem(count).unwrap_or_default()
    }
}

impl Workload for Repeated {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let at = self.draw(self.requests.len());
        request.extend_from_slice(self.requests.get(at));
        Some(at)
    }

    fn answered(&mut self, _tag: usize, status: u16, body: &[u8]) -> Result<(), String> {
        (self.judge)(status, body)
    }
}

/// Each request once; keeps what was read from each answer.
struct Once {
    requests: Requests,
    next: usize,
    read: fn(u16, &[u8]) -> Result<String, String>,
    found: Vec<String>,
}

impl Workload for Once {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let at = self.next;
        if at >= self.requests.len() {
            return None;
        }
        self.next = at.saturating_add(1);
        request.extend_from_slice(self.requests.get(at));
        Some(at)
    }

    fn answered(&mut self, _tag: usize, status: u16, body: &[u8]) -> Result<(), String> {
        self.found.push((self.read)(status, body)?);
        Ok(())
    }
}

fn created(status: u16, body: &[u8]) -> Result<String, String> {
    match (status, text_field(body, "wallet_id")) {
        (201, Some(wallet)) => Ok(wallet.to_owned()),
        (201, None) => Err("status 201 without a wallet_id".into()),
        _ => Err(unexpected(status, body)),
    }
}

/// Makes that many wallets with money in each, of whom these header lines name; gives their ids.
///
/// # Errors
/// Where one could not be made: everything after it would measure refusals.
pub(crate) fn set_up_wallets(
    address: SocketAddr,
    who: &str,
    count: usize,
) -> Result<Vec<String>, Failure> {
    let mut requests = Requests::default();
    for _ in 0..count {
        requests.post(address, "/v1/wallet", who, "{}");
    }
    let wallets = ask_once("making wallets", address, requests, created)?;
    let requests = credits(address, &wallets, who, FIRST_CREDIT);
    ask_once("crediting wallets", address, requests, |status, body| {
        ok(status, body).map(|()| String::new())
    })?;
    Ok(wallets)
}

fn ask_once(
    what: &str,
    address: SocketAddr,
    requests: Requests,
    read: fn(u16, &[u8]) -> Result<String, String>,
) -> Result<Vec<String>, Failure> {
    let asked = requests.len();
    let mut once = Once { requests, next: 0, read, found: Vec::with_capacity(asked) };
    let mut load = Load::open(address, SET_UP_CONNECTIONS).map_err(doing(|| what))?;
    let now = Instant::now();
    load.run(&mut once, now.checked_add(SET_UP_TIME_MAX).unwrap_or(now)).map_err(doing(|| what))?;
    let tally = load.take_tally().map_err(doing(|| what))?;
    if once.found.len() == asked {
        return Ok(once.found);
    }
    let first = tally.error_kinds().into_iter().next().map_or_else(
        || format!("the rest was not answered in {} s", SET_UP_TIME_MAX.as_secs()),
        |error| format!("{} times {}: {}", error.count, error.kind, error.example),
    );
    Err(Failure::SetUp(format!("{what}: {} of {asked} were done; {first}", once.found.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8080))
    }

    fn text(requests: &Requests, at: usize) -> String {
        String::from_utf8(requests.get(at).to_vec()).unwrap()
    }

    #[test]
    fn requests_are_whole_and_apart() {
        let wallets = ["wal_a".to_owned(), "wal_b".to_owned()];
        assert_eq!(
            text(&payments(address(), &wallets, ""), 1),
            "POST /v1/payment HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
             Content-Type: application/json\r\nPrefer: wait=10\r\nContent-Length: 83\r\n\r\n\
             {\"wallet_id\":\"wal_b\",\"merchant_id\":\"merchant-001\",\
             \"amount\":\"0.01\",\"currency\":\"USD\"}"
        );
        let transfers = transfers(address(), &wallets, "");
        assert!(text(&transfers, 0).starts_with("POST /v1/wallet/wal_a/transfer HTTP/1.1\r\n"));
        assert!(text(&transfers, 0).ends_with(r#"{"to_wallet_id":"wal_b","amount":"0.01"}"#));
        assert!(text(&transfers, 1).ends_with(r#"{"to_wallet_id":"wal_a","amount":"0.01"}"#));
        assert_eq!(transfers.len(), 2);
        assert_eq!(text(&transfers, 2), "");
    }

    #[test]
    fn a_hot_scenario_asks_of_one_wallet_and_the_others_of_all() {
        let wallets: Vec<String> = (0..10).map(|number| format!("wal_{number}")).collect();
        let asked = |scenario: Scenario| {
            let mut workload = scenario.workload(address(), &wallets, "");
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..1_000 {
                let mut request = Vec::new();
                workload.next(&mut request).unwrap();
                seen.insert(request);
            }
            seen.len()
        };
        assert_eq!(asked(Scenario::PaymentSaga), 10);
        assert_eq!(asked(Scenario::PaymentSagaHot), 1);
        assert_eq!(asked(Scenario::Credit), 10);
        assert_eq!(asked(Scenario::CreditHot), 1);
        assert_eq!(asked(Scenario::Transfer), 10);
        assert_eq!(asked(Scenario::Sustained), 10);
    }

    #[track_caller]
    fn check_paid(status: u16, body: &str, expected: Result<(), &str>) {
        let found = paid(status, body.as_bytes());
        assert_eq!(found, expected.map_err(str::to_owned), "{status} {body}");
    }

    #[test]
    fn a_payment_is_good_only_when_it_is_through() {
        check_paid(200, r#"{"status":"SUCCESSFUL"}"#, Ok(()));
        check_paid(200, r#"{"status":"FAILED"}"#, Err("a payment that is FAILED"));
        check_paid(200, "{}", Err("a payment that is without a status"));
        check_paid(202, r#"{"status":"PENDING"}"#, Err("status 202"));
        check_paid(422, r#"{"type":"/problems/x","status":422}"#, Err("status 422 /problems/x"));
    }

    #[test]
    fn a_wallet_is_made_only_by_a_201_that_names_it() {
        assert_eq!(created(201, br#"{"wallet_id":"wal_a"}"#), Ok("wal_a".into()));
        assert_eq!(created(201, b"{}"), Err("status 201 without a wallet_id".into()));
        assert_eq!(created(200, br#"{"wallet_id":"wal_a"}"#), Err("status 200".into()));
    }
}
