//! The routes, each asked over HTTP's types without a socket.

mod access;
mod holding;
mod input;
mod listing;
mod paying;
mod refunding;
mod site;
mod timeline;
