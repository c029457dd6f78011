//! Whose tokens are trusted, and for what: what a deployment is configured with. Not in here: keys.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::family::Family;
use crate::json::Object;
use crate::key::Algorithm;

/// Where a token says which groups somebody is in: the name of a claim (`cognito:groups`), or a JSON
/// pointer (RFC 6901) to a claim within claims (`/realm_access/roles`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsClaim(Box<str>);

impl FromStr for GroupsClaim {
    type Err = BadPolicy;

    fn from_str(text: &str) -> Result<Self, BadPolicy> {
        let is_text = !text.is_empty() && text.len() <= 256;
        if is_text && text != "/" { Ok(Self(text.into())) } else { Err(BadPolicy::GroupsClaim) }
    }
}

impl GroupsClaim {
    /// Where tokens of that family have them, where nothing else is configured.
    pub fn of(family: Family) -> Self {
        Self(family.groups_claim().into())
    }
}

impl fmt::Display for GroupsClaim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl GroupsClaim {
    /// The groups that it lists.
    pub(crate) fn groups<'a>(&self, claims: &'a Object) -> impl Iterator<Item = &'a str> {
        let mut found = None;
        if let Some(pointer) = self.0.strip_prefix('/') {
            let mut parts =
                pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
            found = parts.next().and_then(|first| claims.get(&first));
            for part in parts {
                found = found.and_then(|value| value.as_object()?.get(&part));
            }
        } else {
            found = found.or_else(|| claims.get(&*self.0));
        }
        found.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// Tokens and keys would travel where others can change them.
    #[error("the issuer must be an https URL without `?` and `#`, or an http URL of this machine")]
    Issuer,
    /// Tokens for anybody would do.
    #[error("name an audience")]
    Audience,
    /// Neither a name nor a pointer.
    #[error("name the claim of groups, or point to it as in /realm_access/roles")]
    GroupsClaim,
}

/// Whose tokens are trusted.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The `iss` of every token, to the letter.
    pub(crate) issuer: Box<str>,
    /// Of which a token must name one.
    pub(crate) audiences: Box<[Box<str>]>,
    pub(crate) family: Family,
    pub(crate) groups: GroupsClaim,
    /// The only ones that count, whatever a token says.
    pub(crate) algorithms: Box<[Algorithm]>,
}

impl Policy {
    /// Trusts what that issuer signs with RS256 for one of the audiences.
    ///
    /// # Errors
    /// When the issuer is no URL to trust, or no audience is named.
    pub fn new(issuer: &str, audiences: &[String], family: Family) -> Result<Self, BadPolicy> {
        if !is_trusted_url(issuer) {
            return Err(BadPolicy::Issuer);
        }
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(BadPolicy::Audience);
        }
        Ok(Self {
            issuer: issuer.into(),
            audiences: audiences.iter().map(|audience| audience.as_str().into()).collect(),
            family,
            groups: GroupsClaim::of(family),
            algorithms: Box::from([Algorithm::Rs256]),
        })
    }

    /// Whose tokens are trusted, as it was configured.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Trusts what a [`Mint`](crate::Mint) signs, and nothing else.
    pub fn of_mint() -> Self {
        Self {
            issuer: crate::mint::ISSUER.into(),
            audiences: Box::from([crate::mint::ISSUER.into()]),
            family: Family::Standard,
            groups: GroupsClaim::of(Family::Standard),
            algorithms: Box::from([Algorithm::Es256]),
        }
    }

    /// With groups in another claim than the family's.
    #[must_use]
    pub fn with_groups(mut self, groups: GroupsClaim) -> Self {
        self.groups = groups;
        self
    }

    /// Trusts these algorithms, and only these.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.into();
        self
    }
}

/// Whether what is read from there is what its owner says: over TLS, or from this machine.
pub(crate) fn is_trusted_url(url: &str) -> bool {
    let is_plain =
        url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '\\']);
    if let Some(rest) = url.strip_prefix("https://") {
        return is_plain && !authority(rest).is_empty();
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = authority(rest);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    };
    is_plain && ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

/// Host and port; empty where there is somebody before an `@` in it, who may look like a host.
fn authority(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') { "" } else { authority }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_come_from_where_nobody_can_change_them() {
        for trusted in [
            "https://sso.example",
            "https://sso.example:8443/realms/bank/",
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:1/x",
        ] {
            assert!(is_trusted_url(trusted), "{trusted}");
        }
        for not in [
            "",
            "sso.example",
            "http://sso.example",
            "https://",
            "https://a b",
            "ftp://x",
            "http://127.0.0.1.example",
            "http://localhost@sso.example",
            "https://a@sso.example",
            "https://sso.example?x",
            "https://sso.example#x",
            "http://127.0.0.1:x",
            "HTTPS://x",
        ] {
            assert!(!is_trusted_url(not), "{not}");
        }
    }

    #[track_caller]
    fn check(claim: &str, claims: &Value, expected: &[&str]) {
        let claim: GroupsClaim = claim.parse().unwrap();
        let claims = claims.as_object().unwrap();
        assert_eq!(claim.groups(claims).collect::<Vec<_>>(), expected, "{claim} in {claims:?}");
    }

    #[test]
    fn groups_by_name_and_by_pointer() {
        check("cognito:groups", &json!({ "cognito:groups": ["a", "b"] }), &["a", "b"]);
        check("https://x.example/g", &json!({ "https://x.example/g": ["a"] }), &["a"]);
        let nested = json!({ "realm_access": { "roles": ["a"] }, "a/b": ["c"], "g": "a" });
        check("/realm_access/roles", &nested, &["a"]);
        check("realm_access.roles", &nested, &[]);
        check("/a~1b", &nested, &["c"]);
        check("/realm_access/roles/0", &nested, &[]);
        check("/none/roles", &nested, &[]);
        check("g", &nested, &[]);
        check("g", &json!({ "g": ["a", 1, ["b"]] }), &["a"]);
        assert_eq!("".parse::<GroupsClaim>(), Err(BadPolicy::GroupsClaim));
    }

    #[test]
    fn a_policy_names_whom_and_what_for() {
        let of = |issuer: &str, audiences: &[&str]| {
            let audiences: Vec<_> = audiences.iter().map(|one| (*one).to_owned()).collect();
            Policy::new(issuer, &audiences, Family::Standard).err()
        };
        assert_eq!(of("https://sso.example", &["a"]), None);
        assert_eq!(of("http://sso.example", &["a"]), Some(BadPolicy::Issuer));
        assert_eq!(of("https://sso.example", &[]), Some(BadPolicy::Audience));
        assert_eq!(of("https://sso.example", &["a", ""]), Some(BadPolicy::Audience));
    }
}
