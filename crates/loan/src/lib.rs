//! loan.
