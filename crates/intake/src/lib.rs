//! Turns a request body into rows of the event store: parsing, validation, enrichment; and what that needs: keys,
//! projects, limits, errors, times.
//!
//! Pure: no clock, no randomness, no HTTP. It is a crate of its own because it runs for every event and is therefore
//! compiled for speed; the rest of the Worker runs once per request at most and is compiled for size (`Cargo.toml`,
//! `profile.release`).

pub mod control;
pub mod error;
pub mod event;
pub mod exclude;
pub mod hex;
pub mod ingest;
pub mod json;
pub mod key;
pub mod limit;
pub mod quota;
pub mod row;
pub mod set;
pub mod time;
pub mod visitor;
mod words;
