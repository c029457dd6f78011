//! Why a token proves nobody, and how that is answered. Not in here: who decides it.

use std::time::Duration;

use http_api::{Problem, ProblemKind};

/// Why nobody is proved. Each says what to do; none says what a stranger could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Two headers, another scheme, nothing behind it, or more than a token may be.
    #[error("Send one `Authorization: Bearer` header with one token of at most 8192 characters.")]
    NoBearer,
    /// Not three parts in base64url, or a part that is not the JSON it must be.
    #[error("The token is no signed JSON Web Token in its compact form.")]
    Malformed,
    /// The header asks for what is not done here: `crit`, a key of its own, an encrypted content.
    #[error("The token's header asks for what is not supported here.")]
    Unsupported,
    /// An algorithm that is not trusted, or that is not the key's own.
    #[error("The token is not signed as this provider signs.")]
    Algorithm,
    /// No `kid`, or one of no key of the provider.
    #[error(
        "The provider has no such key; sign in again, or repeat in a moment if its keys are new."
    )]
    UnknownKey,
    /// It does not fit.
    #[error("The token's signature does not fit.")]
    Signature,
    /// From somebody else.
    #[error("The token is of another issuer.")]
    Issuer,
    /// For somebody else.
    #[error("The token is for another audience.")]
    Audience,
    /// An identity or refresh token, or one that is bound to a key of its holder.
    #[error("Send an access token, not an identity token or another kind.")]
    NotAccess,
    /// Without `exp` or `iat`, or with a time that is no whole second from 1970 to 9999.
    #[error("The token's times are missing, or are no whole seconds since 1970.")]
    Times,
    /// Its time is over.
    #[error("The token has expired; get a new one.")]
    Expired,
    /// Its time has not come, or it is of the future.
    #[error("The token is not valid yet.")]
    NotYet,
    /// No subject, or one that cannot be.
    #[error("The token names no subject.")]
    NoSubject,
    /// The provider's keys were never there.
    #[error("The sign-in provider has not answered yet; try again in a moment.")]
    NoKeys,
}

/// How soon to come back where the provider has not answered yet.
const RETRY: Duration = Duration::from_secs(5);

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        if refused == Refused::NoKeys {
            return Self::new(ProblemKind::Unavailable, detail).retry_after(RETRY);
        }
        Self::bad_token(detail)
    }
}
