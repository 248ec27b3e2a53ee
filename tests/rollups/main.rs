//! Rollups, sessions and identities against the real engine: the same numbers as the raw events and as plain
//! loops, whatever happens in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::struct_field_names, reason = "a test")]

mod clean;
mod history;
mod oracle;
mod plain;
mod questions;
mod upkeep;
mod world;
