//! What a header may not say.

use serde_json::{Value, json};
use tokens::Refused;
use tokens::forge::{ED25519_KEY, P256_KEY, RSA_KEY, encoded};

use super::{Bad, header};
use crate::desk::Desk;

pub(super) fn all(desk: &Desk) -> Vec<Bad> {
    let mut all = without_signature(desk);
    all.extend(algorithms(desk));
    all.extend(key_names(desk));
    all.extend(unsupported(desk));
    all.extend(types(desk));
    all
}

/// `none` in every way to write it: not signed, and signed.
fn without_signature(desk: &Desk) -> Vec<Bad> {
    let mut all = Vec::new();
    for spelling in 0..16_u8 {
        let of_case = |(place, letter): (usize, char)| {
            if spelling >> place & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        };
        let none: String = "none".chars().enumerate().map(of_case).collect();
        let signed = desk.forge.signed(&header(json!({ "alg": none })), &desk.claims());
        let (message, _) = signed.rsplit_once('.').unwrap();
        let (what, bare) = (format!("alg {none}"), format!("{message}."));
        all.push(Bad::token(format!("{what}, not signed"), bare, Refused::Algorithm));
        all.push(Bad::token(format!("{what}, signed"), signed, Refused::Algorithm));
    }
    all
}

fn algorithms(desk: &Desk) -> Vec<Bad> {
    let texts = [
        "",
        "HS256",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES256K",
        "EdDSA",
        "Ed25519",
        "RS1",
        "rs256",
        "Rs256",
        "RS256 ",
        " RS256",
        "RS256\u{0}",
        "RS-256",
        "RSA-OAEP",
        "A128KW",
        "dir",
    ];
    let of = |alg: Value, expected| {
        // Null here is a value, not an absence.
        let text =
            header(json!({ "alg": "RS256" })).to_string().replace("\"RS256\"", &alg.to_string());
        let token = desk.forge.signed_text(&text, &desk.claims().to_string());
        Bad::token(format!("alg {alg}"), token, expected)
    };
    let mut all: Vec<_> = texts.into_iter().map(|alg| of(json!(alg), Refused::Algorithm)).collect();
    for alg in [json!(null), json!(256), json!(["RS256"]), json!({ "RS256": 1 }), json!(true)] {
        all.push(of(alg, Refused::Malformed));
    }
    let absent = desk.forge.signed(&header(json!({ "alg": null })), &desk.claims());
    all.push(Bad::token("no alg", absent, Refused::Algorithm));
    all
}

fn key_names(desk: &Desk) -> Vec<Bad> {
    let (long, longer) = ("k".repeat(129), "k".repeat(4_000));
    let texts = [
        "",
        "rsa-2",
        "RSA-1",
        "rsa-1 ",
        " rsa-1",
        "rsa-1\u{0}",
        "rsa",
        "../rsa-1",
        "rsa-1' OR '1'='1",
        "/dev/null",
        "0",
        ED25519_KEY,
        P256_KEY,
        &long,
        &longer,
    ];
    let mut all: Vec<_> = texts
        .into_iter()
        .map(|kid| {
            let token = desk.forge.signed(&header(json!({ "kid": kid })), &desk.claims());
            Bad::token(format!("kid {kid}"), token, Refused::UnknownKey)
        })
        .collect();
    for kid in [json!(null), json!(1), json!([RSA_KEY]), json!({ "kid": RSA_KEY }), json!(true)] {
        let text = header(json!({})).to_string().replace("\"rsa-1\"", &kid.to_string());
        let token = desk.forge.signed_text(&text, &desk.claims().to_string());
        all.push(Bad::token(format!("kid {kid}"), token, Refused::Malformed));
    }
    let absent = desk.forge.signed(&header(json!({ "kid": null })), &desk.claims());
    all.push(Bad::token("no kid", absent, Refused::UnknownKey));
    all
}

/// Signed as it must be, but with members that a reader must not pass over, or must not follow.
fn unsupported(desk: &Desk) -> Vec<Bad> {
    let own = desk.forge.keys()[0].clone();
    let members = [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("crit", json!(["b64", "http://example.com/UNDEFINED"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("jku", json!("https://evil.example/jwks.json")),
        ("jku", json!("https://sso.example/realms/bank/jwks.json")),
        ("jwk", own.clone()),
        ("jwk", json!({ "keys": [own] })),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("cty", json!("JWT")),
        ("enc", json!("A128CBC-HS256")),
        ("zip", json!("DEF")),
        ("epk", json!({ "kty": "EC" })),
    ];
    members
        .into_iter()
        .map(|(name, value)| {
            let what = format!("{name} {value}");
            let token = desk.forge.signed(&header(json!({ name: value })), &desk.claims());
            Bad::token(what, token, Refused::Unsupported)
        })
        .chain([nested(desk)])
        .collect()
}

/// Encrypted, by its form: five parts.
fn nested(desk: &Desk) -> Bad {
    let header = encoded(r#"{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT","kid":"rsa-1"}"#);
    let inner = encoded(desk.forge.token(&desk.claims()));
    let token =
        format!("{header}.{}.{}.{inner}.{}", encoded([1; 256]), encoded([2; 12]), encoded([3; 16]));
    Bad::token("an encrypted token", token, Refused::Malformed)
}

/// Not the type of an access token.
fn types(desk: &Desk) -> Vec<Bad> {
    let types = [
        json!(null),
        json!("JWT"),
        json!("id+jwt"),
        json!("logout+jwt"),
        json!("dpop+jwt"),
        json!("at"),
        json!("at+jwt "),
        json!("at+jwt; x"),
        json!("at_jwt"),
        json!("application/jwt"),
        json!("application/application/at+jwt"),
        json!("text/at+jwt"),
        json!(""),
    ];
    let mut all: Vec<_> = types
        .into_iter()
        .map(|typ| {
            let token = desk.forge.signed(&header(json!({ "typ": typ })), &desk.claims());
            Bad::token(format!("typ {typ}"), token, Refused::NotAccess)
        })
        .collect();
    for typ in [json!(["at+jwt"]), json!(1)] {
        let token = desk.forge.signed(&header(json!({ "typ": typ })), &desk.claims());
        all.push(Bad::token(format!("typ {typ}"), token, Refused::Malformed));
    }
    all
}
