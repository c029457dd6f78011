//! Texts that are no token: other encodings of the same bytes, other parts, other JSON.

use serde_json::json;
use tokens::Refused;
use tokens::forge::encoded;

use super::{Bad, header};
use crate::desk::Desk;

pub(super) fn all(desk: &Desk) -> Vec<Bad> {
    let mut all = encodings(desk);
    all.extend(parts(desk));
    all.extend(twice(desk));
    all.extend(no_object(desk));
    all
}

/// The same bytes, written otherwise: one token must have one text.
fn encodings(desk: &Desk) -> Vec<Bad> {
    let good = desk.forge.token(&desk.claims());
    let parts: Vec<_> = good.split('.').collect();
    let mut all = Vec::new();
    for place in 0..3 {
        let whole = parts[place].len();
        for (what, at, more) in [
            ("padding", whole, "="),
            ("more padding", whole, "=="),
            ("padding for a URL", whole, "%3D"),
            ("a blank", whole / 2, " "),
            ("a tab", whole / 2, "\t"),
            ("a blank at its end", whole, " "),
        ] {
            let mut bent: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
            bent[place].insert_str(at, more);
            // Signed as it stands, where that is signed at all.
            if place < 2 {
                let message = format!("{}.{}", bent[0], bent[1]);
                bent[2] = encoded(desk.forge.signature("RS256", message.as_bytes()));
            }
            all.push(of(&format!("{what} in part {place}"), bent.join(".")));
        }
    }
    assert!(parts[2].contains(['-', '_']), "the signature has letters of both alphabets");
    all.push(of("the other alphabet", good.replace('-', "+").replace('_', "/")));
    all.push(of("a bit that belongs to no byte", last_bit(&good)));
    all.push(of("percent signs", good.replace('.', "%2E")));
    all
}

/// 256 bytes are 342 characters, of whose last one four bits are left over.
fn last_bit(token: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().next_back().unwrap();
    let next = ALPHABET.chars().nth(ALPHABET.find(last).unwrap() + 1).unwrap();
    format!("{}{next}", &token[..token.len() - 1])
}

fn parts(desk: &Desk) -> Vec<Bad> {
    let good = desk.forge.token(&desk.claims());
    let parts: Vec<_> = good.split('.').collect();
    let [head, payload, signed] = parts[..] else { panic!("{good}") };
    let json = json!({ "protected": head, "payload": payload, "signature": signed }).to_string();
    let plain = header(json!({})).to_string();
    vec![
        of("one part", head.to_owned()),
        of("two parts", format!("{head}.{payload}")),
        of("no dots", good.replace('.', "")),
        of("dots alone", "..".to_owned()),
        of("a dot", ".".to_owned()),
        of("a dot before", format!(".{good}")),
        of("a part more", format!("{good}.{signed}")),
        of("a dot behind", format!("{good}.")),
        of("no header", format!(".{payload}.{signed}")),
        Bad::token("no payload", format!("{head}..{signed}"), Refused::Signature),
        of("a header that is not encoded", format!("{plain}.{payload}.{signed}")),
        of("the JSON serialization", json),
        of("in lower case", good.to_lowercase()),
        of("a word", "null".to_owned()),
    ]
}

fn of(what: &str, token: String) -> Bad {
    Bad::token(what, token, Refused::Malformed)
}

/// The same member twice, of which one reader takes the first and another the last.
fn twice(desk: &Desk) -> Vec<Bad> {
    let head = header(json!({})).to_string();
    let payload = desk.claims().to_string();
    let mut all = Vec::new();
    for more in [
        r#""alg":"none""#,
        r#""alg":"RS256""#,
        r#""\u0061lg":"none""#,
        r#""kid":"rsa-2""#,
        r#""kid":"rsa-1""#,
        r#""typ":"JWT""#,
    ] {
        for head in
            [head.replacen('{', &format!("{{{more},"), 1), head.replace('}', &format!(",{more}}}"))]
        {
            all.push(of(&format!("header {head}"), desk.forge.signed_text(&head, &payload)));
        }
    }
    let head = header(json!({})).to_string();
    for more in [
        r#""exp":9999999999"#,
        r#""sub":"olga""#,
        r#""s\u0075b":"olga""#,
        r#""aud":"second""#,
        r#""iss":"https://evil.example""#,
        r#""groups":["operators"],"groups":[]"#,
        r#""more":{"a":1,"a":2}"#,
    ] {
        let payload = payload.replacen('{', &format!("{{{more},"), 1);
        all.push(of(&format!("payload with {more}"), desk.forge.signed_text(&head, &payload)));
    }
    all
}

/// Signed as it must be, and not the JSON that it must be.
fn no_object(desk: &Desk) -> Vec<Bad> {
    let head = header(json!({})).to_string();
    let payload = desk.claims().to_string();
    let deep = format!("{{\"a\":{}1{},{}", "[".repeat(200), "]".repeat(200), &payload[1..]);
    let payloads = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"ada\"".to_owned(),
        "1".to_owned(),
        "{".to_owned(),
        format!("[{payload}]"),
        format!("{payload}{payload}"),
        format!("{payload}x"),
        format!("\u{feff}{payload}"),
        payload.replace('"', "'"),
        payload.replace('}', ",}"),
        payload.replacen('{', "{/**/", 1),
        payload.replacen('{', "{\"a\":NaN,", 1),
        payload.replacen('{', "{\"a\":\"\\ud800\",", 1),
        encoded(&payload),
        desk.forge.token(&desk.claims()),
        deep,
    ];
    let with_payload = payloads.into_iter().map(|payload| {
        let what: String = payload.chars().take(60).collect();
        of(&format!("payload {what}"), desk.forge.signed_text(&head, &payload))
    });
    let payload = desk.claims().to_string();
    let heads = ["", "null", "[]", "\"RS256\"", "{", "{}{}"];
    let with_head = heads
        .into_iter()
        .map(|head| of(&format!("header {head}"), desk.forge.signed_text(head, &payload)));
    with_payload.chain(with_head).collect()
}
