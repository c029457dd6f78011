//! The one place that says who may call an operation: its declaration in the manifest against the
//! caller; and that an operation without parameters is asked without. Not in here: whose record it
//! is; operations say 404 for what is not the caller's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use kernel::manifest::{Operation, Who};
use kernel::{Caller, Role};
use tower::{Layer, Service};

use crate::problem::Problem;
use crate::query;

/// Whether the caller may call the operation.
///
/// # Errors
/// 401 without a caller, 403 for one whose role may not.
pub fn check(operation: &Operation, caller: Option<&Caller>) -> Result<(), Problem> {
    check_who(operation.name, operation.who, caller)
}

/// Whether the caller may use what has that name and is for these: also what is no operation of a
/// service.
///
/// # Errors
/// As [`check`].
pub fn check_who(named: &str, of: &[Who], caller: Option<&Caller>) -> Result<(), Problem> {
    if of.contains(&Who::Nobody) {
        return Ok(());
    }
    let Some(caller) = caller else {
        return Err(Problem::unauthorized("Send a valid bearer token in `Authorization`."));
    };
    if of.iter().any(|who| is_one(*who, caller)) {
        return Ok(());
    }
    let names: Vec<_> = of.iter().map(|who| name(*who)).collect();
    let detail = format!("`{named}` is for {} only.", names.join(" and "));
    Err(Problem::forbidden(detail))
}

fn is_one(who: Who, caller: &Caller) -> bool {
    match who {
        Who::Nobody => true,
        // Whoever owns something; an operator acts for every owner.
        Who::Owner => match caller.role {
            Role::Customer | Role::Operator | Role::Service { .. } => true,
        },
        Who::Operator => caller.is_operator(),
        Who::Service(scope) => caller.has_scope(scope),
    }
}

fn name(who: Who) -> String {
    match who {
        Who::Nobody => "everybody".to_owned(),
        Who::Owner => "owners".to_owned(),
        Who::Operator => "operators".to_owned(),
        Who::Service(scope) => format!("services with the scope `{scope}`"),
    }
}

/// Lays the check over a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccessLayer {
    /// What is asked for.
    pub(crate) operation: &'static Operation,
    /// Whether it reads the query string; where nothing does, nothing may stand in it.
    pub(crate) reads_query: bool,
}

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access { layer: *self, inner }
    }
}

/// A route behind the check.
#[derive(Debug, Clone)]
pub(crate) struct Access<S> {
    layer: AccessLayer,
    inner: S,
}

impl AccessLayer {
    fn admit(self, request: &Request) -> Result<(), Problem> {
        check(self.operation, request.extensions().get::<Caller>())?;
        if self.reads_query { Ok(()) } else { query::expect_none(request.uri().query()) }
    }
}

impl<S> Service<Request> for Access<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.layer.admit(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(problem) => Either::Right(ready(Ok(problem.into_response()))),
        }
    }
}
