//! Who calls, by the claims that the gateway's JWT authorizer proved: a person, an operator by his
//! group, or a service by its client's own token. Not in here: the check of the token itself.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_api::{Authenticator, Problem};
use kernel::{Caller, Role, Subject};
use serde::{Deserialize, Serialize};

/// In which header the claims travel from the event to the authenticator. What a caller sends under
/// this name is thrown away.
pub(super) const CLAIMS: HeaderName = HeaderName::from_static("x-authorizer-claims");

/// The resource server under which the scopes of services stand: `fintech/payments`.
const RESOURCE_SERVER: &str = "fintech/";

/// Whose members are operators.
const OPERATORS: &str = "operators";

/// The claims of an access token of Cognito that matter here. The gateway sends each as a string.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    sub: Option<String>,
    token_use: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    #[serde(rename = "cognito:groups")]
    groups: Option<String>,
    scope: Option<String>,
}

impl Claims {
    /// As a header. Claims that cannot stand in one prove nobody.
    pub(super) fn header(&self) -> HeaderValue {
        let json = serde_json::to_vec(self).unwrap_or_default();
        HeaderValue::from_bytes(&json).unwrap_or_else(|_| HeaderValue::from_static("{}"))
    }

    fn caller(&self) -> Result<Caller, Problem> {
        // An identity token says who somebody is, not that he let this interface be used.
        if self.token_use.as_deref() != Some("access") {
            return Err(Problem::unauthorized("Send an access token, not an identity token."));
        }
        let sub = self.sub.as_deref().and_then(|sub| Subject::new(sub).ok());
        let sub = sub.ok_or_else(|| Problem::unauthorized("The token names no subject."))?;
        Ok(Caller { role: self.role(), sub })
    }

    fn role(&self) -> Role {
        // Only a client's own token has no user: its subject is the client.
        let is_service = self.username.is_none() && self.sub == self.client_id;
        if is_service {
            let scopes = self.scope.as_deref().unwrap_or_default().split_ascii_whitespace();
            let ours = scopes.filter_map(|scope| scope.strip_prefix(RESOURCE_SERVER));
            return Role::Service { scopes: ours.map(Box::from).collect::<Arc<[Box<str>]>>() };
        }
        let groups = self.groups.as_deref().unwrap_or_default();
        let groups = groups.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let mut groups = groups.unwrap_or_default().split_ascii_whitespace();
        if groups.any(|group| group == OPERATORS) { Role::Operator } else { Role::Customer }
    }
}

/// Takes the caller from the claims that the gateway's authorizer proved.
#[derive(Debug, Clone, Copy, Default)]
pub struct JwtClaims;

impl Authenticator for JwtClaims {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(header) = headers.get(CLAIMS) else { return Ok(None) };
        let claims: Claims = serde_json::from_slice(header.as_bytes())
            .map_err(|_| Problem::unauthorized("The token's claims cannot be read."))?;
        claims.caller().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(claims: Value, expected: &str) {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let headers = HeaderMap::from_iter([(CLAIMS, claims.header())]);
        let found = match JwtClaims.caller(&headers) {
            Ok(Some(Caller { sub, role: Role::Customer })) => format!("customer {sub}"),
            Ok(Some(Caller { sub, role: Role::Operator })) => format!("operator {sub}"),
            Ok(Some(Caller { sub, role: Role::Service { scopes } })) => {
                format!("service {sub} {scopes:?}")
            }
            Ok(None) => "nobody".to_owned(),
            Err(problem) => format!("{}", problem.kind().status().as_u16()),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn claims_name_the_caller() {
        let person = |groups: Value| {
            json!({ "sub": "5ebf", "token_use": "access", "client_id": "web", "username": "ann",
                "scope": "openid fintech/api fintech/payments", "cognito:groups": groups })
        };
        check(person(Value::Null), "customer 5ebf");
        check(person(json!("[operators]")), "operator 5ebf");
        check(person(json!("[staff operators]")), "operator 5ebf");
        check(person(json!("[staff]")), "customer 5ebf");
        check(person(json!("[not-operators operators2]")), "customer 5ebf");
        check(person(json!("operators")), "customer 5ebf");

        let service = |scope: &str| {
            json!({ "sub": "shop", "token_use": "access", "client_id": "shop", "scope": scope,
                "cognito:groups": "[operators]" })
        };
        check(service("fintech/payments"), r#"service shop ["payments"]"#);
        check(service("fintech/a other/payments payments"), r#"service shop ["a"]"#);
        check(service(""), "service shop []");
    }

    #[test]
    fn a_token_that_proves_nobody_is_401() {
        check(json!({ "sub": "5ebf", "token_use": "id", "username": "ann" }), "401");
        check(json!({ "sub": "5ebf", "username": "ann" }), "401");
        check(json!({ "token_use": "access", "username": "ann" }), "401");
        check(json!({ "sub": "a b", "token_use": "access", "username": "ann" }), "401");
        check(json!({ "sub": "a\u{7f}", "token_use": "access", "username": "ann" }), "401");
        assert!(matches!(JwtClaims.caller(&HeaderMap::new()), Ok(None)));
    }
}
