//! The way of an event from a body to a row, and what it meets there: keys, projects, limits, errors, times.
//!
//! Pure: no clock, no randomness, no HTTP. A crate of its own, because all of it runs for each event and is
//! compiled for speed, while what surrounds it runs once a request or less and is compiled for size
//! (`Cargo.toml`, "profile.release").

pub mod control;
pub mod error;
pub mod event;
pub mod exclude;
pub mod hex;
pub mod ingest;
mod json;
pub mod key;
pub mod limit;
pub mod quota;
pub mod row;
pub mod time;
pub mod visitor;
mod words;
