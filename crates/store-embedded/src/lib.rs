//! store-embedded.

pub mod files;
pub mod journal;
pub mod policy;
pub mod rows;
