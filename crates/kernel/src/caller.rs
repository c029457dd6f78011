//! Who calls. Where a caller comes from (a token, the local operator, a test) is not known here.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rights::Scope;

/// Who somebody is: the `sub` of a token. 1 to 128 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(Arc<str>);

/// The text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a subject: 1 to 128 visible ASCII characters")]
pub struct BadSubject;

impl Subject {
    /// From its text.
    ///
    /// # Errors
    /// When it is not 1 to 128 visible ASCII characters.
    pub fn new(text: &str) -> Result<Self, BadSubject> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=128).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(BadSubject)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Subject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subject".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": 128 })
    }
}

/// What a caller may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sees and moves what he owns.
    Customer,
    /// Sees everything; approves, rejects, freezes, reverses.
    Operator,
    /// Another program, with what it was given leave to do.
    Service {
        /// Such as `payments`.
        scopes: Arc<[Box<str>]>,
    },
}

/// How a role travels in an event: its name, and for a service whether it may move payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// See [`Role::Customer`].
    Customer,
    /// See [`Role::Operator`].
    Operator,
    /// A service with the scope `payments`.
    Service,
}

impl RoleName {
    /// The word on the wire and in a column.
    pub fn text(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

/// Who calls an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Who.
    pub sub: Subject,
    /// As what.
    pub role: Role,
}

impl Caller {
    /// The operator of this machine, who signs in nowhere: whoever may use its data folder.
    pub fn local() -> Self {
        let Ok(sub) = Subject::new("local") else { unreachable!("`local` is a subject") };
        Self { sub, role: Role::Operator }
    }

    /// Whether what `owner` owns is this caller's to see and to move.
    pub fn may_act_for(&self, owner: &Subject) -> bool {
        self.sub == *owner || self.is_operator() || self.has_scope(Scope::Payments)
    }

    /// Whether this is an operator.
    pub fn is_operator(&self) -> bool {
        matches!(self.role, Role::Operator)
    }

    /// Whether this is a service with that scope.
    pub fn has_scope(&self, scope: Scope) -> bool {
        match &self.role {
            Role::Service { scopes } => scopes.iter().any(|has| &**has == scope.text()),
            Role::Customer | Role::Operator => false,
        }
    }

    /// The role as it travels in events. A service without the scope `payments` counts as a
    /// customer: it moves only what it owns.
    pub fn role_name(&self) -> RoleName {
        match &self.role {
            Role::Operator => RoleName::Operator,
            Role::Service { .. } if self.has_scope(Scope::Payments) => RoleName::Service,
            Role::Customer | Role::Service { .. } => RoleName::Customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_an_operator_and_the_scope_may_act() {
        let owner = Subject::new("alice").unwrap();
        let caller = |sub: &str, role| Caller { sub: Subject::new(sub).unwrap(), role };
        let service = |scope: &str| Role::Service { scopes: Arc::from([Box::from(scope)]) };
        assert!(caller("alice", Role::Customer).may_act_for(&owner));
        assert!(!caller("bob", Role::Customer).may_act_for(&owner));
        assert!(caller("bob", Role::Operator).may_act_for(&owner));
        assert!(caller("shop", service("payments")).may_act_for(&owner));
        assert!(!caller("shop", service("reports")).may_act_for(&owner));
        assert_eq!(caller("shop", service("reports")).role_name(), RoleName::Customer);
    }

    #[test]
    fn a_subject_is_short_and_visible() {
        assert!(Subject::new("auth0|abc").is_ok());
        for wrong in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert!(Subject::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
