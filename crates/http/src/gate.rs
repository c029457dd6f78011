//! Who is let in how often: a program that limits it installs a `Gate`. Here is the one that lets
//! everybody in, for where something in front limits it. Not in here: any number.

use kernel::Caller;

use crate::problem::Problem;
use crate::request::ClientAddress;

/// Says no to who asks too often.
pub trait Gate: Send + Sync + 'static {
    /// Whether one more request of an address is let in; asked before anything of it is looked at.
    ///
    /// # Errors
    /// 429 when it asked too often.
    fn pass(&self, from: ClientAddress) -> Result<(), Problem>;

    /// Whether one more request of a caller is let in; asked once it is known who calls.
    ///
    /// # Errors
    /// 429 when he asked too often.
    fn admit(&self, caller: &Caller) -> Result<(), Problem>;
}

/// Lets everybody in.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn pass(&self, _: ClientAddress) -> Result<(), Problem> {
        Ok(())
    }

    fn admit(&self, _: &Caller) -> Result<(), Problem> {
        Ok(())
    }
}
