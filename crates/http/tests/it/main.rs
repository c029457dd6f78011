//! The tests of what routes share, through a small application of our own.
//! Not in here: any service's routes.

mod access;
mod bodies;
mod documents;
mod failures;
mod headers;
mod lists;
mod queries;
mod service;
mod sockets;
mod waits;
