//! What somebody did to users, names and sessions in the database itself, past the program, is found by
//! `fintech verify`; what the program did is right. Not in here: the ledger, see `history` and the tests of
//! `operations`; every way a record can be changed, see those of `identity`.

use std::fs;
use std::path::Path;

use kernel::id::named_uuid;
use serde_json::{Value, json};

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

/// What is wrong with a copy of that folder in which `sql` was done.
fn found(data: &Path, sql: &str) -> Vec<String> {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(data.join(DATABASE), copy.path().join(DATABASE)).unwrap();
    let database = rusqlite::Connection::open(copy.path().join(DATABASE)).unwrap();
    database.execute_batch(sql).unwrap();
    drop(database);
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
