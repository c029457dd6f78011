//! What sagas cost.
