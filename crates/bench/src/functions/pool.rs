//! A stand-in of the pool of people: who issues tokens, a person's token, and the record in which
//! functions find the keys. Not in here: what functions do with them.

use kernel::Clock;
use kernel::time::System;
use serde_json::json;
use tokens::forge::{Forge, RSA_KEY};

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdefghi";
const CLIENT: &str = "1example23456789abcdefghij";
/// How long a token lasts: longer than anything is measured.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

/// The key of the record of keys, as a request for it has it.
pub(super) const KEYS: &str = "keys_00000000-0000-0000-0000-000000000000";

pub(super) struct Pool {
    /// The item of the record of keys, as its table holds it.
    pub(super) keys: String,
    /// A person's access token.
    pub(super) token: String,
}

impl Pool {
    pub(super) fn new() -> Self {
        let forge = Forge::new(ISSUER);
        let [key, ..] = forge.keys();
        let text = |text: &str| json!({ "S": text });
        let number = |number: &str| json!({ "N": number });
        // A pool has two: one for access tokens, one for identity tokens.
        let mut other = key.clone();
        if let Some(members) = other.as_object_mut() {
            members.insert("kid".to_owned(), json!("other"));
        }
        let keys = json!({ "Item": {
            "id": text(KEYS), "sequence": number("0"), "version": number("1"),
            "schema_version": number("1"), "changed_at": number("1767225600000000"),
            "issuer": text(ISSUER), "keys": text(&json!({ "keys": [key, other] }).to_string()),
        } });
        let now = System.now().micros().div_euclid(1_000_000);
        let claims = json!({
            "sub": "ann", "username": "ann", "iss": ISSUER, "client_id": CLIENT,
            "token_use": "access", "scope": "openid fintech/api", "auth_time": now, "iat": now,
            "exp": now.saturating_add(TOKEN_SECONDS), "version": 2,
            "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "jti": "aaaaaaaa-bbbb-cccc-dddd-ffffffffffff",
        });
        let token = forge.signed(&json!({ "alg": "RS256", "kid": RSA_KEY }), &claims);
        Self { keys: keys.to_string(), token }
    }

    /// What a function must be told to trust it.
    pub(super) fn variables() -> [(&'static str, String); 2] {
        [("TOKEN_ISSUER", ISSUER.to_owned()), ("TOKEN_CLIENTS", CLIENT.to_owned())]
    }
}
