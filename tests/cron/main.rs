//! The cron against the real engine. It computes the days of all projects, whosever they are: hence apart from the
//! tests that say themselves when a day of theirs is computed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod computing;
#[path = "../native/mod.rs"]
mod native;
#[path = "../rollups/world.rs"]
#[allow(dead_code, reason = "the rollups' tests use the rest")]
mod world;
