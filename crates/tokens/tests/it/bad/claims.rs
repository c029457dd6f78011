//! Signed as it must be, and claiming what does not hold here and now.

use serde_json::{Value, json};
use tokens::forge::RSA_KEY;
use tokens::{Family, Refused};

use super::{Bad, header};
use crate::desk::{AUDIENCE, Desk, LEEWAY, NOW, with};

pub(super) fn all(desk: &Desk) -> Vec<Bad> {
    let mut all = times(desk);
    all.extend(types_of_times(desk));
    all.extend(issuers(desk));
    all.extend(audiences(desk));
    all.extend(subjects(desk));
    all.extend(other_kinds(desk));
    all
}

/// With this in the place of a claim, also where it is null.
fn claiming(desk: &Desk, name: &str, value: &Value, expected: Refused) -> Bad {
    let mut claims = desk.claims();
    claims[name] = value.clone();
    Bad::token(format!("{name} {value}"), desk.forge.token(&claims), expected)
}

fn without(desk: &Desk, name: &str, expected: Refused) -> Bad {
    let token = desk.forge.token(&desk.claiming(json!({ name: null })));
    Bad::token(format!("no {name}"), token, expected)
}

fn times(desk: &Desk) -> Vec<Bad> {
    let of = |changes: Value, expected| {
        let token = desk.forge.token(&desk.claiming(changes.clone()));
        Bad::token(changes.to_string(), token, expected)
    };
    vec![
        of(json!({ "exp": NOW - LEEWAY, "iat": NOW - 300 }), Refused::Expired),
        of(json!({ "exp": NOW - LEEWAY - 1, "iat": NOW - 300 }), Refused::Expired),
        of(json!({ "exp": NOW - 86_400, "iat": NOW - 90_000 }), Refused::Expired),
        of(json!({ "exp": 1, "iat": 0 }), Refused::Expired),
        of(json!({ "exp": 0, "iat": 0 }), Refused::Expired),
        of(json!({ "exp": NOW, "iat": NOW }), Refused::Expired),
        of(json!({ "exp": NOW + 1, "iat": NOW + 2 }), Refused::Expired),
        of(json!({ "nbf": NOW + LEEWAY + 1 }), Refused::NotYet),
        of(json!({ "nbf": NOW + 86_400 }), Refused::NotYet),
        of(json!({ "iat": NOW + LEEWAY + 1 }), Refused::NotYet),
        of(json!({ "iat": NOW + 86_400, "exp": NOW + 90_000 }), Refused::NotYet),
        without(desk, "exp", Refused::Times),
        without(desk, "iat", Refused::Times),
    ]
}

fn types_of_times(desk: &Desk) -> Vec<Bad> {
    let values = [
        json!((NOW + 5).to_string()),
        json!("never"),
        json!(""),
        json!(1_900_000_005.5),
        json!(1_900_000_005.0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(253_402_300_800_i64),
        json!(1e300),
        json!(true),
        json!(null),
        json!([NOW + 5]),
        json!({ "at": NOW + 5 }),
        json!("2030-03-17T17:46:40Z"),
    ];
    let of_each = |name: &'static str| {
        let of = move |value: &Value| claiming(desk, name, value, Refused::Times);
        values.iter().map(of).collect::<Vec<_>>()
    };
    ["exp", "nbf", "iat"].into_iter().flat_map(of_each).collect()
}

fn issuers(desk: &Desk) -> Vec<Bad> {
    let issuer = &desk.forge.issuer;
    let others = [
        json!(issuer[..issuer.len() - 1]),
        json!(format!("{issuer}/")),
        json!(format!("{issuer}2")),
        json!(issuer.to_uppercase()),
        json!(issuer.replace("sso", "SSO")),
        json!(issuer.replace("https", "http")),
        json!(issuer.replace(".example", ".example:443")),
        json!(issuer.replace("bank", "b%61nk")),
        json!(issuer.replace("bank", "shop")),
        json!(format!(" {issuer}")),
        json!(format!("{issuer} ")),
        json!(format!("{issuer}\u{0}")),
        json!(format!("https://evil.example/{issuer}")),
        json!("https://evil.example"),
        json!(""),
        json!([issuer]),
        json!({ "iss": issuer }),
        json!(1),
        json!(null),
        json!(true),
    ];
    let mut all: Vec<_> =
        others.iter().map(|other| claiming(desk, "iss", other, Refused::Issuer)).collect();
    all.push(without(desk, "iss", Refused::Issuer));
    all
}

fn audiences(desk: &Desk) -> Vec<Bad> {
    let others = [
        json!(AUDIENCE[..AUDIENCE.len() - 1]),
        json!(format!("{AUDIENCE}/")),
        json!(AUDIENCE.to_uppercase()),
        json!(format!(" {AUDIENCE}")),
        json!("secon"),
        json!("second2"),
        json!(format!("{AUDIENCE},other")),
        json!(format!("{AUDIENCE} other")),
        json!("web"),
        json!("*"),
        json!(""),
        json!([]),
        json!(["other"]),
        json!(["other", "Second"]),
        json!([AUDIENCE, 1]),
        json!([[AUDIENCE]]),
        json!({ "aud": AUDIENCE }),
        json!({ AUDIENCE: true }),
        json!(1),
        json!(null),
        json!(true),
    ];
    let mut all: Vec<_> =
        others.iter().map(|other| claiming(desk, "aud", other, Refused::Audience)).collect();
    all.push(without(desk, "aud", Refused::Audience));
    // Whom it is for must not be taken from another family's claim.
    let of_client = json!({ "aud": null, "client_id": AUDIENCE });
    let token = desk.forge.token(&desk.claiming(of_client));
    all.push(Bad::token("the audience in client_id", token, Refused::Audience));
    all
}

fn subjects(desk: &Desk) -> Vec<Bad> {
    let others = [
        json!(""),
        json!(" "),
        json!("ada lovelace"),
        json!("ada\n"),
        json!("ada\u{0}"),
        json!("\u{e4}da"),
        json!("a".repeat(129)),
        json!(7),
        json!(["ada"]),
        json!({ "sub": "ada" }),
        json!(null),
        json!(true),
    ];
    let mut all: Vec<_> =
        others.iter().map(|other| claiming(desk, "sub", other, Refused::NoSubject)).collect();
    all.push(without(desk, "sub", Refused::NoSubject));
    all
}

/// What only an identity token claims, and a token that is worth nothing without its holder's key.
fn other_kinds(desk: &Desk) -> Vec<Bad> {
    ["nonce", "at_hash", "c_hash", "cnf"]
        .into_iter()
        .map(|name| claiming(desk, name, &json!("abc"), Refused::NotAccess))
        .collect()
}

/// Where another family differs: the kinds of its tokens, and whom they are for.
pub(super) fn of_family(desk: &Desk, family: Family) -> Vec<Bad> {
    let plain = json!({ "alg": "RS256", "kid": RSA_KEY, "typ": "JWT" });
    let of = |own: &Value, changes: Value, expected| {
        let claims = desk.claiming(with(own.clone(), changes.clone()));
        Bad::token(changes.to_string(), desk.forge.signed(&plain, &claims), expected)
    };
    let refused = |own: &Value, all: Vec<Value>, expected| {
        all.into_iter().map(|changes| of(own, changes, expected)).collect::<Vec<_>>()
    };
    match family {
        Family::Standard => Vec::new(),
        Family::Cognito => {
            let own = json!({ "aud": null, "token_use": "access", "client_id": "second" });
            let typed = header(json!({}));
            let standard = desk.forge.signed(&typed, &desk.claiming(own.clone()));
            let kinds = ["id", "Access", "refresh", ""].map(|kind| json!({ "token_use": kind }));
            let mut all = refused(&own, kinds.into(), Refused::NotAccess);
            let more = [json!({ "token_use": ["access"] }), json!({ "nonce": "1" })];
            all.extend(refused(&own, more.into(), Refused::NotAccess));
            let clients =
                [json!({ "client_id": "other" }), json!({ "client_id": "", "aud": AUDIENCE })];
            all.extend(refused(&own, clients.into(), Refused::Audience));
            all.push(Bad::token("typ at+jwt", standard, Refused::NotAccess));
            all
        }
        Family::Keycloak => {
            let own = json!({ "typ": "Bearer", "azp": "web" });
            let kinds = ["ID", "Refresh", "Offline", "Logout", "DPoP", "bearer", "JWT"];
            let mut all =
                refused(&own, kinds.map(|kind| json!({ "typ": kind })).into(), Refused::NotAccess);
            let more =
                [json!({ "at_hash": "1" }), json!({ "cnf": {} }), json!({ "typ": ["Bearer"] })];
            all.extend(refused(&own, more.into(), Refused::NotAccess));
            all.extend(refused(&own, vec![json!({ "aud": "account" })], Refused::Audience));
            all
        }
        Family::Auth0 => {
            let own = json!({ "azp": "c1", "client_id": null });
            let kinds =
                [json!({ "nonce": "1" }), json!({ "at_hash": "1" }), json!({ "scope": ["a"] })];
            let mut all = refused(&own, kinds.into(), Refused::NotAccess);
            all.extend(refused(&own, vec![json!({ "aud": "c1" })], Refused::Audience));
            all
        }
    }
}
