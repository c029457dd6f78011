//! `fintech serve` with a provider from outside, over TLS: a certified one, as a company might run it,
//! which people and programs sign in at. Skipped, and said so, where it is not installed. Not in here:
//! how it is run, see `tests/provider`; what roles may do, see `access`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Reply, Server, command, ended, skipped, text};

const AUDIENCE: &str = "https://bank.example/api";

/// How long the program may take to find a provider's new keys; it looks every ten seconds at most.
const KEYS_TIME_MAX: Duration = Duration::from_secs(60);

/// Where `make provider` has put it.
fn installed() -> Option<PathBuf> {
    let running = std::env::current_exe().ok()?;
    let mut folders = running.ancestors().map(|folder| folder.join("oidc-provider"));
    folders.find(|folder| folder.join("installed").is_file())
}

/// A provider that runs; ended when it is dropped.
struct Provider {
    child: Child,
    asking: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Provider {
    /// With new keys, each time.
    fn start(folder: &Path, port: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provider/provider.mjs");
        let mut child = Command::new("node")
            .args([script, text(folder), &port.to_string(), AUDIENCE])
            .env("NODE_EXTRA_CA_CERTS", folder.join("localhost.crt"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut provider = Self { asking: child.stdin.take().unwrap(), child, answers };
        while provider.line() != "ready" {}
        provider
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the provider has ended");
        line.trim_end().to_owned()
    }

    /// Signs in; the tokens.
    fn sign_in(&mut self, asked: &str) -> Value {
        writeln!(self.asking, "{asked}").unwrap();
        loop {
            let line = self.line();
            // What else it prints are notices.
            let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
            assert!(answer["access_token"].is_string(), "{asked}: {answer}");
            return answer;
        }
    }

    fn token(&mut self, asked: &str) -> String {
        self.sign_in(asked)["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn ask(server: &Server, token: &str, asked: &str) -> Reply {
    let (method, path) = asked.split_once(' ').unwrap();
    let headers = [&*format!("authorization: Bearer {token}"), "content-type: application/json"];
    server.send(method, path, &headers, if method == "POST" { "{}" } else { "" })
}

/// Beyond loopback, for who has a token of that provider.
fn serve(folder: &Path, issuer: &str, data: &Path) -> Command {
    let mut command = command(&[
        "serve",
        "--listen",
        "0.0.0.0:0",
        "--behind-proxy",
        "127.0.0.0/8",
        "--data",
        text(data),
        "--oidc-issuer",
        issuer,
        "--oidc-audience",
        "something-else,https://bank.example/api",
    ]);
    command.env("SSL_CERT_FILE", folder.join("localhost.crt"));
    command
}

#[test]
fn who_signed_in_elsewhere_is_let_in_as_what_he_is() {
    let Some(folder) = installed() else {
        skipped("there is no provider; `make provider` installs it");
        return;
    };
    let port = free_port();
    let issuer = format!("https://127.0.0.1:{port}");
    let mut provider = Provider::start(&folder, port);
    let data = tempfile::tempdir().unwrap();
    let server = Server::of(&mut serve(&folder, &issuer, data.path()));

    let nobody = server.get("/v1/me").expect(401);
    assert!(nobody.head.contains("www-authenticate: bearer\r\n"), "{nobody:?}");
    server.get("/metrics").expect(401);
    for open in ["/healthz", "/readyz", "/docs", "/v1/openapi.json"] {
        server.get(open).expect(200);
    }

    let signed_in = provider.sign_in("person ada staff");
    let ada = signed_in["access_token"].as_str().unwrap();
    let wallet_id = ask(&server, ada, "POST /v1/wallet").expect(201).text("/wallet_id");
    assert_eq!(ask(&server, ada, "GET /v1/me").expect(200).text("/sub"), "ada");
    ask(&server, ada, "GET /v1/ledger/trial-balance").expect(403);
    ask(&server, ada, "GET /metrics").expect(403);
    let identity = ask(&server, signed_in["id_token"].as_str().unwrap(), "GET /v1/me").expect(401);
    assert!(
        identity.head.contains(r#"www-authenticate: bearer error="invalid_token""#),
        "{identity:?}"
    );

    let wallet = format!("GET /v1/wallet/{wallet_id}");
    ask(&server, &provider.token("person ben staff"), &wallet).expect(404);
    let olga = provider.token("person olga staff operators");
    ask(&server, &olga, &wallet).expect(200);
    ask(&server, &olga, "GET /v1/ledger/trial-balance").expect(200);
    ask(&server, &olga, "GET /metrics").expect(200);
    let watcher = provider.token("service watcher metrics");
    ask(&server, &watcher, "GET /metrics").expect(200);
    ask(&server, &watcher, &wallet).expect(404);
    let terminal = provider.token("service terminal payments");
    ask(&server, &terminal, "GET /metrics").expect(403);
    assert_eq!(
        ask(&server, &terminal, "GET /v1/me").expect(200).json()["scopes"],
        json!(["payments"])
    );

    // It goes down: who has a token goes on, also with one that was not shown before.
    let unseen = provider.token("person eve staff");
    drop(provider);
    ask(&server, ada, "GET /v1/me").expect(200);
    ask(&server, &unseen, "GET /v1/me").expect(200);

    // It comes back with other keys: they are found, and what the old ones signed ends.
    let mut provider = Provider::start(&folder, port);
    let until = Instant::now() + KEYS_TIME_MAX;
    while ask(&server, &provider.token("person ada staff"), "GET /v1/me").status != 200 {
        assert!(Instant::now() < until, "the new keys are not found");
    }
    ask(&server, ada, "GET /v1/me").expect(401);
    let log = server.stop();
    assert!(log.contains("answered") && !log.contains(ada), "{log}");
}

/// A provider may come later than the program; one that says that it is somebody else never may.
#[test]
fn a_provider_that_is_not_there_yet_and_one_that_is_another() {
    let Some(folder) = installed() else {
        skipped("there is no provider; `make provider` installs it");
        return;
    };
    let port = free_port();
    let data = tempfile::tempdir().unwrap();
    let issuer = format!("https://127.0.0.1:{port}");
    let mut server = Server::of(&mut serve(&folder, &issuer, data.path()));
    let early = ask(&server, "a.b.c", "GET /v1/me").expect(503);
    assert!(early.head.contains("retry-after: 5\r\n"), "{early:?}");
    server.get("/v1/me").expect(401);
    let mut provider = Provider::start(&folder, port);
    let token = provider.token("person ada staff");
    server.log_until("keys are there again");
    ask(&server, &token, "GET /v1/me").expect(200);
    server.stop();
    let other = format!("https://127.0.0.1:{port}/");
    let refused = ended(&mut serve(&folder, &other, data.path())).expect(2);
    assert!(refused.err.contains("names the issuer"), "{refused:?}");
}
