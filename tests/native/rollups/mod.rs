//! Rollups, sessions and identities against the real engine: the same numbers as the raw events and as plain
//! loops, whatever happens in between.

mod clean;
mod oracle;
mod questions;
mod upkeep;
