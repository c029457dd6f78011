//! Who calls, by the bearer token that he sends: a JSON Web Token that a trusted provider signed.
//! Both homes ask the same [`Verifier`]. A program with accounts of its own signs its tokens by a
//! [`Mint`]. Not in here: sockets (a [`Source`] is told what to fetch), where keys lie, who has an
//! account, and what a caller may do, see `http_api::access`.
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
mod mint;
mod policy;
mod provider;
mod refused;
mod remembered;
mod verifier;

pub use claims::{Claims, Session};
pub use family::Family;
pub use keeper::Keeper;
pub use key::{Algorithm, BadKeys, KeySet};
pub use mint::{BadSigningKey, Grant, Mint, SigningKey, SigningKeys, TOKEN_LIFE};
pub use policy::{BadPolicy, GroupsClaim, Policy};
pub use provider::{FetchError, Source};
pub use refused::Refused;
pub use verifier::{Holder, Verifier};
