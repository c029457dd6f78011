//! Who calls, by the claims that the gateway's JWT authorizer proved. Not in here: the check of the
//! token itself; whom claims name, which `tokens` says for both homes.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use http_api::{Authenticator, Problem};
use kernel::Caller;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokens::{Family, GroupsClaim, Refused};

/// In which header the claims travel from the event to the authenticator. What a caller sends under
/// this name is thrown away.
pub(super) const CLAIMS: HeaderName = HeaderName::from_static("x-authorizer-claims");

/// The claim that the gateway writes in its own way: `[staff operators]`.
const GROUPS: &str = "cognito:groups";

/// The claims of an access token of Cognito that matter here. The gateway sends each as a string.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(rename = "cognito:groups", skip_serializing_if = "Option::is_none")]
    groups: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl Claims {
    /// As a header. Claims that cannot stand in one prove nobody.
    pub(super) fn header(&self) -> HeaderValue {
        let json = serde_json::to_vec(self).unwrap_or_default();
        HeaderValue::from_bytes(&json).unwrap_or_else(|_| HeaderValue::from_static("{}"))
    }
}

/// The caller of claims that came as a header.
fn caller(header: &HeaderValue) -> Result<Caller, Refused> {
    let mut claims: Map<String, Value> =
        serde_json::from_slice(header.as_bytes()).map_err(|_| Refused::Malformed)?;
    if let Some(groups) = claims.get_mut(GROUPS) {
        *groups = in_list(groups.as_str().unwrap_or_default());
    }
    let claims = tokens::Claims::from(claims);
    claims.expect_access(Family::Cognito, None)?;
    claims.caller(Family::Cognito, &GroupsClaim::of(Family::Cognito))
}

/// The groups of `[staff operators]`; none of what is written otherwise.
fn in_list(groups: &str) -> Value {
    let groups = groups.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    groups.unwrap_or_default().split_ascii_whitespace().map(Value::from).collect()
}

/// Takes the caller from the claims that the gateway's authorizer proved.
#[derive(Debug, Clone, Copy, Default)]
pub struct JwtClaims;

impl Authenticator for JwtClaims {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(header) = headers.get(CLAIMS) else { return Ok(None) };
        Ok(Some(caller(header)?))
    }
}

#[cfg(test)]
mod tests {
    use kernel::Role;
    use serde_json::json;

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
