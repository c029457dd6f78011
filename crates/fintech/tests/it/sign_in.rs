//! What cannot be at the routes of signing in: names and passwords that are none, the same name in other
//! letters, of many at once, and whatever else somebody may send. Not in here: bodies that are malformed
//! whatever they are about, see `bad_input`; who may sign in, see `accounts`.

use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::ok;
use crate::site::{Actor, Answer, Site};

const PASSWORD: &str = "correct horse battery";

async fn ask(site: &Site, route: &str, body: &Value) -> Answer {
    site.ask(Actor::Nobody, &format!("POST /auth/{route}"), body).await
}

/// The routes to which a name is sent, each with a body that is well.
fn named() -> [(&'static str, Value); 3] {
    let known = json!({ "email": "ada@example.org", "password": PASSWORD });
    let mut changed = known.clone();
    changed["new_password"] = json!("staple of the horse");
    [("signup", known.clone()), ("login", known), ("password", changed)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_address_is_refused_by_name() {
    let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(190));
    let wrong = [
        "",
        " ",
        "eve",
        "@example.org",
        "eve@",
        "eve@example..org",
        "eve@@example.org",
        "eve@exam ple.org",
        " eve@example.org",
        "eve@example.org ",
        "eve@example.org\n",
        "ada\u{0}@example.org",
        "ada\r\nBcc: eve@example.org",
        "ada\u{7f}@example.org",
        "ada\u{85}@example.org",
        "ada\u{2028}@example.org",
        "ada\u{a0}@example.org",
        "eve@example.org,eve@example.org",
        "Ada <eve@example.org>",
        "\"ada\"@example.org",
        "eve@[127.0.0.1]",
        "eve@example.org\u{202e}",
        &long,
    ];
    let site = Site::new();
    let state = site.state().await;
    for (route, body) in named() {
        for email in wrong {
            let mut body = body.clone();
            body["email"] = json!(email);
            let answer = ask(&site, route, &body).await;
            assert_eq!(answer.line(), "400 malformed email", "{route} {email:?}");
            assert!(!answer.text.contains("eve"), "{route} tells it again: {answer:?}");
        }
        for value in [json!(null), json!(5), json!(["eve@example.org"]), json!({ "x": 1 })] {
            let mut body = body.clone();
            body["email"] = value;
            assert_eq!(ask(&site, route, &body).await.line(), "400 malformed email", "{body}");
        }
    }
    assert!(site.state().await == state, "what was refused left something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_chosen_is_refused_and_what_can_be_is_taken_as_it_is() {
    let site = Site::new();
    for (route, field) in [("signup", "password"), ("password", "new_password")] {
        let (_, body) = named().into_iter().find(|(known, _)| *known == route).unwrap();
        let of_no_worth = ["aaaaaaaaaa", "correct\nhorse", "correct\u{0}horse"];
        let others = ["", "seven77", "ééééééé", "password1", "PassWord123", &"x".repeat(129)];
        for password in others.into_iter().chain(of_no_worth) {
            let mut body = body.clone();
            body[field] = json!(password);
            let expected = format!("400 malformed {field}");
            assert_eq!(ask(&site, route, &body).await.line(), expected, "{password:?}");
        }
    }
    let mut same = named()[2].1.clone();
    same["new_password"] = json!(PASSWORD);
    assert_eq!(ask(&site, "password", &same).await.line(), "400 malformed new_password");

    // Blanks and both forms of a letter are taken, and are not the same as one another.
    let odd = " e\u{301} \u{1F600} horse ";
    let chosen = json!({ "email": "ben@example.org", "password": odd });
    ask(&site, "signup", &chosen).await.expect(201);
    for wrong in [" \u{e9} \u{1F600} horse ", odd.trim_end(), odd.trim_start()] {
        let body = json!({ "email": "ben@example.org", "password": wrong });
        ask(&site, "login", &body).await.expect(401);
    }
    ask(&site, "login", &chosen).await.expect(200);
}

/// Capital letters count as small ones, in every script.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_in_other_letters_is_the_same() {
    let site = Site::new();
    let body = |email: &str| json!({ "email": email, "password": PASSWORD });
    let made = ask(&site, "signup", &body("Ada@Example.ORG")).await.expect(201);
    assert_eq!(made.at("/name"), "ada@example.org");
    assert_eq!(made.header("location"), None, "there is no place to look at one user");
    let again = ask(&site, "signup", &body("aDA@eXAMPLE.org")).await;
    assert_eq!(again.line(), "409 name-taken");
    let began = ask(&site, "login", &body("ADA@example.org")).await.expect(200);
    assert_eq!(began.at("/sub"), made.at("/sub"));
    // What only looks alike is nobody's.
    for alike in ["\u{430}da@example.org", "ada\u{200b}@example.org", "\u{ff41}da@example.org"] {
        for operation in ["signup", "login"] {
            ask(&site, operation, &body(alike)).await.expect(400);
        }
    }
}

/// A key is of a caller, and here nobody is known yet: a repeated sign-up finds the name taken, and a
/// repeated log-in begins another session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_has_the_name_and_keys_change_nothing() {
    let site = Site::new();
    let body = |number: u8| json!({ "email": "ada@example.org", "password": format!("horse no {number}") });
    let bodies: Vec<_> = (0..5).map(body).collect();
    let answers = join_all(bodies.iter().map(|body| ask(&site, "signup", body))).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().zip(&bodies).partition(|(answer, _)| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 4), "{answers:?}");
    assert!(refused.iter().all(|(answer, _)| answer.line() == "409 name-taken"), "{refused:?}");

    let ben = json!({ "email": "ben@example.org", "password": PASSWORD });
    let keyed = |route: &str| {
        crate::site::Asked::of(Actor::Nobody, &format!("POST /auth/{route}"), &ben)
            .with("idempotency-key", "one-of-its-kind")
    };
    site.send(&keyed("signup")).await.expect(201);
    assert_eq!(site.send(&keyed("signup")).await.line(), "409 name-taken");
    let one = site.send(&keyed("login")).await.expect(200).at("/refresh_token");
    let two = site.send(&keyed("login")).await.expect(200).at("/refresh_token");
    assert_ne!(one, two);
    for token in [one, two] {
        ask(&site, "refresh", &json!({ "refresh_token": token })).await.expect(200);
    }
}

/// What a body may hold that is sent to any of the routes.
fn bodies() -> impl Strategy<Value = (&'static str, Value)> {
    let text = prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9.@-]{0,40}",
        "[A-Za-z0-9_-]{86}",
        Just("ada@example.org".to_owned()),
        Just("usr_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e".to_owned()),
        Just("client_credentials".to_owned()),
    ];
    let value = prop_oneof![
        8 => text.prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
    ];
    let fields = |route: &str| -> &'static [&'static str] {
        match route {
            "signup" => &["email", "password"],
            "login" => &["email", "password", "cookie"],
            "password" => &["email", "password", "new_password"],
            "token" => &["grant_type", "client_id", "client_secret"],
            _ => &["refresh_token"],
        }
    };
    let route =
        prop::sample::select(vec!["signup", "login", "password", "token", "refresh", "logout"]);
    (route, prop::collection::vec(value, 3)).prop_map(move |(route, values)| {
        let named = fields(route).iter().map(|name| (*name).to_owned());
        (route, Value::Object(named.zip(values).collect()))
    })
}

/// Nothing that is sent breaks anything, makes anybody an operator or lets anybody in who is not there.
/// Every answer is held against the OpenAPI document on its way.
#[test]
fn whatever_is_sent_is_answered_and_lets_nobody_in() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(async {
        let site = Site::new();
        let known = json!({ "email": "ada@example.org", "password": PASSWORD });
        ok(&site, Actor::Nobody, "POST /auth/signup", known).await;
        site
    });
    proptest!(ProptestConfig::with_cases(160), |((route, body) in bodies())| {
        let answer = runtime.block_on(ask(&site, route, &body));
        let expected: &[u16] = match route {
            "signup" => &[201, 400, 409, 429],
            "logout" => &[200, 400],
            _ => &[400, 401, 429],
        };
        prop_assert!(expected.contains(&answer.status), "{} {}: {:?}", route, body, answer);
    });
    drop(site);
}
