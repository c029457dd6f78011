//! Sessions that go on while the program is killed: afterwards each has one good refresh token, and nobody
//! is out who had an answer. Not in here: what a kill leaves of the ledger, which the simulation and the
//! crash tests show.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use rustix::process::Signal;
use serde_json::json;

use crate::program::{Reply, Server};

const PASSWORD: &str = "correct horse battery";
const JSON: &[&str] = &["content-type: application/json"];

/// How many sessions go on at once, and how often they have in all when the program is killed.
const SESSIONS: usize = 4;
const REFRESHED: i64 = 40;

/// What a browser or a script has of its session.
struct Held {
    /// The newest that was answered.
    token: String,
    former: Option<String>,
    /// How many there were.
    generation: i64,
}

fn refresh(server: &Server, token: &str) -> Option<Reply> {
    let body = json!({ "refresh_token": token }).to_string();
    server.try_send("POST", "/v1/auth/refresh", JSON, &body).ok().flatten()
}

/// Somebody new signs up and in.
fn began(server: &Server, number: usize) -> Held {
    let body = json!({ "email": format!("ada{number}@example.org"), "password": PASSWORD });
    server.post("/v1/auth/signup", &body).expect(201);
    let token = server.post("/v1/auth/login", &body).expect(200).text("/refresh_token");
    Held { token, former: None, generation: 1 }
}

impl Held {
    fn takes(&mut self, reply: &Reply) {
        self.former = Some(std::mem::replace(&mut self.token, reply.text("/refresh_token")));
        self.generation += 1;
    }

    /// Goes on until nobody answers any more.
    fn goes_on(&mut self, server: &Server, count: &AtomicI64) {
        while let Some(reply) = refresh(server, &self.token) {
            self.takes(&reply.expect(200));
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The generation and state of each session, as it lies in the folder.
fn kept(data: &Path) -> Vec<(i64, String)> {
    let database = rusqlite::Connection::open(data.join("fintech.sqlite3")).unwrap();
    let sql = "SELECT generation, state FROM session ORDER BY created_at";
    let mut rows = database.prepare(sql).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_kill_while_sessions_go_on_leaves_each_with_one_good_token() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    let mut idle = began(&server, SESSIONS);
    idle.takes(&refresh(&server, &idle.token).unwrap().expect(200));
    let mut busy: Vec<_> = (0..SESSIONS).map(|number| began(&server, number)).collect();
    let count = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for held in &mut busy {
            let (server, count) = (&server, &count);
            scope.spawn(move || held.goes_on(server, count));
        }
        while count.load(Ordering::Relaxed) < REFRESHED {
            std::thread::yield_now();
        }
        server.signal(Signal::KILL);
    });
    server.wait();

    // The last refresh of each was done to its end or not at all. A clean start and stop change nothing.
    Server::with_accounts(folder.path(), &[]).stop();
    let kept = kept(folder.path());
    assert_eq!(kept.len(), SESSIONS + 1);
    assert!(kept.iter().all(|(_, state)| state == "ACTIVE"), "{kept:?}");
    assert_eq!(kept[0].0, idle.generation, "it was answered");

    let server = Server::with_accounts(folder.path(), &[]);
    for (held, (generation, _)) in busy.iter_mut().zip(&kept[1..]) {
        let is_lost = *generation == held.generation + 1;
        assert!(is_lost || *generation == held.generation, "{generation} {}", held.generation);
        let reply = refresh(&server, &held.token).unwrap();
        if is_lost {
            // Whose answer was lost signs in again; what he has is good no more.
            reply.expect(401);
            continue;
        }
        held.takes(&reply.expect(200));
        expect_one_good(&server, held);
    }
    // Who had his answer before it was killed goes on.
    idle.takes(&refresh(&server, &idle.token).unwrap().expect(200));
    expect_one_good(&server, &mut idle);
    server.stop();
}

/// The newest token is good, once.
fn expect_one_good(server: &Server, held: &mut Held) {
    held.takes(&refresh(server, &held.token).unwrap().expect(200));
    let former = held.former.take().unwrap();
    refresh(server, &former).unwrap().expect(401);
}
