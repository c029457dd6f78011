//! The tokens by which callers are known here, signed by a provider of the tests' own; and bad ones,
//! each good but for one thing. Not in here: all the ways in which a token can be bad, which the crate
//! that checks them tests.

use std::sync::Arc;

use kernel::time::System;
use kernel::{Clock, Role};
use serde_json::{Value, json};
use tokens::forge::{Forge, RSA_KEY, encoded};
use tokens::{Family, Policy, Verifier};

use crate::site::Actor;

const ISSUER: &str = "https://sso.example";
const AUDIENCE: &str = "bank";

/// A provider, and the program's trust in it.
pub(crate) struct Issuer {
    forge: Forge,
    pub(crate) verifier: Arc<Verifier>,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let forge = Forge::new(ISSUER);
        let policy = Policy::new(ISSUER, &[AUDIENCE.to_owned()], Family::Standard).unwrap();
        let verifier = Arc::new(Verifier::new(policy, Arc::new(System)));
        verifier.take_keys(&forge.jwks()).unwrap();
        Self { forge, verifier }
    }

    /// The token of an actor.
    pub(crate) fn token(&self, actor: Actor) -> String {
        self.forge.token(&claims(actor))
    }

    /// Tokens that would be an operator's, each with what is bad about it.
    pub(crate) fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        let operator = claims(Actor::Operator);
        let with = |changes: Value| {
            let mut claims = operator.clone();
            let members = claims.as_object_mut().unwrap();
            members.extend(changes.as_object().unwrap().clone());
            self.forge.token(&claims)
        };
        let headed = |header: Value| self.forge.signed(&header, &operator);
        let header = |alg: &str| json!({ "alg": alg, "typ": "at+jwt", "kid": RSA_KEY });
        let good = self.token(Actor::Operator);
        let (message, _) = good.rsplit_once('.').unwrap();
        let bare = headed(header("none"));
        let bare = format!("{}.", bare.rsplit_once('.').unwrap().0);
        let by_public_key = {
            let token = headed(header("HS256"));
            let message = token.rsplit_once('.').unwrap().0.to_owned();
            format!("{message}.{}", encoded(self.forge.hmac_by_public_key(message.as_bytes())))
        };
        let now = second();
        vec![
            ("a bad signature", format!("{message}.{}", encoded([1; 256]))),
            ("expired", with(json!({ "iat": now - 600, "exp": now - 300 }))),
            ("not yet valid", with(json!({ "nbf": now + 300 }))),
            ("of another issuer", with(json!({ "iss": "https://sso.example.evil" }))),
            ("for another audience", with(json!({ "aud": "shop" }))),
            ("without a signature", bare),
            ("signed with the public key", by_public_key),
            (
                "of a key that there is not",
                headed(json!({ "alg": "RS256", "typ": "at+jwt", "kid": "2" })),
            ),
            ("an identity token", headed(json!({ "alg": "RS256", "typ": "JWT", "kid": RSA_KEY }))),
            ("no token", "olga".to_owned()),
        ]
    }
}

fn claims(actor: Actor) -> Value {
    let (client, groups, scope) = match actor.caller().role {
        Role::Customer => ("web", json!(["staff"]), String::new()),
        Role::Operator => ("web", json!(["operators"]), String::new()),
        Role::Service { scopes } => (actor.name(), json!([]), scopes.join(" ")),
    };
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": actor.name(), "client_id": client,
        "groups": groups, "scope": scope, "iat": second(), "exp": second() + 600 })
}

fn second() -> i64 {
    System.now().micros() / 1_000_000
}
