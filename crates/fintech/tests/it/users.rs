//! `fintech user`, over a server and over a folder: what it changes, what it refuses, and that an operator
//! who has locked himself out gets in again. Not in here: what a change means for sessions, see `accounts`.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::accounts::{OPERATOR, PASSWORD, choose_password};
use crate::program::{Ended, Server, command, ended, run, text};

/// `fintech user`, over a server as its operator, or over a folder.
struct Users<'a> {
    place: [&'a str; 2],
    token: Option<String>,
}

impl Users<'_> {
    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = command(&[&["user"], arguments, &self.place].concat());
        if let Some(token) = &self.token {
            command.env("FINTECH_TOKEN", token);
        }
        ended(&mut command)
    }

    /// The words of a listed user behind his id.
    #[track_caller]
    fn line(&self, name: &str) -> String {
        let list = self.run(&["list"]).expect(0).out;
        let line = list.lines().find(|line| line.contains(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {list}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    }

    /// What is refused changes nothing, and is told.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, words: &str) {
        let before = self.run(&["list", "--json"]).out;
        let refused = self.run(arguments).expect(code);
        assert!(refused.err.contains(words), "{refused:?}");
        assert_eq!(refused.out, "", "{arguments:?}");
        assert_eq!(self.run(&["list", "--json"]).out, before, "{arguments:?}");
    }

    /// Everything that both places do alike.
    fn walk(&self) {
        let added =
            self.run(&["add", "--email", "Ben@example.org", "--right", "operators"]).expect(0);
        let words = "ben@example.org  operators\npassword for one time: ";
        assert!(added.out.contains(words), "{added:?}");
        assert_eq!(self.line("ben"), "ACTIVE PERSON ben@example.org operators");
        let at = if let ["--server", url] = self.place {
            format!(" --server {url}")
        } else {
            String::new()
        };
        let choose = format!("`fintech password --email ben@example.org{at}`");
        assert!(added.err.contains(&choose), "{added:?}");
        let shop = self.run(&["add", "--service", "shop", "--right", "payments", "--json"]);
        let shop = shop.expect(0).json();
        assert_eq!(shop["client_secret"].as_str().map(str::len), Some(43));
        self.run(&["grant", "shop", "metrics"]).expect(0);
        assert_eq!(self.line("shop"), "ACTIVE SERVICE shop metrics payments");
        self.run(&["revoke", "shop", "payments"]).expect(0);
        self.run(&["disable", "ben@example.org"]).expect(0);
        assert_eq!(self.line("ben"), "DISABLED PERSON ben@example.org operators");
        self.run(&["enable", "ben@example.org"]).expect(0);
        self.run(&["revoke", "BEN@example.org", "operators"]).expect(0);
        assert_eq!(self.line("ben"), "ACTIVE PERSON ben@example.org");
        // A word that is no right of anybody's, or none of his.
        self.run(&["revoke", "ben@example.org", "staff"]).expect(0);
        let sub = shop["user"]["sub"].as_str().unwrap();
        let reset = self.run(&["reset-password", sub]).expect(0).out;
        assert!(reset.contains("\nsecret: "), "{reset}");
        self.run(&["disable", "shop"]).expect(0);

        self.refused(&["disable", "nobody@example.org"], 1, "nobody@example.org is no user");
        let unknown = "usr_00000000-0000-7000-8000-00000000ffff";
        self.refused(&["reset-password", unknown], 1, "is no user");
        let again =
            |name| format!("{name} is a user already; `fintech user reset-password {name}`");
        self.refused(&["add", "--email", "ben@example.org"], 1, &again("ben@example.org"));
        self.refused(&["add", "--service", "shop"], 1, &again("shop"));
        self.refused(&["grant", "ben@example.org", "Staff!"], 2, "a-z");
        let there_are = "people can have `operators`, services `payments` and `metrics`";
        self.refused(&["grant", "ben@example.org", "operator"], 1, there_are);
        self.refused(&["grant", "shop", "operators"], 1, there_are);
        self.refused(&["add", "--email", "x@example.org", "--right", "payments"], 1, there_are);
        self.refused(&["enable", "Ben!"], 2, "is no id");
        self.refused(&["add"], 2, "--email");
    }
}

/// The first start, and a token of the operator that it made.
fn first(data: &Path) -> (Server, String) {
    let mut server = Server::with_accounts(data, &[]);
    choose_password(&mut server, PASSWORD);
    let token = log_in(&server, OPERATOR, PASSWORD);
    (server, token)
}

fn log_in(server: &Server, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password });
    server.post("/v1/auth/login", &body).expect(200).text("/access_token")
}

#[test]
fn users_are_listed_and_changed_over_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = first(folder.path());
    let users = Users { place: ["--server", &server.url], token: Some(token) };
    users.walk();
    // Of two operators one can go, of one none.
    users.run(&["add", "--email", "olga@example.org", "--right", "operators"]).expect(0);
    users.run(&["revoke", "olga@example.org", "operators"]).expect(0);
    let ends = ["disable", "revoke", "reset-password"];
    let refuse_to_end = || {
        for end in ends {
            let right: &[&str] = if end == "revoke" { &["operators"] } else { &[] };
            users.refused(&[&[end, OPERATOR], right].concat(), 1, "He is the last operator");
        }
    };
    refuse_to_end();
    users.run(&["grant", "olga@example.org", "operators"]).expect(0);
    // She was told a password and has chosen none.
    refuse_to_end();
    users.run(&["disable", "olga@example.org"]).expect(0);
    users.refused(&["disable", OPERATOR], 1, "He is the last operator");

    let nobody = Users { token: None, ..users };
    let refused = nobody.run(&["list"]).expect(1);
    assert!(refused.err.contains("FINTECH_TOKEN=$(fintech token"), "{refused:?}");
}

#[test]
fn who_locked_himself_out_gets_in_again_by_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = first(folder.path());
    let users = Users { place: ["--data", text(folder.path())], token: None };
    assert_eq!(users.line(OPERATOR), format!("ACTIVE PERSON {OPERATOR} operators"));
    let refused = users.run(&["reset-password", OPERATOR]).expect(3);
    assert!(refused.err.contains("in use by process"), "{refused:?}");
    server.stop();

    users.walk();
    // Here it is done, for whoever may use the folder can undo it.
    let last = users.run(&["disable", OPERATOR]).expect(0);
    let enable = last.err.split_once("this makes one: `fintech user ").unwrap().1;
    let enable = enable.split_once(" --data ").unwrap().0.to_owned();
    // A start tells it too, and serves all the same.
    let mut server = Server::with_accounts(folder.path(), &[]);
    let told = server.log_until("There is no operator who can sign in");
    assert!(told.contains(&format!("`fintech user {enable} --data ")), "{told}");
    server.stop();
    let enabled = users.run(&enable.split(' ').collect::<Vec<_>>()).expect(0);
    assert!(enable.starts_with("enable usr_"), "{enable}");
    assert_eq!(enabled.err, "");
    let reset = users.run(&["reset-password", OPERATOR, "--json"]).expect(0).json();
    let told = reset["one_time_password"].as_str().unwrap();

    let server = Server::with_accounts(folder.path(), &[]);
    let bearer = format!("authorization: Bearer {token}");
    server.send("GET", "/v1/me", &[&bearer], "").expect(401);
    let new_password = "staple of the correct horse";
    let mut chosen = command(&["password", "--server", &server.url, "--email", OPERATOR]);
    chosen.env("FINTECH_PASSWORD", told).env("FINTECH_NEW_PASSWORD", new_password);
    ended(&mut chosen).expect(0);
    let bearer = format!("authorization: Bearer {}", log_in(&server, OPERATOR, new_password));
    let audit = server.send("GET", "/v1/audit?service=identity&limit=100", &[&bearer], "");
    let audit = audit.expect(200).json();
    let by_folder: Vec<_> = audit["items"].as_array().unwrap().iter().filter(is_local).collect();
    let resets = by_folder.iter().filter(|line| line["operation"] == "reset_password");
    assert_eq!((by_folder.len(), resets.count()), (14, 2), "{audit}");
    server.stop();
    run(&["verify", "--data", text(folder.path())]).expect(0);
}

/// As `fintech user list | head -1` may: who has gone needs no word.
#[test]
fn who_reads_no_further_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Server::with_accounts(folder.path(), &[]).stop();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut list = command(&["user", "list", "--data", text(folder.path())]);
    let child = list.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(list);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), said.as_str()), (Some(141), ""));
}

/// What it says is of commands, not of HTTP, and the exit code tells a no from what may be another time.
#[test]
fn what_a_server_refuses_is_told_as_what_a_command_does_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = first(folder.path());
    let url = server.url.as_str();
    let told = |arguments: &[&str], secret: (&str, &str)| {
        ended(command(&[arguments, &["--server", url]].concat()).env(secret.0, secret.1))
    };
    let check = |ended: Ended, code: i32, words: &str| {
        let ended = ended.expect(code);
        assert!(ended.err.contains(words), "{ended:?}");
        for of_programs in ["POST", "/v1/", "Retry-After", "Authorization", "401"] {
            assert!(!ended.err.contains(of_programs), "{ended:?}");
        }
    };
    let get = format!("FINTECH_TOKEN=$(fintech token --email EMAIL --server {url})");
    check(told(&["user", "list"], ("FINTECH_TOKEN", "")), 1, &get);
    check(told(&["demo"], ("FINTECH_TOKEN", "no token")), 1, &get);
    check(run(&["user", "list", "--server", url]), 1, "FINTECH_TOKEN is empty");
    let tls = run(&["user", "list", "--server", &url.replace("http", "https")]);
    check(tls, 3, "it does not speak TLS");

    let add = ["user", "add", "--email", "olga@example.org", "--right", "operators", "--json"];
    let operator = log_in(&server, OPERATOR, PASSWORD);
    let made = told(&add, ("FINTECH_TOKEN", &operator)).expect(0).json();
    let olga = ["token", "--email", "olga@example.org"];
    let one_time = made["one_time_password"].as_str().unwrap();
    let choose = format!("fintech password --email EMAIL --server {url}");
    check(told(&olga, ("FINTECH_PASSWORD", one_time)), 1, &choose);
    // Whoever signs in needs no token, so one that is none is in nobody's way.
    let mut token = command(&["token", "--email", OPERATOR, "--server", url]);
    token.env("FINTECH_PASSWORD", PASSWORD).env("FINTECH_TOKEN", "no token");
    ended(&mut token).expect(0);
    check(
        told(&olga, ("FINTECH_PASSWORD", "wrong wrong")),
        1,
        "The name or what proves it is wrong",
    );
    check(
        told(&olga, ("FINTECH_PASSWORD", "")),
        2,
        "Password is missing; give it as FINTECH_PASSWORD",
    );
    let new = told(&["password", "--email", OPERATOR], ("FINTECH_PASSWORD", PASSWORD));
    check(new, 2, "The new one is missing; give it as FINTECH_NEW_PASSWORD, or as the first line");
    let (input, mut typed) = std::io::pipe().unwrap();
    typed.write_all(b"the one that there is\n").unwrap();
    drop(typed);
    let mut new = command(&["password", "--email", OPERATOR, "--server", url]);
    check(ended(new.stdin(input)), 2, "or as the second line of standard input");
    for _ in 0..7 {
        told(&olga, ("FINTECH_PASSWORD", "wrong wrong"));
    }
    let late = told(&olga, ("FINTECH_PASSWORD", "wrong wrong"));
    check(late, 3, "Too many requests. Nothing was done. Try again in ");
    server.stop();

    let nobodys = Server::start(folder.path());
    let token = ["token", "--email", OPERATOR, "--server", &nobodys.url];
    let token = ended(command(&token).env("FINTECH_PASSWORD", PASSWORD));
    check(token, 1, "This server has no accounts of its own");
}

/// Whether the line is of a command on the folder.
fn is_local(line: &&Value) -> bool {
    line["sub"] == "local" && line["role"] == "operator" && line["from_address"].is_null()
}
