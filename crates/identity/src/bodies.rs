//! The JSON of requests and answers. Passwords and tokens are shown by no `Debug`. What is decided, and
//! how HTTP carries it, is not here.

use std::fmt;

use kernel::{SubId, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::records::{Right, User, UserKind, UserState};

/// A text that no `Debug` shows.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("…")
    }
}

/// Who wants to be made a user.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpAsked {
    /// The e-mail address; capital letters count as small ones.
    #[schema(value_type = String, max_length = 254, example = "ada@example.org")]
    pub email: Secret,
    /// The password: 8 to 128 characters, and none of the first that anybody would try.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery")]
    pub password: Secret,
}

/// Who signs in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInAsked {
    /// The e-mail address.
    #[schema(value_type = String, max_length = 254, example = "ada@example.org")]
    pub email: Secret,
    /// The password.
    #[schema(value_type = String, example = "correct horse battery")]
    pub password: Secret,
    /// Whether the refresh token is to be a cookie that no script can read, and not to stand in the
    /// answer: for pages in a browser.
    #[serde(default)]
    #[schema(example = false)]
    pub cookie: bool,
}

/// Who wants another password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAsked {
    /// The e-mail address.
    #[schema(value_type = String, max_length = 254, example = "ada@example.org")]
    pub email: Secret,
    /// The password that there is, be it one's own or one for one time.
    #[schema(value_type = String, example = "correct horse battery")]
    pub password: Secret,
    /// The one that takes its place: 8 to 128 characters.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "staple of the correct horse")]
    pub new_password: Secret,
    /// As at log-in.
    #[serde(default)]
    #[schema(example = false)]
    pub cookie: bool,
}

/// Whose session goes on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshAsked {
    /// The refresh token; left out where it is a cookie.
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<Secret>,
}

/// Whose session ends.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogOutAsked {
    /// A refresh token of the session; left out where it is a cookie.
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<Secret>,
    /// Whether every session of its user ends, on all devices.
    #[serde(default)]
    #[schema(example = false)]
    pub everywhere: bool,
}

/// A service that wants a token (RFC 6749, section 4.4, in JSON).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenAsked {
    /// How it proves who it is.
    #[schema(example = "client_credentials", pattern = "^client_credentials$")]
    pub grant_type: String,
    /// The service's `sub`.
    #[schema(value_type = String, example = "usr_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub client_id: SubId,
    /// Its secret.
    #[schema(value_type = String)]
    pub client_secret: Secret,
}

/// Whom an operator makes a user: a person by `email`, or a service by `service`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "olga@example.org", "rights": ["operators"] }))]
pub struct UserAsked {
    /// A person's e-mail address.
    #[schema(value_type = Option<String>, max_length = 254, example = "olga@example.org")]
    pub email: Option<Secret>,
    /// A service's name: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
    #[schema(max_length = 64)]
    pub service: Option<String>,
    /// A person's groups: there is `operators`, whose members are operators. Or a service's scopes:
    /// there are `payments` and `metrics`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 16, example = json!(["operators"]))]
    pub rights: Vec<Right>,
}

/// Which right.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightAsked {
    /// A group or a scope. To be given it must be one that there is: `operators` for people,
    /// `payments` and `metrics` for services.
    #[schema(value_type = String, min_length = 1, max_length = 32, example = "operators")]
    pub right: Right,
}

/// Nothing: the path says it all.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingAsked {}

/// Which users an operator wants to see. What is left out matches everybody.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Those in this state.
    pub state: Option<UserState>,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserShown {
    /// His id, the `sub` of his tokens; of a service also its `client_id`.
    #[schema(value_type = String, example = "usr_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub sub: SubId,
    /// What he is.
    pub kind: UserKind,
    /// A person's e-mail address, or a service's name.
    #[schema(example = "ada@example.org")]
    pub name: String,
    /// His groups, or its scopes.
    #[schema(value_type = Vec<String>)]
    pub rights: Vec<Box<str>>,
    /// Whether he may sign in.
    pub state: UserState,
    /// When he was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

impl From<&User> for UserShown {
    fn from(user: &User) -> Self {
        Self {
            sub: user.sub,
            kind: user.kind,
            name: user.name.as_str().to_owned(),
            rights: user.rights.texts().to_vec(),
            state: user.state,
            created_at: user.created_at,
        }
    }
}

/// Somebody with what was made for him to sign in by. It is told this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct SecretShown {
    /// Who.
    pub user: UserShown,
    /// A person's password for one time, to be changed by `POST /v1/auth/password`. Null for a service,
    /// and where a request is repeated.
    pub one_time_password: Option<String>,
    /// A service's secret. Null for a person, and where a request is repeated.
    pub client_secret: Option<String>,
}

/// What somebody is given who signed in.
#[derive(Clone, Serialize, ToSchema)]
pub struct TokensShown {
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(example = 600)]
    pub expires_in: u64,
    /// By which the session goes on, once. Null where it is a cookie, and for services.
    pub refresh_token: Option<String>,
    /// Until when the session goes on if nothing comes. Null for services.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub session_expires_at: Option<Time>,
    /// Who signed in.
    #[schema(value_type = String, example = "usr_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub sub: SubId,
}

/// That a session ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LoggedOut {
    /// Whether every session of its user did.
    pub everywhere: bool,
}
