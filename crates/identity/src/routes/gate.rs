//! Who calls, by a token of our own: its signature, and that nothing was taken back since it was
//! signed. Not in here: how a token is given.

use std::sync::Arc;

use axum::http::HeaderMap;
use http_api::{Authenticator, Problem};
use kernel::Caller;
use tokens::Verifier;

use crate::taken_back::TakenBack;

/// Lets in who has a token of ours.
#[derive(Debug)]
pub struct Gate {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) taken_back: Arc<TakenBack>,
}

impl Authenticator for Gate {
    fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let Some(holder) = self.verifier.holder(headers)? else { return Ok(None) };
        if self.taken_back.leaves(&holder) {
            return Ok(Some(holder.caller));
        }
        Err(Problem::bad_token("What this token says was taken back; sign in again."))
    }
}
