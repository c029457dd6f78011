//! What every command has in common: its help, its exit codes, and options from the environment.

use std::net::TcpListener;

use crate::program::{Server, command, ended, run, text};

#[test]
fn help_teaches_with_examples() {
    let whole = run(&["--help"]).expect(0).out;
    for words in ["Exit codes:", "3  cannot run", "FINTECH_DATA", "fintech demo"] {
        assert!(whole.contains(words), "{words:?} is not in {whole}");
    }
    let commands: [&[&str]; 21] = [
        &["serve"],
        &["import"],
        &["verify"],
        &["backup"],
        &["export"],
        &["load"],
        &["tick"],
        &["dead-letters", "list"],
        &["dead-letters", "redrive"],
        &["events", "test-policy"],
        &["keys", "rotate"],
        &["token"],
        &["password"],
        &["user", "list"],
        &["user", "add"],
        &["user", "grant"],
        &["user", "revoke"],
        &["user", "disable"],
        &["user", "enable"],
        &["user", "reset-password"],
        &["demo"],
    ];
    for name in commands {
        assert!(whole.contains(name[0]), "{name:?} is not in {whole}");
        let help = run(&[name, &["--help"]].concat()).expect(0).out;
        assert!(help.contains("Example"), "{name:?}: {help}");
        assert!(help.contains(&format!("fintech {}", name.join(" "))), "{name:?}: {help}");
    }
}

#[test]
fn what_cannot_be_is_a_wrong_use() {
    let beyond = ["serve", "--listen", "0.0.0.0:0"];
    let sign_in = ["--oidc-issuer", "https://sso.example", "--oidc-audience", "bank"];
    let unencrypted = [&beyond[..], &sign_in].concat();
    let wrong: [(&[&str], &str); 18] = [
        (&[], "Usage"),
        (&["frobnicate"], "frobnicate"),
        (&["serve", "--listen", "nowhere"], "127.0.0.1:8080"),
        (&["serve", "--log-format", "xml"], "xml"),
        (&["serve", "--listen", "0.0.0.0:0", "--insecure-no-auth"], "listen on 127.0.0.1"),
        (&["serve", "--behind-proxy", "127.0.0.1", "--insecure-no-auth"], "without a proxy"),
        (&beyond, "--tls-cert"),
        (&unencrypted, "--tls-cert"),
        (&["serve", "--tls-cert", "site.crt"], "--tls-key"),
        (&["serve", "--behind-proxy", "proxy.example"], "10.0.0.0/8"),
        (&["serve", "--cors-origin", "*"], "https://app.example"),
        (&["verify", "--data", "/no/such/folder"], "no data folder"),
        (&["verify", "--data", "/no/such/folder"], "say with --data where it is"),
        (&["verify", "--data", "/no/such/folder"], "`fintech serve`, which makes one"),
        (&["tick", "--data", "/no/such/folder"], "no data folder"),
        (&["demo", "--server", "ftp://here"], "http://127.0.0.1:8080"),
        (&["token", "--email", "a@b", "--server", "http://0.0.0.0:1"], "--insecure-http"),
        (&["user", "list", "--server", "http://0.0.0.0:1"], "use https://"),
    ];
    for (arguments, words) in wrong {
        let ended = ended(command(arguments).env("FINTECH_PASSWORD", "sesame")).expect(2);
        assert!(ended.err.contains(words), "{arguments:?}: {ended:?}");
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn a_database_that_is_none_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fintech.sqlite3"), "no database ".repeat(1000)).unwrap();
    for command in ["verify", "tick", "serve"] {
        let ended = run(&[command, "--data", text(folder.path())]).expect(3);
        assert!(ended.err.contains("is damaged") && ended.err.contains("backup"), "{ended:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let ended = run(&["dead-letters", "list", "--server", &url]).expect(3);
    let elsewhere = url.replace("127.0.0.1", "0.0.0.0");
    run(&["dead-letters", "list", "--server", &elsewhere]).expect(2);
    run(&["dead-letters", "list", "--insecure-http", "--server", &elsewhere]).expect(3);
    assert!(ended.err.contains("is `fintech serve` running?"), "{ended:?}");
}

#[test]
fn a_folder_has_one_writer_and_the_second_is_told_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let data = text(folder.path());
    let second: [&[&str]; 3] = [
        &["serve", "--listen", "127.0.0.1:0", "--data", data],
        &["tick", "--data", data],
        &["dead-letters", "redrive", "--all", "--data", data],
    ];
    for arguments in second {
        let ended = run(arguments).expect(3);
        assert!(ended.err.contains("in use by process"), "{ended:?}");
    }
    server.stop();
    run(&["tick", "--data", data]).expect(0);
}

#[test]
fn an_address_in_use_is_told_before_the_folder_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ended = run(&["serve", "--listen", &address, "--data", text(&data)]).expect(3);
    assert!(ended.err.contains(&format!("cannot listen on {address}")), "{ended:?}");
    assert!(!data.exists());
}

#[test]
fn options_come_from_the_environment_and_flags_win() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let mut serve = command(&["serve"]);
    serve.env("FINTECH_LISTEN", "127.0.0.1:0").env("FINTECH_DATA", &one);
    Server::of(&mut serve).stop();
    assert!(one.join("fintech.sqlite3").exists());

    let mut serve = command(&["serve", "--data", text(&two), "--listen", "127.0.0.1:0"]);
    serve.env("FINTECH_LISTEN", "nowhere").env("FINTECH_DATA", "/no/such/folder");
    Server::of(&mut serve).stop();
    assert!(two.join("fintech.sqlite3").exists());

    let variable = "FINTECH_HOLD_DAYS in the environment";
    let mut serve = command(&["serve"]);
    let wrong = ended(serve.env("FINTECH_HOLD_DAYS", "many")).expect(2);
    assert!(wrong.err.contains("'many'") && wrong.err.contains(variable), "{wrong:?}");
    let mut serve = command(&["serve", "--hold-days=few"]);
    let wrong = ended(serve.env("FINTECH_HOLD_DAYS", "7")).expect(2);
    assert!(wrong.err.contains("'few'") && !wrong.err.contains(variable), "{wrong:?}");

    let mut list = command(&["dead-letters", "list", "--data", text(&one)]);
    list.env("FINTECH_SERVER", "http://127.0.0.1:1");
    ended(&mut list).expect(0);
    let mut verify = command(&["verify", "--data", text(&one)]);
    let report = ended(verify.env("FINTECH_JSON", "true")).expect(0).json();
    assert_eq!(report["violations"].as_array().map(Vec::len), Some(0));
}
