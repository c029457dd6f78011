//! What providers do differently: how an access token is told from other tokens, whom it is for, and
//! how a program's own token is told from a person's. Not in here: what all of them do alike.
//!
//! | family | an access token has | for whom | a program's own has | by |
//! | --- | --- | --- | --- | --- |
//! | standard | header `typ` `at+jwt` | `aud` | `sub` = `client_id` | RFC 9068, sections 2.1 and 2.2 |
//! | Cognito | `token_use` `access` | `client_id` | no `username`, `sub` = `client_id` | Amazon Cognito's developer guide, "Understanding the access token" and "Verifying JSON web tokens" |
//! | Keycloak | payload `typ` `Bearer` | `aud` | `client_id` = `azp`, `preferred_username` `service-account-…` | Keycloak's server administration guide, "Using a service account"; its client scope `service_account` |
//! | Auth0 | header `typ` `at+jwt`, or `JWT` with a `scope` and nothing of an identity token | `aud` | `sub` = client and `@clients` | Auth0's "Access Token Profiles" and "Client Credentials Flow" |
//!
//! An identity token is for the program that let somebody sign in; it says who he is, not that this
//! interface may be used.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::claims::Claims;

/// Which provider's tokens they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Any that follows RFC 9068.
    Standard,
    /// Amazon Cognito.
    Cognito,
    /// Keycloak.
    Keycloak,
    /// Auth0.
    Auth0,
}

/// Not the name of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none of standard, cognito, keycloak, auth0")]
pub struct UnknownFamily;

/// The `typ` of headers of access tokens by RFC 9068, in lower case and without `application/`.
const ACCESS_TOKEN: &str = "at+jwt";

/// What only identity tokens claim (OpenID Connect Core, sections 2 and 3.3.2.11).
const OF_IDENTITY: [&str; 3] = ["nonce", "at_hash", "c_hash"];

impl Family {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Cognito, Self::Keycloak, Self::Auth0];

    /// The family that an issuer of that URL most likely is of.
    pub fn of_issuer(issuer: &str) -> Self {
        let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.starts_with("cognito-idp.") && host.contains(".amazonaws.com") {
            Self::Cognito
        } else if host.ends_with(".auth0.com") {
            Self::Auth0
        } else if path.starts_with("realms/") || path.contains("/realms/") {
            Self::Keycloak
        } else {
            Self::Standard
        }
    }

    /// The claim that holds the groups, as [`crate::GroupsClaim`] is written.
    pub(crate) fn groups_claim(self) -> &'static str {
        match self {
            Self::Standard => "groups",
            Self::Cognito => "cognito:groups",
            Self::Keycloak => "/realm_access/roles",
            // Claims of one's own are named by a URL there.
            Self::Auth0 => "https://fintech.example/groups",
        }
    }

    /// What stands before the scopes of ours in `scope`. Cognito puts the resource server there.
    pub(crate) fn scope_prefix(self) -> &'static str {
        match self {
            Self::Cognito => "fintech/",
            Self::Standard | Self::Keycloak | Self::Auth0 => "",
        }
    }

    /// The claim that says whom the token is for.
    pub(crate) fn audience_claim(self) -> &'static str {
        match self {
            Self::Cognito => "client_id",
            Self::Standard | Self::Keycloak | Self::Auth0 => "aud",
        }
    }

    /// Whether it is an access token, by the `typ` of its header and its claims. Of a token that is
    /// bound to a key of its holder (RFC 7800) nobody has shown that he has that key.
    pub(crate) fn is_access(self, typ: Option<&str>, claims: &Claims) -> bool {
        let is_standard = typ == Some(ACCESS_TOKEN);
        let is_plain = typ == Some("jwt");
        let is_bound = claims.has("cnf");
        let is_ours = match self {
            Self::Standard => is_standard,
            Self::Cognito => {
                (typ.is_none() || is_plain) && claims.text("token_use") == Some("access")
            }
            Self::Keycloak => (is_standard || is_plain) && claims.text("typ") == Some("Bearer"),
            Self::Auth0 => is_standard || (is_plain && claims.text("scope").is_some()),
        };
        let is_identity = match self {
            // Keycloak before version 25 puts the nonce into every token.
            Self::Keycloak => claims.has("at_hash") || claims.has("c_hash"),
            Self::Standard | Self::Cognito | Self::Auth0 => {
                OF_IDENTITY.iter().any(|claim| claims.has(claim))
            }
        };
        is_ours && !is_bound && !is_identity
    }

    /// Whether it is a program's own token, behind which no person stands.
    pub(crate) fn is_service(self, claims: &Claims) -> bool {
        let subject = claims.text("sub");
        let client = claims.text("client_id");
        match self {
            Self::Standard => client.is_some() && subject == client,
            Self::Cognito => client.is_some() && subject == client && !claims.has("username"),
            Self::Keycloak => {
                // The user of a service has the client's name in lower case; the client's id is
                // claimed where the client itself asked for the token.
                let party = claims.text("azp");
                let user = claims.text("preferred_username");
                let of_service = user.and_then(|user| user.strip_prefix("service-account-"));
                let named = client.or_else(|| claims.text("clientId"));
                party.is_some()
                    && named == party
                    && of_service.zip(party).is_some_and(|(of, it)| of.eq_ignore_ascii_case(it))
            }
            Self::Auth0 => {
                let client = client.or_else(|| claims.text("azp"));
                let of_client = subject.and_then(|subject| subject.strip_suffix("@clients"));
                client.is_some() && of_client == client
            }
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Standard => "standard",
            Self::Cognito => "cognito",
            Self::Keycloak => "keycloak",
            Self::Auth0 => "auth0",
        })
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        let mut all = Self::ALL.into_iter();
        all.find(|family| family.to_string() == name).ok_or(UnknownFamily)
    }
}

/// Whether a claim names one of these, alone or in a list of texts.
pub(crate) fn names_one(claim: Option<&Value>, known: &[Box<str>]) -> bool {
    let is_known = |named: &str| known.iter().any(|one| **one == *named);
    match claim {
        Some(Value::String(named)) => is_known(named),
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.iter().filter_map(Value::as_str).any(is_known)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_of_an_issuer() {
        let check = |issuer, expected| assert_eq!(Family::of_issuer(issuer), expected, "{issuer}");
        check("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", Family::Cognito);
        check("https://sso.example/realms/bank", Family::Keycloak);
        check("https://sso.example/auth/realms/bank", Family::Keycloak);
        check("https://bank.eu.auth0.com/", Family::Auth0);
        check("https://sso.example", Family::Standard);
        check("https://realms.example/x", Family::Standard);
        for family in Family::ALL {
            assert_eq!(family.to_string().parse(), Ok(family));
        }
        assert_eq!("Okta".parse::<Family>(), Err(UnknownFamily));
    }
}
