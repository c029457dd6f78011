//! What somebody did to users, names and sessions in the database itself, past the program, is found by
//! `fintech verify`; what the program did is right. Not in here: the ledger, see `history` and the tests of
//! `operations`; every way a record can be changed, see those of `identity`.

use std::fs;
use std::path::Path;

use kernel::id::named_uuid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::accounts::{OPERATOR, PASSWORD, choose_password};
use crate::program::{Reply, Server, run, text};

const DATABASE: &str = "fintech.sqlite3";

/// A folder in which Ada and Ben signed up, Ben was disabled, a shop has a right, and Ada has a session
/// that goes on and one that ended.
fn make(data: &Path) {
    let mut server = Server::with_accounts(data, &["--sign-up", "true"]);
    choose_password(&mut server, PASSWORD);
    let operator = bearer(&server, OPERATOR);
    let [ada, ben] = ["ada@example.org", "ben@example.org"].map(|email| {
        let body = json!({ "email": email, "password": PASSWORD });
        server.post("/v1/auth/signup", &body).expect(201).text("/sub")
    });
    let ask = |path: &str, body: &Value| {
        let json = "content-type: application/json";
        let key = format!("idempotency-key: {:032x}", named_uuid(&[path]));
        server.send(
            "POST",
            &format!("/v1/auth/{path}"),
            &[&operator, json, &key],
            &body.to_string(),
        )
    };
    ask("users", &json!({ "service": "shop", "rights": ["payments"] })).expect(201);
    ask(&format!("users/{ada}/grant"), &json!({ "right": "operators" })).expect(200);
    ask(&format!("users/{ada}/revoke"), &json!({ "right": "operators" })).expect(200);
    ask(&format!("users/{ben}/disable"), &json!({})).expect(200);
    let began = log_in(&server, "ada@example.org").expect(200).text("/refresh_token");
    server.post("/v1/auth/refresh", &json!({ "refresh_token": began })).expect(200);
    let ends = log_in(&server, "ada@example.org").expect(200).text("/refresh_token");
    server.post("/v1/auth/logout", &json!({ "refresh_token": ends })).expect(200);
    log_in(&server, "ben@example.org").expect(401);
    server.stop();
}

fn log_in(server: &Server, email: &str) -> Reply {
    server.post("/v1/auth/login", &json!({ "email": email, "password": PASSWORD }))
}

fn bearer(server: &Server, email: &str) -> String {
    let token = log_in(server, email).expect(200).text("/access_token");
    format!("authorization: Bearer {token}")
}

/// A copy of that folder in which `sql` was done.
fn copied(data: &Path, sql: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(data.join(DATABASE), copy.path().join(DATABASE)).unwrap();
    let database = rusqlite::Connection::open(copy.path().join(DATABASE)).unwrap();
    database.execute_batch(sql).unwrap();
    copy
}

/// What is wrong with it.
fn found(data: &Path, sql: &str) -> Vec<String> {
    let copy = copied(data, sql);
    let report = run(&["verify", "--data", text(copy.path()), "--json"]);
    let found = report.json()["violations"].as_array().unwrap().clone();
    report.expect(i32::from(!found.is_empty()));
    found.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_done_to_users_in_the_database_is_found() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let check = |sql: &str, expected: &[&str]| {
        let found = found(folder.path(), sql);
        assert_eq!(found.len(), expected.len(), "{sql}: {found:?}");
        for words in expected {
            assert!(found.iter().any(|one| one.contains(words)), "{sql}: {words:?} in {found:?}");
        }
    };
    check("", &[]);
    let is_not = "is not as audit line identity/";
    check("UPDATE user SET rights = 'operators' WHERE name = 'ada@example.org'", &[is_not]);
    check("UPDATE user SET state = 'ACTIVE' WHERE name = 'ben@example.org'", &[is_not]);
    check("UPDATE user SET epoch = epoch + 1 WHERE name = 'ben@example.org'", &[is_not]);
    check("UPDATE user SET proof = '$sha256$00' WHERE name = 'shop'", &[is_not]);
    let gone = ["is in audit line identity/", "leads to user"];
    check("DELETE FROM user WHERE name = 'shop'", &gone);
    let put_in =
        "UPDATE user SET sub = 'usr_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e' WHERE name = 'shop'";
    let in_another = ["was made by no line", "The name of user", "is in audit line identity/"];
    check(put_in, &in_another);
    let led_astray = "UPDATE login_name SET sub = (SELECT sub FROM user WHERE name = 'ada@example.org') \
                      WHERE sub = (SELECT sub FROM user WHERE name = 'ben@example.org')";
    check(led_astray, &["leads to user"]);
    check("UPDATE session SET family_hash = zeroblob(32) WHERE state = 'ENDED'", &["began it"]);
    check(
        "UPDATE session SET state = 'ACTIVE', ended_at = NULL, ended = NULL WHERE state = 'ENDED'",
        &["says ACTIVE, the lines of the audit trail ENDED"],
    );
    check("DELETE FROM session WHERE state = 'ENDED'", &["is in audit line identity/"]);

    let no_trail = found(folder.path(), "DELETE FROM audit_line WHERE service = 'identity'");
    let made_by_none = no_trail.iter().filter(|one| one.contains("made by no line")).count();
    assert_eq!(made_by_none, 4, "{no_trail:?}");
}

#[test]
fn what_cannot_be_read_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let check = |sql: &str, kind: &str, why: &str| {
        let found = found(folder.path(), sql);
        let words = format!("The {kind}");
        assert!(found.len() == 1 && found[0].starts_with(&words), "{sql}: {found:?}");
        assert!(found[0].contains(why), "{sql}: {found:?}");
    };
    for (column, value) in [
        ("rights", "NULL"),
        ("state", "'ASLEEP'"),
        ("kind", "'ROBOT'"),
        ("proof", "NULL"),
        ("proof_state", "''"),
        ("epoch", "-5"),
    ] {
        let sql = format!("UPDATE user SET {column} = {value} WHERE name = 'ada@example.org'");
        check(&sql, "user usr_", &format!("cannot be read: a user has a bad value in `{column}`"));
    }
    let of_ada = "WHERE sub = (SELECT sub FROM user WHERE name = 'ada@example.org')";
    let sub = "a login_name has a bad value in `sub`";
    check(&format!("UPDATE login_name SET sub = 'ada' {of_ada}"), "login_name name_", sub);
    let state = "a session has a bad value in `state`";
    check("UPDATE session SET state = '' WHERE state = 'ENDED'", "session ses_", state);
}

/// What of an operator, or of what was taken back, cannot be read stops a start, which says where it is
/// and what to do.
#[test]
fn a_start_names_what_it_cannot_go_on_with() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let check = |sql: &str, expected: &[&str]| {
        let copy = copied(folder.path(), sql);
        let serve = ["serve", "--data", text(copy.path()), "--listen", "127.0.0.1:0"];
        let stopped = run(&serve).expect(3);
        for words in expected.iter().chain(&["restore a backup, as docs/operate.md says"]) {
            assert!(stopped.err.contains(words), "{sql}: {words:?} in {}", stopped.err);
        }
    };
    let of = |name: &str, set: &str| format!("UPDATE user SET {set} WHERE name = '{name}'");
    let rights = [": usr_", ": a user has a bad value in `rights`; `fintech verify --data "];
    check(&of(OPERATOR, "rights = NULL"), &rights);
    check(&of(OPERATOR, "kind = 'ROBOT'"), &["a bad value in `kind`"]);
    check(&of(OPERATOR, "state = 'ASLEEP'"), &["a bad value in `state`"]);
    check(&of(OPERATOR, "proof = NULL"), &["a bad value in `proof`"]);
    check(&of(OPERATOR, "epoch = -5"), &["a bad value in `epoch`"]);
    check(&of("ben@example.org", "rights = NULL"), &rights);
    let ended = "UPDATE session SET family_hash = NULL WHERE state = 'ENDED'";
    check(ended, &["a session has a bad value in `family_hash`"]);
    let unsaid = ["is damaged", "`meta`", "no row for the table `user`, which is there"];
    check("DELETE FROM meta WHERE kind = 'user'", &unsaid);
}

/// Whoever is no operator, and from whom nothing was taken back, is needed for no start.
#[test]
fn a_customer_whose_row_cannot_be_read_stops_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_accounts(folder.path(), &["--sign-up", "true"]);
    choose_password(&mut server, PASSWORD);
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    server.post("/v1/auth/signup", &body).expect(201);
    server.stop();
    for sql in ["rights = NULL", "state = 'ASLEEP'", "proof = NULL"] {
        let sql = format!("UPDATE user SET {sql} WHERE name = 'ada@example.org'");
        let copy = copied(folder.path(), &sql);
        let server = Server::with_accounts(copy.path(), &[]);
        log_in(&server, OPERATOR).expect(200);
        log_in(&server, "ada@example.org").expect(500);
        server.stop();
        let data = ["--data", text(copy.path())];
        let listed = run(&[&["user", "list"], &data[..]].concat()).expect(0);
        assert!(listed.err.contains("; he cannot sign in. `fintech verify`"), "{}", listed.err);
        assert!(listed.out.contains(OPERATOR) && !listed.out.contains("ada@"), "{}", listed.out);
        run(&[&["user", "add", "--email", "olga@example.org"], &data[..]].concat()).expect(0);
    }
}

/// As a program left it whose lines say nothing of what they left. What becomes of their hashes here is
/// told beside that, and not looked at.
#[test]
fn lines_of_an_older_program_tell_who_was_made() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let check = |sql: &str, expected: &str| {
        let older = "UPDATE audit_line SET \"found\" = NULL, \"left\" = NULL, began = NULL;";
        let mut found = found(folder.path(), &format!("{older} {sql}"));
        found.retain(|one| !one.starts_with("Audit line identity/"));
        assert!(found.iter().all(|one| one.contains(expected)), "{found:?}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{sql}: {found:?}");
    };
    check("", "");
    check("DELETE FROM audit_line WHERE service = 'identity'", " by no line of the audit trail");
}
