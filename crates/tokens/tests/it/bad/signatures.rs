//! Signatures that fit nothing: made with what everybody knows, cut, grown, borrowed, bent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;
use tokens::Refused;
use tokens::forge::{ED25519_KEY, P256_KEY, RSA_KEY, encoded};

use super::{Bad, header};
use crate::desk::Desk;

/// The order of P-256's group.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of Ed25519's group, the lowest byte first.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(super) fn all(desk: &Desk) -> Vec<Bad> {
    let mut all = with_the_public_key(desk);
    all.extend(shapes(desk));
    all.extend(flips(desk));
    all
}

/// The public key in every form in which a program may hold it, taken for a secret.
fn with_the_public_key(desk: &Desk) -> Vec<Bad> {
    let pkcs1 = desk.forge.rsa_public_key().to_vec();
    let prefix = [
        0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
        0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
    ];
    let spki = [&prefix[..], &pkcs1].concat();
    let pem = |label: &str, der: &[u8]| {
        let text = STANDARD.encode(der).into_bytes();
        let lines: Vec<_> = text.chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n")).into_bytes()
    };
    let jwk = desk.forge.keys()[0].to_string().into_bytes();
    let modulus = desk.forge.modulus();
    let spki_pem = pem("PUBLIC KEY", &spki);
    let forms: [(&str, Vec<u8>); 10] = [
        ("PEM and a line's end", [&spki_pem[..], b"\n"].concat()),
        ("PEM", spki_pem),
        ("PEM of PKCS #1", pem("RSA PUBLIC KEY", &pkcs1)),
        ("DER", spki),
        ("DER of PKCS #1", pkcs1),
        ("its modulus in text", encoded(&modulus).into_bytes()),
        ("its modulus", modulus),
        ("its JWK", jwk),
        ("its JWKS", desk.forge.jwks()),
        ("nothing", Vec::new()),
    ];
    let mut all = Vec::new();
    for (form, secret) in forms {
        for (alg, expected) in [("HS256", Refused::Algorithm), ("RS256", Refused::Signature)] {
            let message = message(desk, alg);
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let tag = hmac::sign(&key, message.as_bytes());
            let token = format!("{message}.{}", encoded(tag.as_ref()));
            all.push(Bad::token(format!("{alg} by {form}"), token, expected));
        }
    }
    all
}

/// The first two parts of a good token, with that `alg`.
fn message(desk: &Desk, alg: &str) -> String {
    let token = desk.forge.signed(&header(json!({ "alg": alg })), &desk.claims());
    token.rsplit_once('.').unwrap().0.to_owned()
}

fn shapes(desk: &Desk) -> Vec<Bad> {
    let message = message(desk, "RS256");
    let (head, payload) = message.split_once('.').unwrap();
    let sign = |text: &str| desk.forge.signature("RS256", text.as_bytes());
    let good = sign(&message);
    let other = desk.forge.token(&desk.claiming(json!({ "sub": "olga" })));
    let other = other.rsplit_once('.').unwrap().0;
    let shapes: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("one byte", vec![1]),
        ("one byte short", good[..255].to_vec()),
        ("without its first byte", good[1..].to_vec()),
        ("its first half", good[..128].to_vec()),
        ("a zero behind", [&good[..], &[0]].concat()),
        ("a zero before", [&[0], &good[..]].concat()),
        ("twice", [&good[..], &good].concat()),
        ("backwards", good.iter().rev().copied().collect()),
        ("inverted", good.iter().map(|byte| !byte).collect()),
        ("all zero", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
        ("all ones", vec![0xff; 256]),
        ("the modulus", desk.forge.modulus()),
        ("64 zeros, as of ECDSA", vec![0; 64]),
        ("r and s of one, in DER", vec![0x30, 0x06, 2, 1, 1, 2, 1, 1]),
        ("of P-256", desk.forge.signature("ES256", message.as_bytes())),
        ("of Ed25519", desk.forge.signature("EdDSA", message.as_bytes())),
        ("of another token", sign(other)),
        ("of its header", sign(head)),
        ("of its payload", sign(payload)),
        ("of its parts, turned", sign(&format!("{payload}.{head}"))),
        ("of its parts without a dot", sign(&format!("{head}{payload}"))),
        ("of it with a line's end", sign(&format!("{message}\n"))),
        ("of it with a dot behind", sign(&format!("{message}."))),
    ];
    shapes
        .into_iter()
        .map(|(what, signed)| {
            let token = format!("{message}.{}", encoded(signed));
            Bad::token(format!("a signature: {what}"), token, Refused::Signature)
        })
        .collect()
}

/// One bit of a part is another.
fn flips(desk: &Desk) -> Vec<Bad> {
    let message = message(desk, "RS256");
    let (head, payload) = (header(json!({})).to_string(), desk.claims().to_string());
    let signed = desk.forge.signature("RS256", message.as_bytes());
    let parts = [head.into_bytes(), payload.into_bytes(), signed];
    let mut all = Vec::new();
    for (part, step) in [(0, 3), (1, 9), (2, 11)] {
        for place in (0..parts[part].len()).step_by(step) {
            let mut bent = parts.clone();
            bent[part][place] ^= 1 << (place % 8);
            let token = bent.map(encoded).join(".");
            let shown = vec![format!("Bearer {token}")];
            let what = format!("a bit of byte {place} of part {part}");
            all.push(Bad { what, shown, expected: None });
        }
    }
    all
}

/// Where curves are trusted too: keys of one kind asked for another, and the shapes that careless
/// readers of curves' signatures take.
pub(super) fn of_curves(desk: &Desk) -> Vec<Bad> {
    let mut all = Vec::new();
    for (alg, own) in [("RS256", RSA_KEY), ("ES256", P256_KEY), ("EdDSA", ED25519_KEY)] {
        for kid in [RSA_KEY, P256_KEY, ED25519_KEY].into_iter().filter(|kid| *kid != own) {
            let token =
                desk.forge.signed(&header(json!({ "alg": alg, "kid": kid })), &desk.claims());
            all.push(Bad::token(format!("{alg} by {kid}"), token, Refused::Algorithm));
        }
    }
    let mut one = [0; 32];
    one[31] = 1;
    let zero = [0; 32];
    let of_p256 = desk.forge.signature("ES256", b"x");
    let shapes = [
        ("r and s of zero", [zero, zero].concat()),
        ("r of zero", [zero, one].concat()),
        ("s of zero", [one, zero].concat()),
        ("r and s of one", [one, one].concat()),
        ("r and s of the order", [P256_ORDER, P256_ORDER].concat()),
        ("in DER", vec![0x30, 0x06, 2, 1, 0, 2, 1, 0]),
        ("nothing", Vec::new()),
        ("of another message", of_p256.clone()),
        ("short", of_p256[..63].to_vec()),
    ];
    all.extend(
        shapes.into_iter().map(|(what, signed)| curve(desk, "ES256", P256_KEY, (what, signed))),
    );
    let message = message_of(desk, "EdDSA", ED25519_KEY);
    let good = desk.forge.signature("EdDSA", message.as_bytes());
    let shapes = [
        ("all zero", vec![0; 64]),
        ("the point of order one, and zero", [one_first(), zero].concat()),
        ("s and the order", [&good[..32], &plus(&good[32..], &ED25519_ORDER)].concat()),
        ("short", good[..63].to_vec()),
    ];
    all.extend(shapes.into_iter().map(|shape| curve(desk, "EdDSA", ED25519_KEY, shape)));
    all
}

fn curve(desk: &Desk, alg: &str, kid: &str, (what, signed): (&str, Vec<u8>)) -> Bad {
    let token = format!("{}.{}", message_of(desk, alg, kid), encoded(signed));
    Bad::token(format!("{alg}: {what}"), token, Refused::Signature)
}

fn message_of(desk: &Desk, alg: &str, kid: &str) -> String {
    let token = desk.forge.signed(&header(json!({ "alg": alg, "kid": kid })), &desk.claims());
    token.rsplit_once('.').unwrap().0.to_owned()
}

fn one_first() -> [u8; 32] {
    let mut one = [0; 32];
    one[0] = 1;
    one
}

/// The sum of two numbers, the lowest byte first.
fn plus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let sum = |(a, b): (&u8, &u8)| {
        let sum = u16::from(*a) + u16::from(*b) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    };
    a.iter().zip(b).map(sum).collect()
}
