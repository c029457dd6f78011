//! Ids in a path. One that is malformed, or of another kind, is of nothing that is there: 404.
//! Not in here: ids in a body, which are fields like others (400).

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use kernel::id::{Id as AnId, Prefix};

use crate::problem::Problem;

/// The one id of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id<T>(pub T);

/// The two ids of a path, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids<A, B>(pub A, pub B);

/// The one part of a path that is no id of ours, percent-decoded, such as a dead letter's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part(pub String);

impl<S: Send + Sync, T: AnId> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        Ok(Self(parse(params.iter().next())?))
    }
}

impl<S: Send + Sync, A: AnId, B: AnId> FromRequestParts<S> for Ids<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        let mut params = params.iter();
        Ok(Self(parse(params.next())?, parse(params.next())?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        let (_, text) = params.iter().next().ok_or_else(|| Problem::not_found("resource"))?;
        Ok(Self(text.to_owned()))
    }
}

async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    params.map_err(|_| Problem::not_found("resource"))
}

fn parse<T: AnId>(param: Option<(&str, &str)>) -> Result<T, Problem> {
    let id = param.and_then(|(_, text)| text.parse().ok());
    id.ok_or_else(|| Problem::not_found(noun(T::PREFIX)))
}

fn noun(prefix: Prefix) -> &'static str {
    match prefix {
        Prefix::Wallet => "wallet",
        Prefix::Loan => "loan",
        Prefix::Payment => "payment",
        Prefix::Transfer => "transaction",
        Prefix::Hold => "hold",
        Prefix::Refund => "refund",
        Prefix::Repayment => "repayment",
        Prefix::Goal => "savings goal",
        Prefix::Event => "event",
        Prefix::Audit => "audit line",
        Prefix::DeadLetter => "dead letter",
        Prefix::TrialBalance => "trial balance",
        Prefix::SigningKeys => "set of keys",
        Prefix::User => "user",
        Prefix::LoginName => "name",
        Prefix::Session => "session",
        Prefix::Trail => "audit trail",
    }
}
