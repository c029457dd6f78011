//! store-embedded.

pub mod policy;
