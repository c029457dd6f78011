//! The refresh token as a cookie: what a browser is told of it, what it may send, and what is not taken.
//! Not in here: what a refresh token is good for, see `accounts`.

use serde_json::{Value, json};

use crate::program::Server;
use crate::samples::ok;
use crate::site::{Actor, Answer, Asked, Site};

const REFRESH: &str = "POST /auth/refresh";
const OVER_TLS: &str = "__Host-fintech_refresh";

fn known() -> Value {
    json!({ "email": "ada@example.org", "password": "correct horse battery" })
}

/// What is sent to begin a session with a cookie.
fn with_cookie() -> Value {
    let mut body = known();
    body["cookie"] = json!(true);
    body
}

/// A site whose cookies go over TLS alone, and the refresh token of a session there.
async fn began() -> (Site, String) {
    let site = Site::new();
    ok(&site, Actor::Nobody, "POST /auth/signup", known()).await;
    let answer = site.ask(Actor::Nobody, "POST /auth/login", &with_cookie()).await.expect(200);
    assert_eq!(answer.json["refresh_token"], Value::Null);
    let token = token(&answer);
    (site, token)
}

/// The token that a browser is told to keep; every attribute is as it must be.
#[track_caller]
fn token(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let fortnight = 14 * 24 * 60 * 60;
    let expected = format!("Path=/; Max-Age={fortnight}; HttpOnly; SameSite=Strict; Secure");
    assert_eq!(attributes, expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    pair.strip_prefix(OVER_TLS).unwrap().strip_prefix('=').unwrap().to_owned()
}

fn refresh(cookie: &str) -> Asked {
    Asked::of(Actor::Nobody, REFRESH, &json!({})).with("cookie", cookie)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_goes_on_and_ends_by_its_cookie() {
    let (site, first) = began().await;
    let among = format!("theme=light; {OVER_TLS}={first}; lang=en");
    let second = token(&site.send(&refresh(&among)).await.expect(200));
    assert_ne!(first, second);
    let end = Asked::of(Actor::Nobody, "POST /auth/logout", &json!({}));
    let ended = site.send(&end.with("cookie", &format!("{OVER_TLS}={second}"))).await.expect(200);
    let forgotten = format!("{OVER_TLS}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
    assert_eq!(ended.header("set-cookie"), Some(&*forgotten));
    site.send(&refresh(&format!("{OVER_TLS}={second}"))).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_site_could_make_a_browser_send_does_nothing() {
    let (site, token) = began().await;
    let state = site.state().await;
    let good = format!("{OVER_TLS}={token}");
    let foreign = |name, value| refresh(&good).with(name, value);
    let cases = [
        (foreign("origin", "https://evil.example"), "403 forbidden"),
        (foreign("origin", "null"), "403 forbidden"),
        (foreign("sec-fetch-site", "cross-site"), "403 forbidden"),
        // A form of a page elsewhere, in a browser that says nothing of where it is.
        (foreign("content-type", "text/plain"), "415 unsupported-media-type"),
        (refresh(&good).without("content-type"), "415 unsupported-media-type"),
        // Two, of which a neighbour may have put one there.
        (refresh(&format!("{good}; {good}")), "400 malformed Cookie"),
        (refresh(&format!("{OVER_TLS}=x; {good}")), "400 malformed Cookie"),
        (refresh(&good).with_another("cookie", &good), "400 malformed Cookie"),
        // A name that a neighbour can give his own.
        (refresh(&format!("fintech_refresh={token}")), "401 sign-in-refused"),
        (refresh(&format!("__Secure-fintech_refresh={token}")), "401 sign-in-refused"),
        (refresh(OVER_TLS), "401 sign-in-refused"),
        (refresh(&format!("{OVER_TLS}=\"{token}\"")), "401 sign-in-refused"),
    ];
    for (asked, expected) in cases {
        let answer = site.send(&asked).await;
        assert_eq!(answer.line(), expected, "{asked:?}");
        assert!(site.state().await == state, "{asked:?} did something");
    }
    site.send(&refresh(&good)).await.expect(200);
}

/// Not every browser takes `Secure`, which the prefix needs, over http from loopback.
#[test]
fn over_http_on_loopback_it_is_one_that_every_browser_takes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    server.post("/v1/auth/signup", &known()).expect(201);
    let began = server.post("/v1/auth/login", &with_cookie()).expect(200);
    let given = began.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let (pair, attributes) = given.split_once("; ").unwrap();
    assert_eq!(attributes, "path=/v1/auth; max-age=1209600; httponly; samesite=strict");
    assert!(pair.starts_with("fintech_refresh="), "{pair}");
    server.stop();
}
