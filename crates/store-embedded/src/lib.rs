//! store-embedded.

pub mod policy;
pub mod rows;
