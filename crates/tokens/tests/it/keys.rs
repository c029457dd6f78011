//! The keys: which are taken, how they are fetched, and what becomes of tokens when they change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokens::{Algorithm, BadKeys, Family, Keeper, KeySet, Refused, Source};

use crate::desk::{Desk, NOW, with};

const RS256: &[Algorithm] = &[Algorithm::Rs256];

#[track_caller]
fn check(keys: &Value, expected: &str) {
    let set = json!({ "keys": keys }).to_string();
    let told =
        match KeySet::read(set.as_bytes(), &[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa])
        {
            Ok(set) => format!("{set:?}"),
            Err(error) => error.to_string(),
        };
    assert_eq!(told, expected, "{keys}");
}

#[test]
fn which_keys_are_taken() {
    let desk = Desk::new(Family::Standard);
    let [rsa, ed25519, p256] = desk.forge.keys();
    check(&json!([rsa, ed25519, p256]), r#"["rsa-1", "ed25519-1", "p256-1"]"#);
    check(&json!([with(rsa.clone(), json!({ "alg": null, "use": null }))]), r#"["rsa-1"]"#);
    let verifies = with(rsa.clone(), json!({ "key_ops": ["verify"], "x5c": ["MIIB"] }));
    check(&json!([verifies]), r#"["rsa-1"]"#);
    let none = BadKeys::None.to_string();
    for changes in [
        json!({ "use": "enc" }),
        json!({ "use": ["sig"] }),
        json!({ "key_ops": ["encrypt"] }),
        json!({ "key_ops": "verify" }),
        json!({ "alg": "RS512" }),
        json!({ "alg": "RSA-OAEP" }),
        json!({ "alg": 256 }),
        json!({ "kty": "oct" }),
        json!({ "kty": "EC" }),
        json!({ "kty": null }),
        json!({ "kid": null }),
        json!({ "kid": "" }),
        json!({ "kid": "k".repeat(129) }),
        json!({ "kid": 1 }),
        json!({ "n": null }),
        json!({ "n": "AQAB" }),
        json!({ "n": "?" }),
        json!({ "e": null }),
        json!({ "d": "AQAB" }),
        json!({ "k": "AQAB" }),
    ] {
        check(&json!([with(rsa.clone(), changes)]), &none);
    }
    for changes in [json!({ "crv": "P-384" }), json!({ "x": "AQAB" }), json!({ "y": null })] {
        check(&json!([with(p256.clone(), changes)]), &none);
    }
    for changes in [json!({ "crv": "X25519" }), json!({ "x": null })] {
        check(&json!([with(ed25519.clone(), changes)]), &none);
    }
    check(&json!([]), &none);
    check(&json!([1, "a", null, [rsa]]), &none);
    // Half of 1,024 bits' worth of safety is none.
    let small = tokens::forge::encoded([0xff; 128]);
    check(&json!([with(rsa.clone(), json!({ "n": small }))]), &none);
    let same = with(p256, json!({ "kid": "rsa-1" }));
    check(&json!([rsa, same]), "two of them are named \"rsa-1\"");
    // One that is for something else does not stand in the way.
    let same = with(rsa.clone(), json!({ "use": "enc" }));
    check(&json!([same, rsa]), r#"["rsa-1"]"#);
}

#[test]
fn what_is_no_set_of_keys() {
    let desk = Desk::new(Family::Standard);
    let [rsa, ed25519, _] = desk.forge.keys();
    let read = |text: &str| KeySet::read(text.as_bytes(), RS256).map(|_| ()).unwrap_err();
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
        assert_eq!(read(text), BadKeys::Malformed, "{text}");
    }
    let many: Vec<_> =
        (0..65).map(|number| with(rsa.clone(), json!({ "kid": number.to_string() }))).collect();
    assert_eq!(read(&json!({ "keys": many }).to_string()), BadKeys::Malformed);
    let large = json!({ "keys": [rsa], "more": "x".repeat(64 * 1024) }).to_string();
    assert_eq!(read(&large), BadKeys::Malformed);
    assert_eq!(read(&json!({ "keys": [ed25519] }).to_string()), BadKeys::None);
}

#[test]
fn a_token_that_was_remembered_ends_with_its_time_and_with_its_key() {
    let desk = Desk::new(Family::Standard);
    let token = desk.forge.token(&desk.claims());
    assert_eq!(desk.show(&token), "customer ada");
    desk.set_clock(NOW + 309);
    assert_eq!(desk.show(&token), "customer ada");
    desk.set_clock(NOW + 310);
    assert_eq!(desk.show(&token), format!("401 {}", Refused::Expired));

    desk.set_clock(NOW);
    assert_eq!(desk.show(&token), "customer ada");
    // The same keys once more change nothing; a key that is gone takes its tokens with it; and one of
    // the same name is another key.
    desk.verifier.take_keys(&desk.forge.jwks()).unwrap();
    assert_eq!(desk.show(&token), "customer ada");
    let rsa = desk.forge.keys()[0].clone();
    let mut other = desk.forge.modulus();
    *other.last_mut().unwrap() ^= 2;
    let other = with(rsa.clone(), json!({ "n": tokens::forge::encoded(other) }));
    desk.verifier.take_keys(json!({ "keys": [other] }).to_string().as_bytes()).unwrap();
    assert_eq!(desk.show(&token), format!("401 {}", Refused::Signature));
    let renamed = with(rsa, json!({ "kid": "rsa-2" }));
    desk.verifier.take_keys(json!({ "keys": [renamed] }).to_string().as_bytes()).unwrap();
    assert_eq!(desk.show(&token), format!("401 {}", Refused::UnknownKey));
    // What cannot be read leaves the keys as they are.
    assert_eq!(desk.verifier.take_keys(b"<html>"), Err(BadKeys::Malformed));
    desk.verifier.take_keys(&desk.forge.jwks()).unwrap();
    assert_eq!(desk.show(&token), "customer ada");
}

/// Answers what is put there; counts what it is asked.
#[derive(Clone, Default)]
struct Site(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    bodies: HashMap<String, Vec<u8>>,
    asked: usize,
}

impl Site {
    fn put(&self, url: &str, body: &Value) {
        self.0.lock().bodies.insert(url.to_owned(), body.to_string().into_bytes());
    }

    fn go_down(&self) {
        self.0.lock().bodies.clear();
    }

    /// How often it was asked since the last time.
    fn asked(&self) -> usize {
        std::mem::take(&mut self.0.lock().asked)
    }
}

impl Source for Site {
    fn fetch(&self, url: &str, _: usize) -> Result<Vec<u8>, String> {
        let mut held = self.0.lock();
        held.asked += 1;
        held.bodies.get(url).cloned().ok_or_else(|| "it is down".to_owned())
    }
}

const DISCOVERY: &str = "https://sso.example/realms/bank/.well-known/openid-configuration";
const JWKS: &str = "https://sso.example/keys?of=bank";

fn put_all(site: &Site, desk: &Desk) {
    site.put(DISCOVERY, &json!({ "issuer": desk.forge.issuer, "jwks_uri": JWKS, "more": 1 }));
    site.put(JWKS, &json!({ "keys": desk.forge.keys() }));
}

#[test]
fn keys_are_fetched_at_intervals_and_when_one_is_missing_but_seldom() {
    let desk = Desk::without_keys(Family::Standard, RS256);
    let site = Site::default();
    let mut keeper = Keeper::new(Arc::clone(&desk.verifier), site.clone());
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let token = desk.forge.token(&desk.claims());
    assert_eq!(desk.show(&token), format!("503 {}", Refused::NoKeys));

    // Down at the start: asked again after a pause.
    assert_eq!(keeper.step(at(0)), Duration::from_secs(10));
    assert_eq!(keeper.step(at(9)), Duration::from_secs(1));
    assert_eq!(site.asked(), 1);
    put_all(&site, &desk);
    assert_eq!(keeper.step(at(10)), Duration::from_secs(300));
    assert_eq!(site.asked(), 2);
    assert_eq!(desk.show(&token), "customer ada");
    assert_eq!(keeper.step(at(100)), Duration::from_secs(210));

    // A key that is not there is asked for, once, however many tokens name one.
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": "new" });
    let unknown = desk.forge.signed(&header, &desk.claims());
    for _ in 0..100 {
        assert_eq!(desk.show(&unknown), format!("401 {}", Refused::UnknownKey));
    }
    assert_eq!(keeper.step(at(101)), Duration::from_secs(300));
    assert_eq!(site.asked(), 2);
    for _ in 0..100 {
        desk.show(&unknown);
        assert_ne!(keeper.step(at(105)), Duration::ZERO);
    }
    assert_eq!(site.asked(), 0);
    let renewed = with(desk.forge.keys()[0].clone(), json!({ "kid": "new" }));
    site.put(JWKS, &json!({ "keys": [desk.forge.keys()[0], renewed] }));
    keeper.step(at(111));
    assert_eq!(desk.show(&unknown), "customer ada");

    // Down later: what is known stays.
    site.go_down();
    site.asked();
    assert_eq!(keeper.step(at(411)), Duration::from_secs(10));
    assert_eq!(site.asked(), 1);
    assert_eq!(desk.show(&token), "customer ada");
    assert_eq!(
        desk.show(&desk.forge.token(&desk.claiming(json!({ "sub": "eve" })))),
        "customer eve"
    );
}

#[test]
fn what_a_provider_says_of_itself_must_fit() {
    let desk = Desk::without_keys(Family::Standard, RS256);
    let site = Site::default();
    let mut keeper = Keeper::new(Arc::clone(&desk.verifier), site.clone());
    let issuer = &desk.forge.issuer;
    let mut refused = |document: Value, says: &str| {
        put_all(&site, &desk);
        site.put(DISCOVERY, &document);
        let error = keeper.fetch(Instant::now()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    refused(json!({ "issuer": format!("{issuer}/"), "jwks_uri": JWKS }), "names the issuer");
    refused(json!({ "jwks_uri": JWKS }), "names the issuer \"\"");
    refused(json!({ "issuer": issuer }), "has its keys at \"\"");
    for not in
        ["http://sso.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd", "https://a@b/"]
    {
        refused(json!({ "issuer": issuer, "jwks_uri": not }), "which is not trusted");
    }
    refused(json!(["issuer"]), "is no JSON object");
    put_all(&site, &desk);
    site.put(JWKS, &json!({ "keys": [] }));
    let error = keeper.fetch(Instant::now()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{JWKS}: none of them")), "{error}");
}
