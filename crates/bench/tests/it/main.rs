//! The tests of the program as it is run.
//!
//! Those of its parts stand beside them.

#[cfg(test)]
mod measurement;
