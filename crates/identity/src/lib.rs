//! The service `identity`: who can sign in at the one program, by what, and his sessions. On AWS, and
//! where another provider's tokens are trusted, it is not there.
//!
//! It owns users (people and services), the names by which they sign in, and sessions. It hears and
//! says nothing: names and proofs of who somebody is never leave in an event. What others know of a
//! user is the `sub` of his tokens, which is his id.
//!
//! ```text
//! POST /auth/login ─► throttle, with a place to hash in ─► hashing (threads of its own) ─► decide ─► mint ─► access token
//! any other route  ─► gate: signature, and that nothing was taken back since
//! ```
//! It knows nothing of SQL, of sockets, or of where signing keys lie.

pub mod bodies;
pub mod decide;
mod desk;
mod first;
mod hashing;
mod made;
pub mod manifest;
mod operators;
pub mod passwords;
pub mod records;
mod refusals;
mod routes;
pub mod secrets;
mod taken_back;
mod throttle;
mod verify;

pub use desk::{Desk, DeskSettings, NoDesk, find};
pub use first::{FIRST_OPERATOR, FirstOperator, Kept, first_operator, first_operator_waits};
pub use made::Made;
pub use manifest::MANIFEST;
pub use operators::has_operator;
pub use routes::{Gate, routes};
pub use verify::verify;
