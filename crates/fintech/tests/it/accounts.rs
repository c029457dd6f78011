//! The program's own accounts, as its users meet them: the first start, sessions that go on and end,
//! what is taken back at once, and what becomes of all that when the program is killed.
//! Not in here: who may call what, see `access`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kernel::manifest::Who;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::contract::served;
use crate::program::{Reply, Server, command, ended};

pub(crate) const OPERATOR: &str = "operator@localhost";
const FIRST_PASSWORD: &str = "first-password";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The password that the first start made: where no terminal is, in a file of which it says where it is.
pub(crate) fn told(server: &mut Server) -> String {
    let line = server.log_until(FIRST_PASSWORD);
    let (path, choose) =
        line.split_once(" in the file ").unwrap().1.split_once(": choose").unwrap();
    assert!(choose.contains(&format!("--email … --server {}`", server.url)), "{line}");
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{path}");
    let kept = std::fs::read_to_string(path).unwrap();
    let (name, password) = kept.trim_end().split_once('\n').unwrap();
    assert_eq!(name, OPERATOR);
    password.to_owned()
}

/// Chooses the first operator's own password.
pub(crate) fn choose_password(server: &mut Server, password: &str) {
    let told = told(server);
    let body = json!({ "email": OPERATOR, "password": told, "new_password": password });
    server.post("/v1/auth/password", &body).expect(200);
}

fn log_in(server: &Server, email: &str) -> Reply {
    server.post("/v1/auth/login", &json!({ "email": email, "password": PASSWORD }))
}

fn refresh(server: &Server, token: &str) -> Reply {
    server.post("/v1/auth/refresh", &json!({ "refresh_token": token }))
}

fn ask(server: &Server, token: &str, asked: &str, body: &Value) -> Reply {
    let (method, path) = asked.split_once(' ').unwrap();
    let headers = [&*format!("authorization: Bearer {token}"), "content-type: application/json"];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, &format!("/v1{path}"), &headers, &body)
}

fn sign_up(server: &Server, email: &str) -> String {
    let body = json!({ "email": email, "password": PASSWORD });
    server.post("/v1/auth/signup", &body).expect(201).text("/sub")
}

#[test]
fn the_first_start_tells_a_password_once_and_it_is_for_one_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &["--log-level", "trace"]);
    let told = told(&mut server);
    server.post("/v1/wallet", &json!({})).expect(401);
    let with_told = json!({ "email": OPERATOR, "password": told });
    let refused = server.post("/v1/auth/login", &with_told).expect(403);
    assert!(refused.text("/type").ends_with("/password-change-required"), "{refused:?}");
    let body = json!({ "email": OPERATOR, "password": told, "new_password": PASSWORD });
    let token = server.post("/v1/auth/password", &body).expect(200).text("/access_token");
    assert_eq!(ask(&server, &token, "GET /me", &Value::Null).expect(200).text("/role"), "operator");
    server.post("/v1/auth/login", &with_told).expect(401);
    let began = log_in(&server, OPERATOR).expect(200);
    let log = server.stop();
    assert!(!folder.path().join(FIRST_PASSWORD).exists(), "it is good for nothing any more");
    for secret in [&told, PASSWORD, OPERATOR, &token, &began.text("/refresh_token")] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }

    let again = Server::with_accounts(folder.path(), &[]);
    log_in(&again, OPERATOR).expect(200);
    let log = again.stop();
    assert!(!log.contains(FIRST_PASSWORD), "{log}");
    for (path, mode) in [("keys", 0o700), ("cursor.key", 0o600)] {
        let found = std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
}

#[test]
fn a_start_tells_of_no_password_that_is_another_by_now() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    told(&mut server);
    server.stop();
    let file = folder.path().join(FIRST_PASSWORD);
    assert!(file.exists(), "he has not chosen yet");
    let act = |what: &[&str]| {
        let place = ["--data", crate::program::text(folder.path())];
        ended(&mut command(&[&["user"], what, &place].concat())).expect(0)
    };
    let start = || Server::with_accounts(folder.path(), &[]).stop();
    act(&["disable", OPERATOR]);
    let log = start();
    assert!(log.contains("`fintech user enable ") && !log.contains(FIRST_PASSWORD), "{log}");
    act(&["enable", OPERATOR]);
    assert!(start().contains(FIRST_PASSWORD), "it is his again");
    act(&["reset-password", OPERATOR]);
    let log = start();
    assert!(log.contains("`fintech user reset-password usr_"), "{log}");
    assert!(!log.contains(FIRST_PASSWORD) && !file.exists(), "{log}");
}

#[test]
fn a_refresh_token_is_good_once_and_what_it_gave_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    let email = "ada@example.org";
    sign_up(&server, email);
    let first = log_in(&server, email).expect(200).text("/refresh_token");
    // Of many at once one goes on; the others do not end it, for a second click is no theft.
    let replies: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| refresh(&server, &first))).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 7));
    assert!(lost.iter().all(|reply| reply.status == 401), "{lost:?}");
    let second = won[0].text("/refresh_token");
    let mut server = server;
    server.signal(Signal::KILL);
    server.wait();

    let server = Server::with_accounts(folder.path(), &[]);
    let third = refresh(&server, &second).expect(200);
    // The first was replaced twice: who shows it now has it from somebody else. The session is over,
    // and with it what was given in it.
    let token = third.text("/access_token");
    ask(&server, &token, "GET /me", &Value::Null).expect(200);
    refresh(&server, &first).expect(401);
    refresh(&server, &third.text("/refresh_token")).expect(401);
    ask(&server, &token, "GET /me", &Value::Null).expect(401);
    // Nor does a start forget it.
    server.stop();
    let server = Server::with_accounts(folder.path(), &[]);
    ask(&server, &token, "GET /me", &Value::Null).expect(401);
    log_in(&server, email).expect(200);
}

#[test]
fn who_is_disabled_is_kept_out_of_everything_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    choose_password(&mut server, PASSWORD);
    let olga = log_in(&server, OPERATOR).expect(200).text("/access_token");
    let ada = sign_up(&server, "ada@example.org");
    let began = log_in(&server, "ada@example.org").expect(200);
    let token = began.text("/access_token");
    ask(&server, &token, "POST /wallet", &json!({})).expect(201);
    ask(&server, &token, "GET /audit", &Value::Null).expect(403);

    let right = json!({ "right": "operators" });
    let change = |what: &str, body: &Value| {
        ask(&server, &olga, &format!("POST /auth/users/{ada}/{what}"), body).expect(200)
    };
    change("grant", &right);
    ask(&server, &token, "GET /me", &Value::Null).expect(401);
    let token = log_in(&server, "ada@example.org").expect(200).text("/access_token");
    ask(&server, &token, "GET /audit", &Value::Null).expect(200);
    change("revoke", &right);
    ask(&server, &token, "GET /audit", &Value::Null).expect(401);

    let began = log_in(&server, "ada@example.org").expect(200);
    let token = began.text("/access_token");
    change("disable", &json!({}));
    let needs_token = served().into_iter().filter(|one| !one.who.contains(&Who::Nobody));
    for operation in needs_token {
        let path = operation.path.replace(['{', '}'], "x");
        let asked = format!("{} {path}", operation.method.text());
        let refused = ask(&server, &token, &asked, &Value::Null).expect(401);
        assert!(refused.head.contains(r#"bearer error="invalid_token""#), "{asked}: {refused:?}");
    }
    log_in(&server, "ada@example.org").expect(401);
    refresh(&server, &began.text("/refresh_token")).expect(401);
    change("enable", &json!({}));
    log_in(&server, "ada@example.org").expect(200);
    server.stop();
}

#[test]
fn who_logs_out_is_out_and_everywhere_if_he_wants() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    sign_up(&server, "ada@example.org");
    let sessions: Vec<_> = (0..3).map(|_| log_in(&server, "ada@example.org").expect(200)).collect();
    let me = |session: &Reply| {
        ask(&server, &session.text("/access_token"), "GET /me", &Value::Null).status
    };
    let log_out = |session: &Reply, everywhere: bool| {
        let token = session.text("/refresh_token");
        let body = json!({ "refresh_token": token, "everywhere": everywhere });
        server.post("/v1/auth/logout", &body).expect(200);
    };
    log_out(&sessions[0], false);
    assert_eq!(sessions.iter().map(me).collect::<Vec<_>>(), [401, 200, 200]);
    log_out(&sessions[1], true);
    assert_eq!(sessions.iter().map(me).collect::<Vec<_>>(), [401, 401, 401]);
    refresh(&server, &sessions[2].text("/refresh_token")).expect(401);
}

/// A small flood is throttled, and tells nothing of who has an account.
#[test]
fn wrong_passwords_are_throttled_alike_whether_there_is_an_account_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    sign_up(&server, "ada@example.org");
    let statuses = |email: &str| -> Vec<u16> {
        let body = json!({ "email": email, "password": "wrong horse battery" });
        let replies: Vec<_> = (0..12).map(|_| server.post("/v1/auth/login", &body)).collect();
        let last = replies.last().unwrap();
        assert!(last.head.contains("retry-after:"), "{last:?}");
        let details: Vec<_> = replies.iter().map(|reply| reply.text("/detail")).collect();
        assert!(details.iter().all(|detail| !detail.contains("account")), "{details:?}");
        replies.iter().map(|reply| reply.status).collect()
    };
    // Her sign-up was a try too.
    for email in ["ada@example.org", "nobody@example.org"] {
        let seen = statuses(email);
        assert!(seen.starts_with(&[401; 4]) && seen.ends_with(&[429; 4]), "{email}: {seen:?}");
    }
    // What is no sign-in is not throttled with it.
    server.get("/healthz").expect(200);
}

#[test]
fn who_signed_in_from_an_address_does_so_again_while_others_guess_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    sign_up(&server, "ada@example.org");
    log_in(&server, "ada@example.org").expect(200);
    let guess = json!({ "grant_type": "client_credentials", "client_secret": "a guess",
        "client_id": "usr_00000000-0000-7000-8000-000000000000" });
    let guessed: Vec<_> = (0..60).map(|_| server.post("/v1/auth/token", &guess).status).collect();
    assert!(guessed.contains(&429), "{guessed:?}");
    log_in(&server, "ada@example.org").expect(200);
}

#[test]
fn a_token_and_a_service_for_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    choose_password(&mut server, PASSWORD);
    let olga = token_by_command(&server, OPERATOR);
    let mut letters = command(&["dead-letters", "list", "--server", &server.url]);
    ended(letters.env("FINTECH_TOKEN", &olga)).expect(0);
    let asked = json!({ "service": "shop", "rights": ["payments"] });
    let made = ask(&server, &olga, "POST /auth/users", &asked).expect(201);
    let secret = made.text("/client_secret");
    let asked = json!({ "grant_type": "client_credentials",
        "client_id": made.text("/user/sub"), "client_secret": secret });
    let token = server.post("/v1/auth/token", &asked).expect(200).text("/access_token");
    let me = ask(&server, &token, "GET /me", &Value::Null).expect(200);
    assert_eq!((me.text("/role"), me.text("/scopes/0")), ("service".into(), "payments".into()));
    let mut wrong = asked;
    wrong["client_secret"] = json!("x");
    server.post("/v1/auth/token", &wrong).expect(401);
    let jwks = server.get("/.well-known/jwks.json").expect(200).json();
    assert_eq!(jwks["keys"][0]["alg"], "ES256");
    assert!(jwks["keys"][0].get("d").is_none());
    rotate(folder.path());
    ask(&server, &token, "GET /me", &Value::Null).expect(200);
    server.stop();
    let server = Server::with_accounts(folder.path(), &[]);
    assert_eq!(server.get("/.well-known/jwks.json").json()["keys"].as_array().unwrap().len(), 2);
    ask(&server, &token, "GET /me", &Value::Null).expect(200);
}

/// What was counted since the last minute is booked before it ends.
#[test]
fn who_was_refused_is_booked_at_the_latest_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &[]);
    choose_password(&mut server, PASSWORD);
    let ada = sign_up(&server, "ada@example.org");
    for (email, times) in [("ada@example.org", 3), ("nobody@example.org", 1)] {
        let body = json!({ "email": email, "password": "wrong horse battery" });
        (0..times).for_each(|_| drop(server.post("/v1/auth/login", &body).expect(401)));
    }
    server.stop();

    let server = Server::with_accounts(folder.path(), &[]);
    let olga = log_in(&server, OPERATOR).expect(200).text("/access_token");
    let asked = "GET /audit?operation=refuse_sign_ins";
    let lines = ask(&server, &olga, asked, &Value::Null).expect(200).json();
    let line = |place: usize| &lines["items"][place];
    assert_eq!((&line(1)["subject"], &line(1)["times"]), (&json!(ada), &json!(3)), "{lines}");
    let hidden = line(0)["subject"].as_str().unwrap();
    assert!(hidden.starts_with("name-") && line(0)["times"] == 1, "{lines}");
    for place in [0, 1] {
        let line = line(place);
        let said = (&line["sub"], &line["outcome"], &line["from_address"]);
        assert_eq!(said, (&Value::Null, &json!("refused"), &json!("127.0.0.1")), "{lines}");
    }
    server.stop();
}

fn token_by_command(server: &Server, email: &str) -> String {
    let mut command = command(&["token", "--server", &server.url, "--email", email]);
    let run = ended(command.env("FINTECH_PASSWORD", PASSWORD)).expect(0);
    run.out.trim_end().to_owned()
}

fn rotate(data: &Path) {
    ended(&mut command(&["keys", "rotate", "--data", crate::program::text(data)])).expect(0);
}
