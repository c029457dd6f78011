//! fintech.
fn main() {}
