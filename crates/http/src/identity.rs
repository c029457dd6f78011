//! Where a caller comes from: the program installs an `Authenticator`. Here is the one for a program
//! without sign-in. Not in here: what a caller may do, see `access`.

use axum::http::HeaderMap;
use kernel::Caller;

use crate::problem::Problem;

/// Knows who calls.
pub trait Authenticator: Send + Sync + 'static {
    /// The caller that the headers prove; none if they claim nobody.
    ///
    /// # Errors
    /// 401 when they claim somebody and do not prove it.
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem>;
}

/// Takes everybody for one local operator, `local`. Only for a program that listens on loopback.
#[derive(Debug, Clone)]
pub struct LocalOperator(Caller);

impl LocalOperator {
    /// The local operator.
    pub fn new() -> Self {
        Self(Caller::local())
    }
}

impl Default for LocalOperator {
    fn default() -> Self {
        Self::new()
    }
}

impl Authenticator for LocalOperator {
    fn caller(&self, _: &HeaderMap) -> Result<Option<Caller>, Problem> {
        Ok(Some(self.0.clone()))
    }
}
