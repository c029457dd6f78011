//! The routes over the reference store, through the whole front: statuses and bodies, who may call,
//! bad input, keys, pages, moments and statements.

mod access;
mod bad_input;
mod history;
mod keys;
mod service;
mod wallets;
