//! The rights that there are: what somebody can be given leave to do beyond what is his. Routes ask for
//! them, tokens carry them, users are given them, and all of them know them from here. Who has which is
//! not here.

use std::fmt;

/// The group whose members are operators: the one right of people.
pub const OPERATORS: &str = "operators";

/// A right of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Moves payments of any wallet.
    Payments,
    /// Reads what is counted.
    Metrics,
}

impl Scope {
    /// All that there are.
    pub const ALL: [Self; 2] = [Self::Payments, Self::Metrics];

    /// The word in a token, a column and on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Metrics => "metrics",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}
