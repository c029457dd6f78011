//! Where tokens are shown: a verifier with the forge's keys and a clock that stands still, and what
//! comes of a token in one line.

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use http_api::{Authenticator, Problem};
use kernel::{Caller, Clock, Role, Time};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokens::forge::Forge;
use tokens::{Algorithm, Family, Policy, Verifier};

/// The second that it is.
pub(crate) const NOW: i64 = 1_900_000_000;
/// How many seconds clocks may differ.
pub(crate) const LEEWAY: i64 = 10;
pub(crate) const AUDIENCE: &str = "https://bank.example/api";

/// A clock that is set by hand.
pub(crate) struct Set(Mutex<i64>);

impl Clock for Set {
    fn now(&self) -> Time {
        Time::from_micros(*self.0.lock() * 1_000_000)
    }
}

pub(crate) struct Desk {
    pub(crate) forge: Forge,
    pub(crate) verifier: Arc<Verifier>,
    clock: Arc<Set>,
}

impl Desk {
    /// Of a provider of that family, with keys.
    pub(crate) fn new(family: Family) -> Self {
        Self::of(family, &[Algorithm::Rs256])
    }

    pub(crate) fn of(family: Family, algorithms: &[Algorithm]) -> Self {
        let desk = Self::without_keys(family, algorithms);
        desk.verifier.take_keys(&desk.forge.jwks()).unwrap();
        desk
    }

    pub(crate) fn without_keys(family: Family, algorithms: &[Algorithm]) -> Self {
        let forge = Forge::new("https://sso.example/realms/bank");
        let audiences = [AUDIENCE.to_owned(), "second".to_owned()];
        let policy = Policy::new(&forge.issuer, &audiences, family).unwrap();
        let clock = Arc::new(Set(Mutex::new(NOW)));
        let same = Arc::<Set>::clone(&clock);
        let verifier = Arc::new(Verifier::new(policy.with_algorithms(algorithms), same));
        Self { forge, verifier, clock }
    }

    pub(crate) fn set_clock(&self, second: i64) {
        *self.clock.0.lock() = second;
    }

    /// What an access token of the standard claims, for a customer named Ada.
    pub(crate) fn claims(&self) -> Value {
        json!({ "iss": self.forge.issuer, "sub": "ada", "aud": AUDIENCE, "client_id": "web",
            "exp": NOW + 300, "iat": NOW - 5, "jti": "1", "scope": "openid" })
    }

    /// The same with these in their place; null leaves one out.
    pub(crate) fn claiming(&self, changes: Value) -> Value {
        with(self.claims(), changes)
    }

    /// What comes of a token in its header.
    pub(crate) fn show(&self, token: &str) -> String {
        self.show_headers(&[&format!("Bearer {token}")])
    }

    pub(crate) fn show_headers(&self, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        told(self.verifier.caller(&headers))
    }
}

/// An object with these members in the place of its own; null leaves one out.
pub(crate) fn with(mut object: Value, changes: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    let Value::Object(changes) = changes else { panic!("{changes} is no object") };
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    object
}

fn told(caller: Result<Option<Caller>, Problem>) -> String {
    match caller {
        Ok(Some(Caller { sub, role: Role::Customer })) => format!("customer {sub}"),
        Ok(Some(Caller { sub, role: Role::Operator })) => format!("operator {sub}"),
        Ok(Some(Caller { sub, role: Role::Service { scopes } })) => {
            format!("service {sub} {}", scopes.join(" "))
        }
        Ok(None) => "nobody".to_owned(),
        Err(problem) => format!("{} {}", problem.kind().status().as_u16(), problem.detail()),
    }
}
