//! Who calls, by the bearer token that he sends: a JSON Web Token that a trusted provider signed.
//! Both homes ask the same [`Verifier`]. Not in here: tokens of our own making, sockets (a
//! [`Source`] is told what to fetch), and what a caller may do, see `http_api::access`.
//!
//! ```text
//! Authorization ─► bearer ─► remembered? ─► jws (header) ─► key of `kid` ─► signature ─► claims ─► Caller
//!                                │ yes                          ▲                           │
//!                                └──────────────► Caller        └─ keeper ◄─ Source         └─ remembered
//! ```
//! Nothing of a payload is read before its signature fits.

mod bearer;
mod claims;
mod family;
#[cfg(any(test, feature = "forge"))]
pub mod forge;
mod json;
mod jws;
mod keeper;
mod key;
mod policy;
mod provider;
mod refused;
mod remembered;
mod verifier;

pub use claims::Claims;
pub use family::Family;
pub use keeper::Keeper;
pub use key::{Algorithm, BadKeys, KeySet};
pub use policy::{BadPolicy, GroupsClaim, Policy};
pub use provider::{FetchError, Source};
pub use refused::Refused;
pub use verifier::Verifier;
