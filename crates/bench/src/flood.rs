//! Payments of others beside a flood: of wrong passwords, and, to compare with, of as many requests that
//! cost nothing. A steady few payments a second are asked throughout, so that their times in one run can
//! be compared. Not in here: what is shown of it, see `report` and `table`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::text_field;
use crate::errand::{Said, errand};
use crate::failure::{Failure, doing};
use crate::load::{Load, Tally, Workload};
use crate::plan::Plan;
use crate::process;
use crate::report::{Afterwards, Flood};
use crate::run::Session;
use crate::scenario::{Repeated, Requests, Scenario, set_up_wallets};
use crate::server::Server;
use crate::statistics::{each, milliseconds, per_second, ratio, seconds};

const CONNECTIONS: usize = 64;
/// How many requests a flood has at least.
const TRIES: u64 = 10_000;
/// However long it takes, no flood goes on for longer.
const FLOOD_TIME_MAX: Duration = Duration::from_secs(120);
/// How often a payment is asked for.
const PAYMENT_EVERY: Duration = Duration::from_millis(5);
const PAYING_CONNECTIONS: usize = 16;
const WALLETS: usize = 100;

/// Where payments come from, where the flood does, and where its victim is at home. The flood of many
/// names comes from as many addresses as it has connections.
const PAYER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

const VICTIM: &str = "ada@example.org";
const PASSWORD: &str = "correct horse battery";
/// How often the victim comes back when he is told to.
const COMES_BACK_MAX: usize = 5;

/// A site on which somebody pays.
pub(crate) struct Site<'a> {
    server: &'a Server,
    payments: Repeated,
    /// The token of who pays, as an own one of the program.
    pub(crate) token: String,
}

impl<'a> Site<'a> {
    /// Makes the payer and the victim, and wallets with money.
    ///
    /// # Errors
    /// Where they cannot be made.
    pub(crate) fn set_up(server: &'a Server) -> Result<Self, Failure> {
        let address = server.address;
        for name in ["ben@example.org", VICTIM] {
            expect(201, &post(address, PAYER, "/v1/auth/signup", &credentials(name, PASSWORD))?)?;
        }
        let body = credentials("ben@example.org", PASSWORD);
        let said = expect(200, &post(address, PAYER, "/v1/auth/login", &body)?)?;
        let token = text_field(said.body.as_bytes(), "access_token").unwrap_or_default().to_owned();
        let authorization = format!("Authorization: Bearer {token}\r\n");
        let wallets = set_up_wallets(address, &authorization, WALLETS)?;
        let payments = Scenario::PaymentSaga.workload(address, &wallets, &authorization);
        Ok(Self { server, payments, token })
    }

    /// Payments alone, then beside each flood.
    ///
    /// # Errors
    /// Where the server is gone, or there is no more time.
    pub(crate) fn all(mut self, session: &Session, plan: &Plan) -> Result<Vec<Flood>, Failure> {
        let mut floods = Vec::new();
        for kind in Kind::ALL {
            session.progress.set_message(format!("payments beside: {}", kind.name()));
            let mut flood = self.beside(session, kind, plan.flood_time)?;
            let alone = floods.first().unwrap_or(&flood);
            let alone: (f64, f64) = (alone.p50_ms, alone.p99_ms);
            flood.p50_ratio = ratio(flood.p50_ms, alone.0);
            flood.p99_ratio = ratio(flood.p99_ms, alone.1);
            if kind.is_of_passwords() {
                flood.afterwards = Some(self.afterwards(session)?);
            }
            floods.push(flood);
        }
        Ok(floods)
    }

    fn beside(&mut self, session: &Session, kind: Kind, time: Duration) -> Result<Flood, Failure> {
        let usage = || process::usage(self.server.pid()).map_err(doing(|| "reading its times"));
        let before = usage()?;
        let begun = Instant::now();
        let address = self.server.address;
        let paying = vec![Some(PAYER); PAYING_CONNECTIONS];
        let mut load = Load::open_from(address, &paying).map_err(doing(|| "connecting"))?;
        let mut paced = Paced { payments: &mut self.payments, due: 0 };
        let enough = AtomicBool::new(false);
        let flood = thread::scope(|scope| {
            let flooding = scope.spawn(|| pour(address, kind, &enough));
            let mut due = 0_u64;
            let mut next = Instant::now();
            while begun.elapsed() < time || !flooding.is_finished() {
                let stops = session.may_go_on();
                if stops.is_err() || begun.elapsed() >= time {
                    enough.store(true, Ordering::Relaxed);
                }
                stops?;
                (due, paced.due) = (due.saturating_add(1), paced.due.saturating_add(1));
                next = next.checked_add(PAYMENT_EVERY).unwrap_or(next);
                load.run(&mut paced, next).map_err(doing(|| "paying"))?;
                thread::park_timeout(next.saturating_duration_since(Instant::now()));
            }
            let poured = flooding.join().map_err(|_| Failure::Server("a flood broke".into()))?;
            Ok::<_, Failure>((poured?, due))
        });
        let (poured, due) = flood?;
        let elapsed = begun.elapsed();
        let until = Instant::now().checked_add(FLOOD_TIME_MAX).unwrap_or(begun);
        load.drain(&mut paced, until).map_err(doing(|| "waiting for the last payments"))?;
        let paid = load.take_tally().map_err(doing(|| "counting"))?;
        let hashing = usage()?.since(&before).cpu_us_by_thread.get("passwords").copied();
        let (_, resident_bytes_max) = process::resident_bytes(self.server.pid())
            .map_err(doing(|| "reading the server's memory"))?;
        let figures =
            Flood { resident_bytes_max, payments_due: due, ..poured.figures(kind, &paid) };
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let hashing_share = each(hashing.unwrap_or_default(), elapsed_us);
        Ok(Flood { hashing_share, seconds: seconds(elapsed), ..figures })
    }

    /// Whether the victim can sign in now: at home, and from where the flood came, where he comes back
    /// when he is told to.
    fn afterwards(&self, session: &Session) -> Result<Afterwards, Failure> {
        let body = credentials(VICTIM, PASSWORD);
        let log_in = |from| post(self.server.address, from, "/v1/auth/login", &body);
        let at_home = log_in(HOME)?.status;
        let begun = Instant::now();
        let mut said = log_in(ATTACKER)?;
        let first = said.status;
        for _ in 0..COMES_BACK_MAX {
            let Some(wait) = said.retry_after.filter(|_| said.status != 200) else { break };
            wait_until(session, Instant::now().checked_add(Duration::from_secs(wait)))?;
            said = log_in(ATTACKER)?;
        }
        let after_s = seconds(begun.elapsed());
        Ok(Afterwards { at_home, beside_it_first: first, beside_it: said.status, after_s })
    }
}

/// Waits, and hears when it is to stop.
fn wait_until(session: &Session, until: Option<Instant>) -> Result<(), Failure> {
    let rest =
        || Some(until?.saturating_duration_since(Instant::now())).filter(|rest| !rest.is_zero());
    while let Some(rest) = rest() {
        session.may_go_on()?;
        thread::park_timeout(rest.min(Duration::from_millis(500)));
    }
    Ok(())
}

fn credentials(name: &str, password: &str) -> String {
    format!(r#"{{"email":"{name}","password":"{password}"}}"#)
}

fn post(to: SocketAddr, from: Ipv4Addr, path: &str, body: &str) -> Result<Said, Failure> {
    let mut request = Requests::default();
    request.post(to, path, "Connection: close\r\n", body);
    errand(to, from, request.get(0)).map_err(doing(|| format!("asking {path}")))
}

fn expect(status: u16, said: &Said) -> Result<Said, Failure> {
    if said.status == status {
        return Ok(said.clone());
    }
    Err(Failure::SetUp(format!("an answer of {} instead of {status}: {}", said.status, said.body)))
}

/// What there is beside the payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    /// As many requests that cost next to nothing, for what comes of their number alone.
    Health,
    /// One name, from one address.
    OneName,
    /// Ever other names, each connection from an address of its own.
    ManyNames,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Nothing, Self::Health, Self::OneName, Self::ManyNames];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Health => "GET /healthz",
            Self::OneName => "wrong passwords, one name",
            Self::ManyNames => "wrong passwords, many names",
        }
    }

    fn is_of_passwords(self) -> bool {
        matches!(self, Self::OneName | Self::ManyNames)
    }

    /// From where its connections come.
    fn addresses(self) -> Vec<Option<Ipv4Addr>> {
        let numbers = (1..=u8::MAX).take(CONNECTIONS);
        match self {
            Self::Nothing => Vec::new(),
            Self::Health | Self::OneName => vec![Some(ATTACKER); CONNECTIONS],
            Self::ManyNames => {
                numbers.map(|number| Some(Ipv4Addr::new(127, 0, 1, number))).collect()
            }
        }
    }

    fn requests(self, to: SocketAddr) -> Requests {
        let mut requests = Requests::default();
        match self {
            Self::Nothing => {}
            Self::Health => {
                let asked = format!("GET /healthz HTTP/1.1\r\nHost: {to}\r\n\r\n");
                requests.add(&[asked.as_bytes()]);
            }
            Self::OneName => {
                let body = credentials(VICTIM, "wrong horse battery");
                requests.post(to, "/v1/auth/login", "", &body);
            }
            Self::ManyNames => {
                for number in 0..TRIES {
                    let name = format!("user{number}@example.org");
                    let body = credentials(&name, "wrong horse battery");
                    requests.post(to, "/v1/auth/login", "", &body);
                }
            }
        }
        requests
    }
}

/// What came of a flood.
struct Poured {
    tries: u64,
    by_status: BTreeMap<u16, u64>,
    connections: usize,
    elapsed: Duration,
}

impl Poured {
    fn figures(&self, kind: Kind, paid: &Tally) -> Flood {
        let count = |status: u16| self.by_status.get(&status).copied().unwrap_or_default();
        let by_status = self.by_status.iter().map(|(status, count)| (status.to_string(), *count));
        Flood {
            flood: kind.name(),
            connections: self.connections,
            tries: self.tries,
            tries_per_second: per_second(self.tries, self.elapsed),
            by_status: by_status.collect(),
            throttled_share: each(count(429), self.tries),
            payments: paid.latencies.count(),
            payment_errors: paid.errors,
            p50_ms: milliseconds(paid.latencies.within(0.5)),
            p99_ms: milliseconds(paid.latencies.within(0.99)),
            max_ms: milliseconds(paid.latencies.longest()),
            ..Flood::default()
        }
    }
}

/// Floods until it is enough, and there were that many.
fn pour(to: SocketAddr, kind: Kind, enough: &AtomicBool) -> Result<Poured, Failure> {
    let addresses = kind.addresses();
    let mut load = Load::open_from(to, &addresses).map_err(doing(|| "connecting to flood"))?;
    let (requests, by_status) = (kind.requests(to), BTreeMap::new());
    let mut wave = Wave { requests, next: 0, tries: 0, by_status };
    let begun = Instant::now();
    let slice = Duration::from_millis(50);
    let is_over = |wave: &Wave| {
        enough.load(Ordering::Relaxed) && wave.tries >= TRIES || begun.elapsed() > FLOOD_TIME_MAX
    };
    while !addresses.is_empty() && !is_over(&wave) {
        let until = Instant::now().checked_add(slice).unwrap_or(begun);
        load.run(&mut wave, until).map_err(doing(|| "flooding"))?;
    }
    let (tries, by_status) = (wave.tries, wave.by_status);
    Ok(Poured { tries, by_status, connections: addresses.len(), elapsed: begun.elapsed() })
}

/// The requests of a flood, one after another and again. Whatever the server answers is counted.
struct Wave {
    requests: Requests,
    next: usize,
    tries: u64,
    by_status: BTreeMap<u16, u64>,
}

impl Workload for Wave {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let at = self.next.checked_rem(self.requests.len())?;
        self.next = at.saturating_add(1);
        request.extend_from_slice(self.requests.get(at));
        Some(at)
    }

    fn answered(&mut self, _tag: usize, status: u16, _body: &[u8]) -> Result<(), String> {
        self.tries = self.tries.saturating_add(1);
        let count = self.by_status.entry(status).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }
}

/// So many payments as are due.
struct Paced<'a> {
    payments: &'a mut Repeated,
    due: u64,
}

impl Workload for Paced<'_> {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        self.due = self.due.checked_sub(1)?;
        self.payments.next(request)
    }

    fn answered(&mut self, tag: usize, status: u16, body: &[u8]) -> Result<(), String> {
        self.payments.answered(tag, status, body)
    }
}
