//! Who is calling: from what a request carries to a verified key.
//!
//! Pure except for the state of the cache; the look-up itself is made by [`crate::app`].

mod cache;
mod origin;
mod presented;
mod verify;

pub use cache::{KeyCache, Lookup};
pub use origin::origin_allowed;
pub use presented::{Presented, presented};
pub use verify::{Peppers, unknown_key, verify};
