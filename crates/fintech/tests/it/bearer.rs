//! The tokens by which callers are known here, signed by a provider of the tests' own; and bad ones,
//! each good but for one thing. Not in here: all the ways in which a token can be bad, which the crate
//! that checks them tests.

use kernel::time::System;
use kernel::{Caller, Clock, Role};
use serde_json::{Value, json};
use tokens::forge::{Forge, RSA_KEY, encoded};
use tokens::{Family, Policy};

use crate::site::Actor;

const ISSUER: &str = "https://sso.example";
const AUDIENCE: &str = "bank";

/// A test's clock may stand still, or be moved by days.
const LIFE_SECONDS: i64 = 365 * 24 * 60 * 60;
const AGE_SECONDS: i64 = 600;

/// A provider.
pub(crate) struct Issuer {
    pub(crate) forge: Forge,
    family: Family,
}

impl Issuer {
    pub(crate) fn of(family: Family) -> Self {
        Self { forge: Forge::new(ISSUER), family }
    }

    /// The trust in it.
    pub(crate) fn policy(&self) -> Policy {
        // A pool says for which client a token is, and each service is one.
        let services = [Actor::Payments, Actor::Reports].map(Actor::name);
        let audiences = [AUDIENCE].into_iter().chain(services).map(str::to_owned);
        Policy::new(ISSUER, &audiences.collect::<Vec<_>>(), self.family).unwrap()
    }

    /// The token of a caller.
    pub(crate) fn token(&self, caller: &Caller) -> String {
        self.forge.signed(&self.header("RS256"), &self.claims(caller))
    }

    /// Tokens that would be an operator's, each with what is bad about it.
    pub(crate) fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        let operator = Actor::Operator.caller();
        let with = |header: Value, changes: Value| {
            let mut claims = self.claims(&operator);
            claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            self.forge.signed(&header, &claims)
        };
        let claiming = |changes: Value| with(self.header("RS256"), changes);
        let good = self.token(&operator);
        let (message, _) = good.rsplit_once('.').unwrap();
        let bare = with(self.header("none"), json!({}));
        let bare = format!("{}.", bare.rsplit_once('.').unwrap().0);
        let by_public_key = {
            let token = with(self.header("HS256"), json!({}));
            let message = token.rsplit_once('.').unwrap().0.to_owned();
            format!("{message}.{}", encoded(self.forge.hmac_by_public_key(message.as_bytes())))
        };
        let mut other_key = self.header("RS256");
        other_key["kid"] = json!("2");
        let (identity, audience) = if self.is_cognito() {
            (claiming(json!({ "token_use": "id" })), "client_id")
        } else {
            (with(json!({ "alg": "RS256", "typ": "JWT", "kid": RSA_KEY }), json!({})), "aud")
        };
        let now = second();
        vec![
            ("a bad signature", format!("{message}.{}", encoded([1; 256]))),
            ("expired", claiming(json!({ "exp": now - 300 }))),
            ("not yet valid", claiming(json!({ "nbf": now + 300 }))),
            ("of another issuer", claiming(json!({ "iss": "https://sso.example.evil" }))),
            ("for another audience", claiming(json!({ audience: "shop" }))),
            ("without a signature", bare),
            ("signed with the public key", by_public_key),
            ("of a key that there is not", with(other_key, json!({}))),
            ("an identity token", identity),
            ("no token", "olga".to_owned()),
        ]
    }

    /// Of an access token.
    fn header(&self, algorithm: &str) -> Value {
        if self.is_cognito() {
            json!({ "alg": algorithm, "kid": RSA_KEY })
        } else {
            json!({ "alg": algorithm, "typ": "at+jwt", "kid": RSA_KEY })
        }
    }

    fn is_cognito(&self) -> bool {
        self.family == Family::Cognito
    }

    fn claims(&self, caller: &Caller) -> Value {
        let sub = caller.sub.as_str();
        let is_cognito = self.is_cognito();
        let prefix = if is_cognito { "fintech/" } else { "" };
        let (client, groups, scope) = match &caller.role {
            Role::Customer => (AUDIENCE, json!(["staff"]), String::new()),
            Role::Operator => (AUDIENCE, json!(["operators"]), String::new()),
            Role::Service { scopes } => {
                let scopes: Vec<_> =
                    scopes.iter().map(|scope| format!("{prefix}{scope}")).collect();
                (sub, json!([]), scopes.join(" "))
            }
        };
        let now = second();
        let mut claims = json!({ "iss": ISSUER, "sub": sub, "client_id": client, "scope": scope,
            "iat": now - AGE_SECONDS, "exp": now + LIFE_SECONDS });
        if is_cognito {
            claims["token_use"] = json!("access");
            if client != sub {
                claims["username"] = json!(sub);
                claims["cognito:groups"] = groups;
            }
        } else {
            claims["aud"] = json!(AUDIENCE);
            claims["groups"] = groups;
        }
        claims
    }
}

fn second() -> i64 {
    System.now().micros() / 1_000_000
}
